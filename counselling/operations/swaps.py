"""The one writer of swaps: ask a colleague to take a shift, and what they say to it."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import Membership
from audit import trail
from counselling.models import Shift, Swap
from counselling.operations import shifts


class SwapGone(Exception):
    """The swap was answered or withdrawn, or one of its shifts has begun or changed hands."""


class AlreadyAsked(Exception):
    """Somebody has been asked to take this shift and has not answered yet."""


@transaction.atomic
def ask(
    *, shift: UUID, taker: Membership, in_return: UUID | None, by: Membership, at: datetime
) -> Swap:
    """Ask a colleague to take an own shift, for one of theirs or for nothing.

    Raises shifts.ShiftGone, shifts.ShiftImpossible if it could not come to be, or AlreadyAsked.
    """
    mine, theirs = _both(shift, in_return)
    _must_stand(mine, by, at)
    if theirs is not None:
        _must_stand(theirs, taker, at)
    shifts.must_suit(mine, taker, but=theirs)
    if theirs is not None:
        shifts.must_suit(theirs, by, but=mine)
    try:
        with transaction.atomic():
            swap = Swap.objects.create(
                shift=mine, giver=by, taker=taker, in_return=theirs, asked_at=at
            )
    except IntegrityError:
        raise AlreadyAsked from None
    _record("swap.asked", swap, by=by, at=at)
    return swap


@transaction.atomic
def accept(*, swap: UUID, by: Membership, at: datetime) -> None:
    """Take the shift that one was asked to take; the other one, if any, changes hands too.

    Raises SwapGone, or shifts.ShiftImpossible when somebody has another shift there meanwhile.
    """
    row = _open(swap, taker=by)
    try:
        mine, theirs = _both(row.shift_id, row.in_return_id)
        _must_stand(mine, row.giver, at)
        if theirs is not None:
            _must_stand(theirs, by, at)
    except shifts.ShiftGone:
        raise SwapGone from None
    shifts.must_suit(mine, by, but=theirs)
    if theirs is not None:
        shifts.must_suit(theirs, row.giver, but=mine)
    _decide(row, Swap.State.ACCEPTED, at=at)
    shifts.hand(mine, by, by=by, at=at)
    if theirs is not None:
        shifts.hand(theirs, row.giver, by=by, at=at)
    _record("swap.accepted", row, by=by, at=at)


@transaction.atomic
def decline(*, swap: UUID, by: Membership, at: datetime) -> None:
    """Say no to a swap that one was asked for. Raises SwapGone."""
    row = _open(swap, taker=by)
    _decide(row, Swap.State.DECLINED, at=at)
    _record("swap.declined", row, by=by, at=at)


@transaction.atomic
def withdraw(*, swap: UUID, by: Membership, at: datetime) -> None:
    """Take back what one has asked. Raises SwapGone."""
    row = _open(swap, giver=by)
    _decide(row, Swap.State.WITHDRAWN, at=at)
    _record("swap.withdrawn", row, by=by, at=at)


def _open(swap: UUID, **whose: Membership) -> Swap:
    row = (
        Swap.objects.select_for_update(of=("self",))
        .select_related("giver")
        .filter(pk=swap, state=Swap.State.ASKED, **whose)
        .first()
    )
    if row is None:
        raise SwapGone
    return row


def _both(shift: UUID, in_return: UUID | None) -> tuple[Shift, Shift | None]:
    """Lock both shifts, always in the same order, so that two swaps do not wait for each other."""
    wanted = sorted(pk for pk in (shift, in_return) if pk is not None)
    rows = {pk: shifts.locked(pk) for pk in wanted}
    return rows[shift], None if in_return is None else rows[in_return]


def _must_stand(shift: Shift, member: Membership, at: datetime) -> None:
    """Raise shifts.ShiftGone unless a shift is still theirs and has not begun."""
    if shift.member_id != member.pk or shift.starts_at <= at:
        raise shifts.ShiftGone


def _decide(swap: Swap, state: Swap.State, *, at: datetime) -> None:
    swap.state, swap.decided_at = state, at
    swap.save(update_fields=["state", "decided_at"])


def _record(what: str, swap: Swap, *, by: Membership, at: datetime) -> None:
    trail.record(
        what,
        by=by.actor,
        at=at,
        organisation=by.organisation_id,
        shift=str(swap.shift_id),
        giver=str(swap.giver_id),
        taker=str(swap.taker_id),
    )
