"""The one writer of cases and claims: who holds a case, where it waits, how it ends."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership, Team
from audit import trail
from counselling import events, promises
from counselling.claims import holds, open_claim
from counselling.models import Case, Claim, Escalation, Message
from counselling.operations import (
    attachments,
    claims,
    consultation_ground,
    deadlines,
    entries,
    escalations,
    remains,
)
from counselling.signals import case_deleting, case_moved
from counselling.sla import Channel, Happened, Urgency
from counselling.states import CaseState, Move, sources
from vault import keyring
from vault.codes import AccessCode
from vault.keyring import ClientHolder, Holder
from vault.sealing import CaseKey
from vault.team_keys import NoTeamKey


class ClaimedByOther(Exception):
    """Somebody else holds the case. `holder`: who, or None when it went on meanwhile."""

    def __init__(self, holder: Membership | None) -> None:
        super().__init__("somebody else holds the case")
        self.holder = holder


class NotHolder(Exception):
    """Only who holds the case may do this."""


class NobodyReads(Exception):
    """Who should get the case has no key yet and could not read it."""


class SameTeam(Exception):
    """The case waits for this team already."""


@transaction.atomic
def claim(*, case: UUID, by: Membership, at: datetime) -> None:
    """Take a waiting case. A compare-and-swap: of any number of claims at once one wins.

    Claiming again what one holds is no error. Raises ClaimedByOther or entries.CaseGone.
    """
    won = Case.objects.filter(pk=case, state__in=sources(Move.CLAIM)).update(
        state=CaseState.CLAIMED
    )
    row = Case.objects.select_related("organisation").filter(pk=case).first()
    if row is None:
        raise entries.CaseGone
    if not won:
        holder = holder_of(case)
        if holder is not None and holder.pk == by.pk:
            return
        raise ClaimedByOther(holder)
    claims.begin(row, by, at=at)
    deadlines.happened(row, Happened.SEEN, at=at)
    trail.record(
        "case.claimed",
        by=by.actor,
        at=at,
        organisation=row.organisation_id,
        case=case,
        old=CaseState.WAITING,
        new=CaseState.CLAIMED,
    )
    escalations.seen(case=case, by=by.pk, how=Escalation.How.CLAIM, at=at)
    events.queue_changed(row.team_id)
    events.case_changed(case, row.last_seq)


@transaction.atomic
def assign(*, case: UUID, to: Membership, at: datetime) -> bool:
    """Give a waiting case to somebody who did not ask for it; says whether it still waited.

    Nobody has seen it by that: its clocks and its alarm go on until they open it.
    """
    won = Case.objects.filter(pk=case, state__in=sources(Move.CLAIM)).update(
        state=CaseState.CLAIMED
    )
    if not won:
        return False
    row = Case.objects.select_related("organisation").get(pk=case)
    claims.begin(row, to, at=at)
    trail.record(
        "case.assigned",
        by=trail.SYSTEM,
        at=at,
        organisation=row.organisation_id,
        case=case,
        old=CaseState.WAITING,
        new=CaseState.CLAIMED,
        to=str(to.pk),
    )
    events.queue_changed(row.team_id)
    events.case_changed(case, row.last_seq)
    return True


@transaction.atomic
def release(*, case: UUID, by: Membership, at: datetime) -> None:
    """Put a held case back into the queue. Raises NotHolder, entries.CaseGone or states.IllegalMove."""
    row = entries.locked(case)
    must_hold(row, by)
    _let_go(row, by=by.actor, how=Claim.End.RELEASED, at=at)


@transaction.atomic
def hand_to_colleague(
    *, case: UUID, to: Membership, by: Membership, holder: Holder, at: datetime
) -> None:
    """Give a held case to a colleague, with its draft.

    Who is in another team gets the case's key for as long as they hold it. Raises NotHolder,
    NobodyReads when they have no key pair yet, keyring.KeyUnavailable or states.IllegalMove.
    """
    row = entries.locked(case)
    must_hold(row, by)
    is_in_team = to.teams.filter(pk=row.team_id).exists()
    key = None if is_in_team else keyring.open_case_key(subject=case, holder=holder)
    entries.end_claim(row, Claim.End.HANDED_OVER, at=at)
    entries.move(row, Move.HAND_TO_COLLEAGUE, by=by.actor, at=at, to=str(to.pk))
    claims.begin(row, to, at=at)
    if key is not None:
        try:
            keyring.lend(subject=case, user=to.user_id, key=key, at=at)
        except keyring.NoKeyYet:
            raise NobodyReads from None


@transaction.atomic
def hand_to_team(*, case: UUID, to: Team, by: Membership, holder: Holder, at: datetime) -> None:
    """Put a case into another team's queue, with its key; the client is told.

    Raises NotHolder, SameTeam, NobodyReads when nobody in that team has a key, or
    keyring.KeyUnavailable.
    """
    row = entries.locked(case)
    if row.state != CaseState.WAITING:
        must_hold(row, by)
    if row.team_id == to.pk:
        raise SameTeam
    key = keyring.open_case_key(subject=case, holder=holder)
    try:
        keyring.hand_on(subject=case, team=to.pk, key=key, at=at)
    except NoTeamKey:
        raise NobodyReads from None
    entries.end_claim(row, Claim.End.HANDED_OVER, at=at)
    events.queue_changed(row.team_id)
    old_team = row.team_id
    entries.change_team(row, to)
    entries.move(
        row,
        Move.HAND_TO_TEAM,
        by=by.actor,
        at=at,
        reason=Case.Reason.HANDED_OVER,
        old_team=str(old_team),
        new_team=str(to.pk),
    )
    deadlines.moved_to_team(row)
    deadlines.put_into_queue(row, at=at)
    _tell(row, "handed_to_team", key=key, at=at)


@transaction.atomic
def close(*, case: UUID, by: Membership, holder: Holder, at: datetime) -> None:
    """Close a held case; the client is told that writing opens it again. Raises NotHolder."""
    row = entries.locked(case)
    must_hold(row, by)
    key = keyring.open_case_key(subject=case, holder=holder)
    entries.end_claim(row, Claim.End.CLOSED, at=at)
    entries.move(row, Move.CLOSE, by=by.actor, at=at)
    deadlines.happened(row, Happened.CLOSED, at=at)
    _tell(row, "closed", key=key, at=at)


@transaction.atomic
def reopen(*, case: UUID, by: Membership, holder: Holder, at: datetime) -> None:
    """Open a closed case again; who opens it holds it. Raises states.IllegalMove."""
    row = entries.locked(case)
    key = keyring.open_case_key(subject=case, holder=holder)
    entries.move(row, Move.REOPEN, by=by.actor, at=at, reason=Case.Reason.REOPENED)
    claims.begin(row, by, at=at)
    deadlines.happened(row, Happened.REOPENED, at=at)
    _tell(row, "reopened", key=key, at=at)


@transaction.atomic
def return_by_code(*, case: Case, code: AccessCode, at: datetime) -> ClientHolder:
    """Open a case for a client who is back with the code; a team that lost its keys has it again.

    Raises keyring.KeyUnavailable.
    """
    holder = keyring.holder_by_code(subject=case.pk, code=code)
    keyring.bring_up_to_date(subject=case.pk, team=case.team_id, key=holder.key, at=at)
    return holder


@transaction.atomic
def set_urgency(*, case: UUID, urgency: Urgency, by: Membership, at: datetime) -> None:
    """Rate a case's urgency as a human; the promise is reckoned anew. Raises entries.CaseGone.

    `reviews.review` keeps who found it so and why; pages call that.
    """
    row = entries.locked(case)
    if row.urgency == urgency:
        deadlines.happened(row, Happened.SEEN, at=at)
        return
    old, row.urgency = Urgency(row.urgency), urgency
    row.reason = Case.Reason.REVIEWED
    row.signal = ""
    row.save(update_fields=["urgency", "reason", "signal"])
    trail.record(
        "case.urgency_set",
        by=by.actor,
        at=at,
        organisation=row.organisation_id,
        case=case,
        old=old.name.lower(),
        new=urgency.name.lower(),
    )
    deadlines.happened(row, Happened.RATED, at=at)
    claims.watch(row, at=at)
    escalations.rated(row, by=by, old=old, at=at)
    events.queue_changed(row.team_id)
    events.case_changed(case, row.last_seq)


@transaction.atomic
def go_on_over(*, case: UUID, channel: Channel, by: trail.Actor, at: datetime) -> None:
    """Let a case go on over another channel; what is promised is reckoned by that channel's rules.

    Raises entries.CaseGone.
    """
    row = entries.locked(case)
    if row.channel == channel:
        return
    old, row.channel = row.channel, channel
    row.save(update_fields=["channel"])
    trail.record(
        "case.channel_changed",
        by=by,
        at=at,
        organisation=row.organisation_id,
        case=case,
        old=old,
        new=channel,
    )
    deadlines.reckon_anew(case, rules=promises.rules(row.organisation))
    case_moved.send(sender=Case, team=row.team_id, at=at)
    events.queue_changed(row.team_id)
    events.case_changed(case, row.last_seq)


@transaction.atomic
def back_to_queue(*, case: UUID, by: trail.Actor, at: datetime) -> None:
    """Let a case be waiting that somebody may hold: its client wants to speak to whoever is there now.

    Raises entries.CaseGone.
    """
    row = entries.locked(case)
    if holder_of(case) is not None:
        _let_go(row, by=by, how=Claim.End.RELEASED, at=at)


@transaction.atomic
def delete(*, case: UUID, by: trail.Actor, at: datetime) -> None:
    """Delete a case with everything written in it, and its key. The trail keeps that it was.

    Raises entries.CaseGone.
    """
    row = entries.locked(case)
    messages = Message.objects.filter(case=row).count()
    escalations.seen(case=case, by=by.id, how=Escalation.How.CLOSED, at=at)
    case_deleting.send(sender=Case, case=case, by=by, at=at)
    remains.keep(row, at=at)
    consultation_ground.drop_all_of(row, at=at)
    files = attachments.drop_all_of(row)
    keyring.drop_case_key(subject=case)
    trail.record(
        "case.deleted",
        by=by,
        at=at,
        organisation=row.organisation_id,
        case=case,
        old=row.state,
        messages=messages,
        files=files,
    )
    events.queue_changed(row.team_id)
    events.case_changed(case, row.last_seq)
    row.delete()


@transaction.atomic
def release_all_of(*, member: Membership, by: Membership, at: datetime) -> int:
    """Put everything that a leaving member holds back into the queues. Returns how many cases."""
    held = list(
        Claim.objects.filter(member=member, ended_at__isnull=True).values_list("case", flat=True)
    )
    for case in held:
        _let_go(entries.locked(case), by=by.actor, how=Claim.End.MEMBER_LEFT, at=at)
    return len(held)


def holder_of(case: UUID) -> Membership | None:
    """Return who holds a case, or None."""
    claim = open_claim(case)
    return claim.member if claim else None


def must_hold(case: Case, member: Membership) -> None:
    """Raise NotHolder unless the member holds the case."""
    if not holds(case.pk, member):
        raise NotHolder


def _let_go(case: Case, *, by: trail.Actor, how: Claim.End, at: datetime) -> None:
    entries.end_claim(case, how, at=at)
    entries.move(case, Move.RELEASE, by=by, at=at, reason=Case.Reason.RELEASED)
    deadlines.put_into_queue(case, at=at)


def _tell(case: Case, what: str, *, key: CaseKey, at: datetime) -> None:
    """Add an entry for the client that says what happened; its text is a code, put into words on
    the page (`counselling/wording.py`).
    """
    entries.append(case, role=Message.Role.SYSTEM, text=what, key=key, at=at)
