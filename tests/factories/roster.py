"""Shifts of tests, planned as supervisors plan them."""

from datetime import date, datetime

from accounts.models import Membership, Organisation, Team
from counselling.models import Channel, Pattern, Shift
from counselling.operations import patterns, shifts
from counselling.operations.shifts import Duty, Hours

BERLIN = "Europe/Berlin"


def minutes(clock: str) -> int:
    """Return the minutes after midnight of `07:30`."""
    hours, minute = clock.split(":")
    return int(hours) * 60 + int(minute)


def hours(begins: str, ends: str, zone: str = BERLIN) -> Hours:
    """Return hours on a wall clock; an end that is not later is on the next day."""
    first, last = minutes(begins), minutes(ends)
    return Hours(first, last if last > first else last + 24 * 60, zone)


def team_of(where: Organisation, name: str = "Erziehung") -> Team:
    """Return a team by its name."""
    return where.teams.get(name=name)


def shift(
    member: Membership | None,
    day: date,
    begins: str = "09:00",
    ends: str = "17:00",
    *,
    team: Team | None = None,
    by: Membership | None = None,
    at: datetime,
    zone: str = BERLIN,
    channel: Channel = Channel.BOTH,
    capacity: int = 5,
    lead: bool = False,
) -> Shift:
    """Plan a single shift. team: None for the member's first one; member: None leaves it open."""
    planner = by or member
    assert planner is not None
    return shifts.plan(
        duty=Duty(team or planner.teams.all()[0], member, channel, capacity, lead),
        hours=hours(begins, ends, zone),
        day=day,
        by=planner,
        at=at,
    )


def weekly(
    member: Membership | None,
    weekday: int,
    begins: str = "09:00",
    ends: str = "17:00",
    *,
    first_day: date,
    last_day: date | None = None,
    team: Team | None = None,
    by: Membership | None = None,
    at: datetime,
    zone: str = BERLIN,
    capacity: int = 5,
    lead: bool = False,
) -> Pattern:
    """Plan a shift for every week."""
    planner = by or member
    assert planner is not None
    return patterns.plan(
        duty=Duty(team or planner.teams.all()[0], member, Channel.BOTH, capacity, lead),
        hours=hours(begins, ends, zone),
        weekday=weekday,
        first_day=first_day,
        last_day=last_day,
        by=planner,
        at=at,
    )
