"""Nobody holds what they do not answer: cases come back at the end of a shift, and after a set time.

The sweeps run in the worker, which opens no key: a case goes to the queue or to a colleague of its team,
who can read it anyway. Each due row is taken by a conditional update, so that any number of workers may
sweep; a kill rolls back and the row is due again.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from audit import trail
from counselling import events, roster
from counselling.due import Due
from counselling.models import Absence, Case, Claim, Shift
from counselling.operations import cases, claims, deadlines, entries
from counselling.sla import Channel
from counselling.states import CaseState, Move

MOST = 200  # rows in one go
WARNING = timedelta(minutes=15)  # before a case goes back; of a short time the last third

_SHIFTS_OVER = Due(
    lambda at: Shift.objects.filter(
        ends_at__lte=at, settled_at__isnull=True, cancelled_at__isnull=True
    ).order_by("ends_at")
)
_ABSENCES_BEGUN = Due(
    lambda at: Absence.objects.filter(starts_at__lte=at, settled_at__isnull=True).order_by(
        "starts_at"
    )
)
_SOON_BACK = Due(
    lambda until: (
        Claim.objects.filter(
            ended_at__isnull=True, return_warned_at__isnull=True, returns_at__lte=until
        )
        .select_related("case")
        .order_by("returns_at")
    )
)
_BACK = Due(
    lambda at: Claim.objects.filter(ended_at__isnull=True, returns_at__lte=at).order_by(
        "returns_at"
    )
)


def sweep(*, at: datetime) -> int:
    """Do everything that is due at a moment, until nothing is left. Returns how much that was."""
    done = 0
    for step in (settle_shifts, settle_absences, warn_of_return, return_unanswered):
        while number := step(at=at):
            done += number
    return done


def settle_shifts(*, at: datetime, most: int = MOST) -> int:
    """Take back what is unanswered at the end of shifts. Returns how many shifts were settled.

    Who goes on in another shift keeps what they have. It goes to who was named, if they are on duty and
    answer the team's cases, else to the queue.
    """
    return sum(_settle_shift(shift.pk, at=at) for shift in _SHIFTS_OVER.first(at, most))


@transaction.atomic
def _settle_shift(shift: UUID, *, at: datetime) -> bool:
    mine = Shift.objects.filter(pk=shift, settled_at__isnull=True, ends_at__lte=at).update(
        settled_at=at
    )
    if not mine:
        return False
    row = Shift.objects.select_related("member", "successor").get(pk=shift)
    if row.member is not None and not roster.is_on_duty(row.member, at=at):
        _take_back(row.member, successor=row.successor, at=at)
    return True


def settle_absences(*, at: datetime, most: int = MOST) -> int:
    """Take back what somebody holds unanswered when their absence begins. Returns how many began."""
    return sum(_settle_absence(absence.pk, at=at) for absence in _ABSENCES_BEGUN.first(at, most))


@transaction.atomic
def _settle_absence(absence: UUID, *, at: datetime) -> bool:
    mine = Absence.objects.filter(pk=absence, settled_at__isnull=True, starts_at__lte=at).update(
        settled_at=at
    )
    if not mine:
        return False
    row = Absence.objects.select_related("member").get(pk=absence)
    if row.ends_at > at:
        _take_back(row.member, successor=None, at=at)
    return True


def warn_of_return(*, at: datetime, most: int = MOST) -> int:
    """Warn of cases that go back soon, once each. Returns how many were warned of."""
    return sum(_warn(claim, at=at) for claim in _SOON_BACK.first(at + WARNING, most))


@transaction.atomic
def _warn(claim: Claim, *, at: datetime) -> bool:
    case = claim.case
    lead = min(WARNING, claims.patience(case) / 3)
    if claim.returns_at is None or claim.returns_at - lead > at:
        return False
    mine = Claim.objects.filter(
        pk=claim.pk,
        ended_at__isnull=True,
        return_warned_at__isnull=True,
        returns_at=claim.returns_at,
    ).update(return_warned_at=at)
    if not mine:
        return False
    trail.record(
        "case.return_warned",
        by=trail.SYSTEM,
        at=at,
        organisation=case.organisation_id,
        case=case.pk,
        member=str(claim.member_id),
    )
    events.queue_changed(case.team_id)
    events.case_changed(case.pk, case.last_seq)
    return True


def return_unanswered(*, at: datetime, most: int = MOST) -> int:
    """Put cases back into the queue that were held too long without a reply. Returns how many."""
    return sum(_return(claim.pk, claim.case_id, at=at) for claim in _BACK.first(at, most))


@transaction.atomic
def _return(claim: int, case: UUID, *, at: datetime) -> bool:
    try:
        row = entries.locked(case)
    except entries.CaseGone:
        return False
    # Under the lock once more: they may have answered, let go or asked for more time.
    due = Claim.objects.filter(pk=claim, ended_at__isnull=True, returns_at__lte=at)
    if row.state != CaseState.CLAIMED or not due.exists():
        return False
    _let_go(row, how=Claim.End.UNANSWERED, reason=Case.Reason.UNANSWERED, at=at)
    return True


@transaction.atomic
def stay_on(*, case: UUID, by: Membership, at: datetime) -> None:
    """Keep a case that would soon go back: the time begins anew. Raises cases.NotHolder or entries.CaseGone."""
    row = entries.locked(case)
    cases.must_hold(row, by)
    if row.state != CaseState.CLAIMED:
        return
    Claim.objects.filter(case=row, ended_at__isnull=True, returns_at__isnull=False).update(
        returns_at=at + claims.patience(row), return_warned_at=None
    )
    trail.record("case.kept_on", by=by.actor, at=at, organisation=row.organisation_id, case=case)
    events.queue_changed(row.team_id)
    events.case_changed(case, row.last_seq)


def let_go_if_gone(case: Case, *, at: datetime) -> bool:
    """Put a locked case back whose client wrote again while its holder is not on duty.

    Says whether it did. Who sits in a chat is there, whatever the roster says.
    """
    if case.channel == Channel.CHAT:
        return False
    holder = cases.holder_of(case.pk)
    if case.state != CaseState.CLAIMED or holder is None or roster.is_on_duty(holder, at=at):
        return False
    _let_go(case, how=Claim.End.SHIFT_ENDED, reason=Case.Reason(case.reason), at=at)
    return True


def _take_back(member: Membership, *, successor: Membership | None, at: datetime) -> None:
    held = Claim.objects.filter(
        member=member,
        ended_at__isnull=True,
        case__state=CaseState.CLAIMED,
        case__channel=Channel.MAIL,  # a chat goes on until it ends, and then its case is looked at
        returns_at__isnull=False,  # else its reply is written and waits for a second person
    )
    # In one order everywhere, so that two sweeps do not wait for each other.
    for case in list(held.order_by("case").values_list("case", flat=True)):
        try:
            row = entries.locked(case)
        except entries.CaseGone:
            continue
        if row.state != CaseState.CLAIMED or not held.filter(case=case).exists():
            continue
        if successor is not None and _can_follow(successor, row, at=at):
            entries.end_claim(row, Claim.End.SHIFT_ENDED, at=at)
            entries.move(row, Move.HAND_TO_COLLEAGUE, by=trail.SYSTEM, at=at, to=str(successor.pk))
            claims.begin(row, successor, at=at)
        else:
            _let_go(row, how=Claim.End.SHIFT_ENDED, reason=Case.Reason.SHIFT_ENDED, at=at)


def _can_follow(member: Membership, case: Case, *, at: datetime) -> bool:
    return member in roster.on_duty(team=case.team, at=at)


def _let_go(case: Case, *, how: Claim.End, reason: Case.Reason, at: datetime) -> None:
    """End the claim of a locked case that a client waits in; the promise goes on as it was."""
    entries.end_claim(case, how, at=at)
    entries.move(case, Move.RELEASE, by=trail.SYSTEM, at=at, reason=reason, why=how.value)
    deadlines.put_into_queue(case, at=at)
