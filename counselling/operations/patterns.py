"""The one writer of weekly patterns, and of the shifts that are made out of them."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q

from accounts.models import Membership
from audit import trail
from counselling.models import Pattern, Shift
from counselling.models.roster import DAY
from counselling.operations import shifts
from counselling.operations.shifts import Duty, Fault, Hours, ShiftGone, ShiftImpossible

AHEAD = timedelta(weeks=8)  # for which shifts are made out of patterns


@transaction.atomic
def plan(
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
    shifts.check_hours(hours)
    if last_day is not None and last_day < first_day:
        raise ShiftImpossible(Fault.INVERTED)
    if last_day is not None and last_day < at.astimezone(ZoneInfo(hours.zone)).date():
        raise ShiftImpossible(Fault.OVER)
    shifts.check_duty(duty)
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
        shifts.lock(duty.member)
        _must_fit(pattern)
    pattern.save(force_insert=True)
    trail.record(
        "pattern.planned",
        by=by.actor,
        at=at,
        organisation=pattern.organisation_id,
        pattern=str(pattern.pk),
        member=shifts.name_of(duty.member),
    )
    taken = _make(pattern, at=at)
    if taken:
        # What was planned singly before and would now overlap is refused, not silently left out.
        raise ShiftImpossible(Fault.OVERLAPPING, shifts.overlapping(duty.member, *taken[0]))
    return pattern


@transaction.atomic
def end(*, pattern: UUID, after: date, by: Membership, at: datetime) -> None:
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
        shifts.cancel_locked(shift, by=by.actor, at=at)
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
        shifts.lock(row.member)
    _make(row, at=at)
    return True


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
            if shifts.overlapping(pattern.member, starts_at, ends_at) is not None:
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
