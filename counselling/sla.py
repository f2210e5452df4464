"""By when an answer is promised. Pure functions: the time is passed in, in UTC or any other zone.

`sofort` and `dringend` are counted around the clock. `normal` is counted on working days only (Monday
to Friday, no public holiday of the Land), 24 hours each: a question on Friday at 15:00 is due on
Monday at 15:00. Source of the defaults: design.md, "Service levels".
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays.countries.germany import Germany  # alone: the package would load every country
from holidays.holiday_base import HolidayBase

DELETION_WARNING = timedelta(days=14)  # before a closed case is deleted


class Urgency(IntEnum):
    """How soon a human must see a message; lower comes first."""

    SOFORT = 0
    DRINGEND = 1
    NORMAL = 2


@dataclass(frozen=True, slots=True)
class Targets:
    """How long an answer may take. sofort: until a human has seen it. All counted as said above."""

    sofort: timedelta = timedelta(minutes=5)
    dringend: timedelta = timedelta(hours=4)
    normal: timedelta = timedelta(hours=24)


def promised_by(
    start: datetime, urgency: Urgency, *, targets: Targets, land: str, zone: ZoneInfo
) -> datetime:
    """Return the moment by which the answer to a message written at `start` is promised.

    land: Bundesland as ISO 3166-2 without `DE-`. zone: whose days are counted. The answer is aware
    and in `zone`. Raises ValueError for a target that is not positive or a naive start.
    """
    target = {
        Urgency.SOFORT: targets.sofort,
        Urgency.DRINGEND: targets.dringend,
        Urgency.NORMAL: targets.normal,
    }[urgency]
    if target <= timedelta(0):
        raise ValueError("a target must be longer than nothing")
    if start.tzinfo is None:
        raise ValueError("start must be aware")
    if urgency is not Urgency.NORMAL:
        return (start.astimezone(ZoneInfo("UTC")) + target).astimezone(zone)
    return _after_working_time(start, target, land, zone)


def deleted_at(
    quiet_since: datetime, *, days: int, warned_at: datetime | None, now: datetime
) -> datetime:
    """Return the moment from which a closed case is deleted.

    days: how long the organisation keeps closed cases. warned_at: when the client was warned, None
    if that is still to come. The client has 14 days from the warning, also when the organisation
    shortens the time afterwards (source: "Nobody can read it", retention).
    """
    return max(quiet_since + timedelta(days=days), (warned_at or now) + DELETION_WARNING)


def is_working_day(day: date, land: str) -> bool:
    """Say whether a day is Monday to Friday and no public holiday of the Land."""
    return day.weekday() < 5 and day not in _holidays(land)


def _after_working_time(
    start: datetime, remaining: timedelta, land: str, zone: ZoneInfo
) -> datetime:
    utc = ZoneInfo("UTC")
    cursor = start.astimezone(utc)
    # Midnights are taken on the zone's wall clock and compared in UTC, so that a day of 23 or 25
    # hours counts as long as it is.
    day = start.astimezone(zone).date()
    while True:
        next_midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(utc)
        if is_working_day(day, land):
            left_today = next_midnight - cursor
            if remaining <= left_today:
                return (cursor + remaining).astimezone(zone)
            remaining -= left_today
        cursor = next_midnight
        day += timedelta(days=1)


@lru_cache(maxsize=32)
def _holidays(land: str) -> HolidayBase:
    return Germany(subdiv=land)
