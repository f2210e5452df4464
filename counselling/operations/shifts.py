"""The one writer of shifts: plan, take, give away, cancel."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Membership, Role, Team
from audit import trail
from counselling.models import Channel, Pattern, Shift, Swap
from counselling.models.roster import DAY, LONGEST
from counselling.models.working import MOST
from counselling.working_time import at_wall_clock


class Fault(StrEnum):
    """What is wrong with a shift or a pattern."""

    INVERTED = "inverted"  # it ends before it begins
    TOO_LONG = "too long"
    OVERLAPPING = "overlapping"  # with another shift of the same person
    UNKNOWN_ZONE = "unknown zone"
    NOT_IN_TEAM = "not in team"  # the person does not answer this team's cases
    OVER = "over"  # it lies in the past
    NO_CAPACITY = "no capacity"


class ShiftImpossible(ValueError):
    """A shift that cannot be meant. `fault`: why; `other`: the shift or pattern that it overlaps."""

    def __init__(self, fault: Fault, other: Shift | Pattern | None = None) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.other = other


class ShiftGone(Exception):
    """The shift was cancelled, taken by somebody else, or has begun meanwhile."""


@dataclass(frozen=True, slots=True)
class Duty:
    """What somebody does during a shift. member: None leaves it open; capacity: cases at once."""

    team: Team
    member: Membership | None
    channel: Channel = Channel.BOTH
    capacity: int = 5
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """From when to when on a wall clock, in minutes after midnight; `ends` beyond 1440: the next day."""

    begins: int
    ends: int
    zone: str

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Return from when to when that is on one day, in UTC; right also where the clocks change."""
        zone = ZoneInfo(self.zone)
        return (
            at_wall_clock(day, self.begins, zone),
            at_wall_clock(day, self.ends, zone, closing=True),
        )


@transaction.atomic
def plan(*, duty: Duty, hours: Hours, day: date, by: Membership, at: datetime) -> Shift:
    """Plan a single shift. Raises ShiftImpossible."""
    check_hours(hours)
    starts_at, ends_at = hours.on(day)
    if starts_at >= ends_at:
        raise ShiftImpossible(Fault.INVERTED)
    if ends_at <= at:
        raise ShiftImpossible(Fault.OVER)
    check_duty(duty)
    if duty.member is not None:
        must_be_free(duty.member, starts_at, ends_at)
    shift = Shift.objects.create(
        organisation_id=duty.team.organisation_id,
        team=duty.team,
        member=duty.member,
        starts_at=starts_at,
        ends_at=ends_at,
        channel=duty.channel,
        capacity=duty.capacity,
        lead=duty.lead,
    )
    _record("shift.planned", shift, by=by.actor, at=at, member=name_of(duty.member))
    return shift


@transaction.atomic
def cancel(*, shift: UUID, by: Membership, at: datetime) -> None:
    """Cancel a shift; of one that runs only what is left. Raises ShiftGone."""
    row = locked(shift)
    if row.ends_at <= at:
        raise ShiftGone
    if row.starts_at < at:
        row.ends_at = at
        row.save(update_fields=["ends_at"])
        _record("shift.cut_short", row, by=by.actor, at=at)
    else:
        cancel_locked(row, by=by.actor, at=at)


@transaction.atomic
def put_up(*, shift: UUID, by: Membership, at: datetime) -> None:
    """Open a shift, so that a colleague may take it. Raises ShiftGone when it has begun."""
    row = locked(shift)
    if row.starts_at <= at:
        raise ShiftGone
    give(row, None, by=by, at=at)


@transaction.atomic
def take(*, shift: UUID, by: Membership, at: datetime) -> None:
    """Take an open shift; of two at once one gets it. Raises ShiftGone or ShiftImpossible."""
    row = locked(shift)
    if row.member_id is not None or row.ends_at <= at:
        raise ShiftGone
    give(row, by, by=by, at=at)


def give(shift: Shift, to: Membership | None, *, by: Membership, at: datetime) -> None:
    """Give a locked shift to somebody, or nobody. Raises ShiftImpossible."""
    if to is not None:
        must_suit(shift, to)
    hand(shift, to, by=by, at=at)


def must_suit(shift: Shift, member: Membership, *, but: Shift | None = None) -> None:
    """Raise ShiftImpossible if somebody cannot have a shift, and lock them until the end.

    but: a shift of theirs that goes to somebody else in the same step.
    """
    check_duty(Duty(shift.team, member, capacity=shift.capacity))
    must_be_free(member, shift.starts_at, shift.ends_at, but=but)


def hand(shift: Shift, to: Membership | None, *, by: Membership, at: datetime) -> None:
    """Let a locked shift change hands; what was asked about it ends."""
    old, shift.member = shift.member, to
    shift.successor = None
    shift.save(update_fields=["member", "successor"])
    _end_swaps(shift, at=at)
    _record("shift.given", shift, by=by.actor, at=at, before=name_of(old), member=name_of(to))


