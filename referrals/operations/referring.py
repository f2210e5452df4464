"""The ground under a referral's verbs: lock it, move it, keep the act, run its clock, close it.

Only the other operations call this; each of them opens the transaction.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Max

from accounts.models import Membership
from audit import trail
from audit.trail import Actor
from counselling import events
from counselling.models import Case
from counselling.operations import entries
from referrals import sla, states
from referrals.handoff import parcel
from referrals.models import Act, Appointment, HandoffLink, ProgramWrap, Referral
from referrals.operations import notices
from referrals.states import ReferralMove, ReferralState
from vault import parcels
from vault.sealing import CaseKey, seal

PAST = {
    ReferralMove.PREPARE: "prepared",
    ReferralMove.CONFIRM: "confirmed",
    ReferralMove.DISMISS: "dismissed",
    ReferralMove.TAKE_BACK: "taken_back",
    ReferralMove.TAKE_CODE: "code_taken",
    ReferralMove.SECOND_YES: "second_confirmed",
    ReferralMove.ASK_BACK: "asked_back",
    ReferralMove.ANSWER: "answered",
    ReferralMove.ACCEPT: "accepted",
    ReferralMove.WAITLIST: "waitlisted",
    ReferralMove.DECLINE: "declined",
    ReferralMove.FORWARD: "forwarded",
    ReferralMove.OFFER: "offered",
    ReferralMove.PICK: "picked",
    ReferralMove.NONE_FITS: "none_fitted",
    ReferralMove.ARRIVE: "arrived",
    ReferralMove.MISS: "missed",
    ReferralMove.BEGIN: "begun",
    ReferralMove.COMPLETE: "completed",
    ReferralMove.REMIND: "reminded",
    ReferralMove.RETURN: "returned",
    ReferralMove.REVOKE: "revoked",
    ReferralMove.EXPIRE: "expired",
}


class ReferralGone(Exception):
    """There is no such referral (any more)."""


def locked_case(referral: UUID) -> Case | None:
    """Return the case of a referral, locked, or None where it is gone.

    Who needs both locks the case first, as everybody does who moves it: otherwise two could wait for
    each other.
    """
    case = Referral.objects.values_list("case_id", flat=True).filter(pk=referral).first()
    try:
        return entries.locked(case) if case else None
    except entries.CaseGone:
        return None


def locked(referral: UUID) -> Referral:
    """Return a referral, locked until the transaction ends. Raises ReferralGone."""
    row = (
        Referral.objects.select_for_update(of=("self",))
        .select_related("service", "organisation", "desk")
        .filter(pk=referral)
        .first()
    )
    if row is None:
        raise ReferralGone
    return row


def follow(case: UUID, *, team: UUID) -> None:
    """Let the referrals of a locked case, ended ones too, go to its team."""
    Referral.objects.filter(case=case).update(team=team)


def move(
    row: Referral,
    what: ReferralMove,
    *,
    by: Actor,
    at: datetime,
    member: Membership | None = None,
    text: str = "",
    key: CaseKey | None = None,
    entered: bool = False,
    not_before: datetime | None = None,
) -> Act:
    """Move a locked referral, with its act, its clock and the trail. Raises IllegalReferralMove.

    text, key: what was written with it, sealed under the referral's key. entered: a counsellor wrote
    it down for the partner. not_before: the partner's time is counted from here, if later.
    """
    old = ReferralState(row.state)
    new = states.after(what, old)
    row.state = new
    row.changed_at = at
    if row.case_id is not None:
        # Only another one where the release before moved the case, or wrote the referral.
        row.team_id = Case.objects.values_list("team_id", flat=True).get(pk=row.case_id)
    if what is not ReferralMove.REMIND:
        row.due_at = sla.due(new, at=at, land=row.land, not_before=not_before)
        row.reminded_at = None
    _note_times(row, what, new, at)
    # On paper nobody but the counsellor can remind, or tell that it was taken back.
    by_hand = row.way == Referral.Way.LETTER and what in {ReferralMove.REMIND, ReferralMove.REVOKE}
    if new in ReferralState.needs_look() or by_hand:
        row.handled_at = row.handled_by = None
    if new in ReferralState.ended():
        _close(row, at)
    elif row.way == Referral.Way.LINK and old in ReferralState.with_partner():
        _let_link_last(row, at)
    row.save()
    act = keep(
        row, what.value, by=by, at=at, old=old, member=member, text=text, key=key, entered=entered
    )
    trail.record(
        f"referral.{PAST[what]}",
        by=by,
        at=at,
        organisation=row.organisation_id,
        case=row.case_id,
        old=old,
        new=new,
        referral=str(row.pk),
        entered=entered,
    )
    return act


def keep(
    row: Referral,
    what: str,
    *,
    by: Actor,
    at: datetime,
    old: str = "",
    member: Membership | None = None,
    text: str = "",
    key: CaseKey | None = None,
    entered: bool = False,
) -> Act:
    """Keep that something happened to a locked referral; its pages look again."""
    number = (Act.objects.filter(referral=row).aggregate(last=Max("number"))["last"] or 0) + 1
    sealed = None
    if text:
        if key is None:
            raise ValueError("a text needs a key")
        sealed = seal(text, key=key, place=parcel.act_place(row.pk, number))
    act = Act.objects.create(
        referral=row,
        number=number,
        move=what,
        old=old,
        new=row.state,
        actor_kind=by.kind,
        member=member,
        entered=entered,
        sealed=sealed,
        at=at,
    )
    hint(row)
    return act


def hint(row: Referral) -> None:
    """Tell open pages of the case to look again."""
    if row.case_id is None:
        return
    seq = Case.objects.filter(pk=row.case_id).values_list("last_seq", flat=True).first()
    events.case_changed(row.case_id, seq or 0)


def wipe(row: Referral) -> None:
    """Take every text and key from a referral whose case goes; states and times stay."""
    parcels.drop(row.pk)
    ProgramWrap.objects.filter(referral=row).delete()
    row.draft = row.codes = row.payload = row.arrival_code = None
    Act.objects.filter(referral=row, sealed__isnull=False).update(sealed=None)
    Appointment.objects.filter(referral=row).delete()
    HandoffLink.objects.filter(referral=row).delete()
    row.case = row.team = None
    row.save()


def _note_times(row: Referral, what: ReferralMove, new: ReferralState, at: datetime) -> None:
    if what in ReferralMove.of_partner():
        row.answered_at = row.answered_at or at
    if new is ReferralState.ACCEPTED:
        row.accepted_at = row.accepted_at or at
    if new is ReferralState.ARRIVED:
        row.arrived_at = row.arrived_at or at
        row.arrival_code = None  # it counts once
    if new is ReferralState.SENT and row.sent_at is None:
        row.sent_at = at


def _close(row: Referral, at: datetime) -> None:
    """Close the partner's access at once; client and counsellor keep what was sent."""
    row.ended_at = at
    row.due_at = None
    row.draft = row.codes = row.arrival_code = None
    parcels.close(row.pk)
    ProgramWrap.objects.filter(referral=row).delete()
    HandoffLink.objects.filter(referral=row, closed_at__isnull=True).update(closed_at=at)
    notices.withdraw_all(row, at=at)
    if row.state != ReferralState.COMPLETED:
        drop_appointments(row, at=at)


def _let_link_last(row: Referral, at: datetime) -> None:
    """Let the link that the service has not used yet open until it is to act, and two weeks more."""
    until = sla.link_until(at=at, due=row.due_at, ends=row.expires_at)
    HandoffLink.objects.filter(
        referral=row, used_at__isnull=True, closed_at__isnull=True, expires_at__lt=until
    ).update(expires_at=until)


def drop_appointments(row: Referral, *, at: datetime) -> None:
    """Take back every appointment that still lies ahead."""
    Appointment.objects.filter(referral=row, dropped_at__isnull=True, starts_at__gt=at).update(
        dropped_at=at
    )
