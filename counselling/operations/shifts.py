"""The one writer of patterns and shifts: plan, take, give away, cancel."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import Membership, Role, Team
from audit import trail
from counselling.models import Channel, Pattern, Shift, Swap
from counselling.models.roster import DAY, LONGEST
from counselling.models.working import MOST
from counselling.working_time import at_wall_clock

AHEAD = timedelta(weeks=8)  # for which shifts are made out of patterns


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
    _check_hours(hours)
    starts_at, ends_at = hours.on(day)
    if starts_at >= ends_at:
        raise ShiftImpossible(Fault.INVERTED)
    if ends_at <= at:
        raise ShiftImpossible(Fault.OVER)
    _check_duty(duty)
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
    _record("shift.planned", shift, by=by.actor, at=at, member=_name(duty.member))
    return shift


@transaction.atomic
def plan_weekly(
    *,
    duty: Duty,
    hours: Hours,
    weekday: int,
    first_day: date,
    last_day: date | None,
    by: Membership,
    at: datetime,
) -> Pattern:
    """Plan a shift for every week, and make its shifts of the next weeks. Raises ShiftImpossible."""
    _check_hours(hours)
    if last_day is not None and last_day < first_day:
        raise ShiftImpossible(Fault.INVERTED)
    if last_day is not None and last_day < at.astimezone(ZoneInfo(hours.zone)).date():
        raise ShiftImpossible(Fault.OVER)
    _check_duty(duty)
    pattern = Pattern(
        organisation_id=duty.team.organisation_id,
        team=duty.team,
        member=duty.member,
        weekday=weekday,
        begins=hours.begins,
        ends=hours.ends,
        zone=hours.zone,
        channel=duty.channel,
        capacity=duty.capacity,
        lead=duty.lead,
        first_day=first_day,
        last_day=last_day,
    )
    if duty.member is not None:
        _lock(duty.member)
        _must_fit(pattern)
    pattern.save(force_insert=True)
    trail.record(
        "pattern.planned",
        by=by.actor,
        at=at,
        organisation=pattern.organisation_id,
        pattern=str(pattern.pk),
        member=_name(duty.member),
    )
    taken = _make(pattern, at=at)
    if taken:
        # What was planned singly before and would now overlap is refused, not silently left out.
        raise ShiftImpossible(Fault.OVERLAPPING, _overlapping(duty.member, *taken[0]))
    return pattern


@transaction.atomic
def end_weekly(*, pattern: UUID, after: date, by: Membership, at: datetime) -> None:
    """End a weekly pattern after a day; its later shifts that have not begun are cancelled.

    Raises ShiftGone.
    """
    row = Pattern.objects.select_for_update(of=("self",)).filter(pk=pattern).first()
    if row is None:
        raise ShiftGone
    later = Shift.objects.filter(
        pattern=row, day__gt=after, starts_at__gt=at, cancelled_at__isnull=True
    )
    for shift in later:
        _cancel(shift, by=by.actor, at=at)
    if after < row.first_day:
        row.delete()
    else:
        row.last_day = after
        row.save(update_fields=["last_day"])
    trail.record(
        "pattern.ended",
        by=by.actor,
        at=at,
        organisation=row.organisation_id,
        pattern=str(pattern),
    )


def make_ahead(*, at: datetime, most: int = 200) -> int:
    """Make the shifts of the next weeks out of patterns; return for how many patterns that was due.

    Any number of workers may sweep: each pattern is taken under its lock, and a shift of a pattern is
    unique per day. A day on which the person has another shift already is left to that.
    """
    until = _horizon(at)
    due = Pattern.objects.filter(
        Q(last_day__isnull=True) | Q(last_day__gt=F("made_until")), made_until__lt=until
    )
    return sum(_make_locked(pk, at=at) for pk in list(due.values_list("pk", flat=True)[:most]))


@transaction.atomic
def _make_locked(pattern: UUID, *, at: datetime) -> bool:
    row = Pattern.objects.select_for_update(of=("self",)).filter(pk=pattern).first()
    if row is None or row.made_until is None or row.made_until >= _horizon(at):
        return False
    if row.member is not None:
        _lock(row.member)
    _make(row, at=at)
    return True


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
        _cancel(row, by=by.actor, at=at)


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
    _check_duty(Duty(shift.team, member, capacity=shift.capacity))
    must_be_free(member, shift.starts_at, shift.ends_at, but=but)


def hand(shift: Shift, to: Membership | None, *, by: Membership, at: datetime) -> None:
    """Let a locked shift change hands; what was asked about it ends."""
    old, shift.member = shift.member, to
    shift.successor = None
    shift.save(update_fields=["member", "successor"])
    Swap.objects.filter(Q(shift=shift) | Q(in_return=shift), state=Swap.State.ASKED).update(
        state=Swap.State.WITHDRAWN, decided_at=at
    )
    _record("shift.given", shift, by=by.actor, at=at, before=_name(old), member=_name(to))


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
        _check_duty(Duty(row.team, successor, capacity=row.capacity))
    row.successor = successor
    row.save(update_fields=["successor"])
    _record("shift.successor_named", row, by=by.actor, at=at, member=_name(successor))


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
    _lock(member)
    other = _overlapping(member, starts_at, ends_at, but=but)
    if other is not None:
        raise ShiftImpossible(Fault.OVERLAPPING, other)


def _lock(member: Membership) -> None:
    """Let nobody else plan for the same person until the transaction ends."""
    list(Membership.objects.select_for_update(of=("self",)).filter(pk=member.pk).values("pk"))


def _overlapping(
    member: Membership | None,
    starts_at: datetime,
    ends_at: datetime,
    *,
    but: Shift | None = None,
) -> Shift | None:
    if member is None:
        return None
    rows: QuerySet[Shift] = Shift.objects.filter(
        member=member, starts_at__lt=ends_at, ends_at__gt=starts_at, cancelled_at__isnull=True
    )
    return (rows if but is None else rows.exclude(pk=but.pk)).first()


def _check_hours(hours: Hours) -> None:
    try:
        ZoneInfo(hours.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ShiftImpossible(Fault.UNKNOWN_ZONE) from None
    if not 0 <= hours.begins < DAY or hours.ends <= hours.begins:
        raise ShiftImpossible(Fault.INVERTED)
    if hours.ends - hours.begins > LONGEST:
        raise ShiftImpossible(Fault.TOO_LONG)


def _check_duty(duty: Duty) -> None:
    if not 1 <= duty.capacity <= MOST:
        raise ShiftImpossible(Fault.NO_CAPACITY)
    member = duty.member
    if member is not None and not (
        member.ended_at is None
        and member.role in Role.counselling()
        and member.teams.filter(pk=duty.team.pk).exists()
    ):
        raise ShiftImpossible(Fault.NOT_IN_TEAM)


def _must_fit(pattern: Pattern) -> None:
    """Raise ShiftImpossible if another pattern of the same person lies over it in the week."""
    others = Pattern.objects.filter(
        Q(last_day__isnull=True) | Q(last_day__gte=pattern.first_day), member=pattern.member
    )
    if pattern.last_day is not None:
        others = others.filter(first_day__lte=pattern.last_day)
    for other in others:
        for shift_by in (-7 * DAY, 0, 7 * DAY):
            begins = pattern.weekday * DAY + pattern.begins + shift_by
            ends = pattern.weekday * DAY + pattern.ends + shift_by
            start_of_other = other.weekday * DAY
            if begins < start_of_other + other.ends and start_of_other + other.begins < ends:
                raise ShiftImpossible(Fault.OVERLAPPING, other)


def _make(pattern: Pattern, *, at: datetime) -> list[tuple[datetime, datetime]]:
    """Make a pattern's shifts up to the horizon; return the times at which its person has another."""
    hours = Hours(pattern.begins, pattern.ends, pattern.zone)
    today = at.astimezone(ZoneInfo(pattern.zone)).date()
    begin = max(pattern.first_day, today)
    if pattern.made_until is not None:
        begin = max(begin, pattern.made_until + timedelta(days=1))
    end = min(_horizon(at), pattern.last_day or date.max)
    taken: list[tuple[datetime, datetime]] = []
    day = begin + timedelta(days=(pattern.weekday - begin.weekday()) % 7)
    while day <= end:
        starts_at, ends_at = hours.on(day)
        if starts_at < ends_at and ends_at > at:
            if _overlapping(pattern.member, starts_at, ends_at) is not None:
                taken.append((starts_at, ends_at))
            else:
                _make_one(pattern, day, starts_at, ends_at)
        day += timedelta(days=7)
    pattern.made_until = max(end, pattern.made_until or end)
    pattern.save(update_fields=["made_until"])
    return taken


def _make_one(pattern: Pattern, day: date, starts_at: datetime, ends_at: datetime) -> None:
    Shift.objects.get_or_create(
        pattern=pattern,
        day=day,
        defaults={
            "organisation_id": pattern.organisation_id,
            "team_id": pattern.team_id,
            "member_id": pattern.member_id,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "channel": pattern.channel,
            "capacity": pattern.capacity,
            "lead": pattern.lead,
        },
    )


def _horizon(at: datetime) -> date:
    return (at.astimezone(UTC) + AHEAD).date()


def _cancel(shift: Shift, *, by: trail.Actor, at: datetime) -> None:
    shift.cancelled_at = at
    shift.save(update_fields=["cancelled_at"])
    Swap.objects.filter(Q(shift=shift) | Q(in_return=shift), state=Swap.State.ASKED).update(
        state=Swap.State.WITHDRAWN, decided_at=at
    )
    _record("shift.cancelled", shift, by=by, at=at, member=_name(shift.member))


def _name(member: Membership | None) -> str:
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