@transaction.atomic
def reassign(*, shift: UUID, to: Membership | None, by: Membership, at: datetime) -> None:
    """Give a shift that has not ended to somebody else, or open it. Raises ShiftGone or ShiftImpossible."""
    row = locked(shift)
    if row.ends_at <= at:
        raise ShiftGone
    if to is None or to.pk != row.member_id:
        give(row, to, by=by, at=at)


@transaction.atomic
def name_successor(
    *, shift: UUID, successor: Membership | None, by: Membership, at: datetime
) -> None:
    """Say who gets what is unanswered at the end of an own shift; None: the queue.

    Raises ShiftGone when it is over or not theirs, ShiftImpossible for somebody who does not answer
    the team's cases.
    """
    row = locked(shift)
    if row.ends_at <= at or row.member_id != by.pk:
        raise ShiftGone
    if successor is not None:
        if successor.pk == by.pk:
            raise ShiftImpossible(Fault.OVERLAPPING, row)
        check_duty(Duty(row.team, successor, capacity=row.capacity))
    row.successor = successor
    row.save(update_fields=["successor"])
    _record("shift.successor_named", row, by=by.actor, at=at, member=name_of(successor))


def locked(shift: UUID) -> Shift:
    """Return a shift that is not cancelled, locked until the transaction ends. Raises ShiftGone."""
    row = (
        Shift.objects.select_for_update(of=("self",))
        .select_related("team", "member")
        .filter(pk=shift, cancelled_at__isnull=True)
        .first()
    )
    if row is None:
        raise ShiftGone
    return row


def must_be_free(
    member: Membership, starts_at: datetime, ends_at: datetime, *, but: Shift | None = None
) -> None:
    """Raise ShiftImpossible if somebody has another shift at that time; lock them until the end.

    but: a shift that does not count, because it goes to somebody else in the same step.
    """
    lock(member)
    other = overlapping(member, starts_at, ends_at, but=but)
    if other is not None:
        raise ShiftImpossible(Fault.OVERLAPPING, other)


def lock(member: Membership) -> None:
    """Let nobody else plan for the same person until the transaction ends."""
    list(Membership.objects.select_for_update(of=("self",)).filter(pk=member.pk).values("pk"))


def overlapping(
    member: Membership | None,
    starts_at: datetime,
    ends_at: datetime,
    *,
    but: Shift | None = None,
) -> Shift | None:
    """Return a shift of somebody's at that time, or None. but: one that does not count."""
    if member is None:
        return None
    rows: QuerySet[Shift] = Shift.objects.filter(
        member=member, starts_at__lt=ends_at, ends_at__gt=starts_at, cancelled_at__isnull=True
    )
    return (rows if but is None else rows.exclude(pk=but.pk)).first()


def check_hours(hours: Hours) -> None:
    """Raise ShiftImpossible for hours that cannot be meant."""
    try:
        ZoneInfo(hours.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ShiftImpossible(Fault.UNKNOWN_ZONE) from None
    if not 0 <= hours.begins < DAY or hours.ends <= hours.begins:
        raise ShiftImpossible(Fault.INVERTED)
    if hours.ends - hours.begins > LONGEST:
        raise ShiftImpossible(Fault.TOO_LONG)


def check_duty(duty: Duty) -> None:
    """Raise ShiftImpossible for a duty that its person cannot have."""
    if not 1 <= duty.capacity <= MOST:
        raise ShiftImpossible(Fault.NO_CAPACITY)
    member = duty.member
    if member is not None and not (
        member.ended_at is None
        and member.role in Role.counselling()
        and member.teams.filter(pk=duty.team.pk).exists()
    ):
        raise ShiftImpossible(Fault.NOT_IN_TEAM)


def cancel_locked(shift: Shift, *, by: trail.Actor, at: datetime) -> None:
    """Cancel a shift that the caller has locked; what was asked about it ends."""
    shift.cancelled_at = at
    shift.save(update_fields=["cancelled_at"])
    _end_swaps(shift, at=at)
    _record("shift.cancelled", shift, by=by, at=at, member=name_of(shift.member))


def _end_swaps(shift: Shift, *, at: datetime) -> None:
    """Withdraw what was asked about a shift."""
    Swap.objects.filter(Q(shift=shift) | Q(in_return=shift), state=Swap.State.ASKED).update(
        state=Swap.State.WITHDRAWN, decided_at=at
    )


def name_of(member: Membership | None) -> str:
    """Return how the trail names somebody, or nobody."""
    return "" if member is None else str(member.pk)


def _record(
    what: str,
    shift: Shift,
    *,
    by: trail.Actor,
    at: datetime,
    member: str = "",
    before: str = "",
) -> None:
    trail.record(
        what,
        by=by,
        at=at,
        organisation=shift.organisation_id,
        shift=str(shift.pk),
        member=member,
        before=before,
    )
