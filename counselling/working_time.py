"""Time that counts: from when to when somebody works, and how far a promise reaches over it. Pure.

A `Calendar` says when an organisation works: weekly hours on the wall clock of its zone, public
holidays of its Land, single days on which it is closed or open otherwise. Moments are aware; results
are in the calendar's zone.

Where the clocks change, a time that does not exist is the moment of the change; of a time that comes
twice, opening means the first and closing the second.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from holidays.countries.germany import Germany  # alone: the package would load every country
from holidays.holiday_base import HolidayBase

DAY = 24 * 60  # minutes
FARTHEST = 366 * 5  # days that are looked ahead before a calendar counts as never open
LAENDER = frozenset(
    ["BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH"]
)


class Fault(StrEnum):
    """What is wrong with a calendar."""

    INVERTED = "inverted"  # a span ends before it begins, or lies outside the day
    OVERLAPPING = "overlapping"
    NEVER_OPEN = "never open"
    UNKNOWN_ZONE = "unknown zone"
    UNKNOWN_LAND = "unknown land"


class CalendarImpossible(ValueError):
    """A calendar that cannot be worked by. `fault`: why; `day`: on which weekday (0: Monday) or date."""

    def __init__(self, fault: Fault, day: int | date | None = None) -> None:
        super().__init__(fault.value if day is None else f"{fault.value}: {day}")
        self.fault = fault
        self.day = day


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Hours of one day, in minutes after midnight: from `opens` until before `closes` (at most 1440)."""

    opens: int
    closes: int


ALL_DAY = (Span(0, DAY),)
Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """When an organisation works.

    weekly: spans of Monday to Sunday, in order. zone: name of the time zone (IANA). land: whose public
    holidays are free, as ISO 3166-2 without `DE-`; empty for none. closed: single free days. opened:
    days with hours of their own, which go before everything else. Raises CalendarImpossible.
    """

    weekly: tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
    zone: str = "Europe/Berlin"
    land: str = ""
    closed: frozenset[date] = frozenset()
    opened: Mapping[date, Spans] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse hours that cannot be meant."""
        for weekday, spans in enumerate(self.weekly):
            _check(spans, weekday)
        for day, spans in self.opened.items():
            _check(spans, day)
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise CalendarImpossible(Fault.UNKNOWN_ZONE) from None
        if self.land and self.land not in LAENDER:
            raise CalendarImpossible(Fault.UNKNOWN_LAND)
        if not any(self.weekly):
            raise CalendarImpossible(Fault.NEVER_OPEN)

    @property
    def tz(self) -> ZoneInfo:
        """Return the zone whose wall clock the hours are on."""
        return ZoneInfo(self.zone)

    def spans_on(self, day: date) -> Spans:
        """Return the hours of one day."""
        special = self.opened.get(day)
        if special is not None:
            return special
        if day in self.closed or (self.land and day in holidays_of(self.land)):
            return ()
        return self.weekly[day.weekday()]


def working_days(land: str, *, zone: str = "Europe/Berlin") -> Calendar:
    """Return the calendar of Monday to Friday, all day, without the Land's public holidays."""
    return Calendar((*(ALL_DAY,) * 5, (), ()), zone=zone, land=land)


def round_the_clock(zone: str = "Europe/Berlin") -> Calendar:
    """Return the calendar that is always open."""
    return Calendar((ALL_DAY,) * 7, zone=zone)


def deadline(start: datetime, target: timedelta, calendar: Calendar) -> datetime:
    """Return the moment at which `target` of working time has passed since `start`.

    Raises ValueError for a target of nothing or a naive start, CalendarImpossible when the calendar
    has no time left within five years.
    """
    if target <= timedelta(0):
        raise ValueError("a target must be longer than nothing")
    left = target
    for opens, closes in _open_times(_aware(start), calendar):
        if left <= closes - opens:
            return (opens + left).astimezone(calendar.tz)
        left -= closes - opens
    raise CalendarImpossible(Fault.NEVER_OPEN)


def elapsed(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """Return how much working time lies between two moments; nothing when the end is before."""
    passed = timedelta(0)
    end = _aware(end)
    for opens, closes in _open_times(_aware(start), calendar):
        if opens >= end:
            break
        passed += min(closes, end) - opens
    return passed


def end_of_working_day(start: datetime, count: int, calendar: Calendar) -> datetime:
    """Return when work ends on the `count`-th working day after the day of `start`.

    count: 1 or more. Raises ValueError for a naive start or a smaller count, CalendarImpossible when
    there are not so many working days within five years.
    """
    if count < 1:
        raise ValueError("count from the next working day on")
    first = _aware(start).astimezone(calendar.tz).date()
    left = count
    for number in range(1, FARTHEST):
        day = first + timedelta(days=number)
        spans = calendar.spans_on(day)
        if not spans:
            continue
        left -= 1
        if not left:
            return _moment(day, spans[-1].closes, calendar.tz, fold=1).astimezone(calendar.tz)
    raise CalendarImpossible(Fault.NEVER_OPEN)


def open_between(
    start: datetime, end: datetime, calendar: Calendar
) -> list[tuple[datetime, datetime]]:
    """Return when a calendar is open between two moments, in UTC and in order."""
    end = _aware(end)
    within = takewhile(lambda span: span[0] < end, _open_times(_aware(start), calendar))
    return [(opens, min(closes, end)) for opens, closes in within]


def at_wall_clock(day: date, minute: int, zone: ZoneInfo, *, closing: bool = False) -> datetime:
    """Return the moment at which a wall clock shows so many minutes after midnight of a day, in UTC.

    minute: also beyond 1440, on the days after. closing: of a time that comes twice take the second.
    """
    days, minute = divmod(minute, DAY)
    return _moment(day + timedelta(days=days), minute, zone, fold=int(closing))


def _open_times(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """Yield from `start` on when the calendar is open, in UTC."""
    first = start.astimezone(calendar.tz).date() - timedelta(days=1)
    for number in range(FARTHEST):
        try:
            day = first + timedelta(days=number)
        except OverflowError:
            return
        for span in calendar.spans_on(day):
            opens = max(start, _moment(day, span.opens, calendar.tz, fold=0))
            closes = _moment(day, span.closes, calendar.tz, fold=1)
            if opens < closes:
                yield opens, closes


def _moment(day: date, minute: int, zone: ZoneInfo, *, fold: int) -> datetime:
    if minute == DAY:
        day, minute = day + timedelta(days=1), 0
    wall = datetime.combine(day, time(minute // 60, minute % 60), zone).replace(fold=fold)
    moment = wall.astimezone(UTC)
    back = moment.astimezone(zone)
    if (back.hour, back.minute) == (wall.hour, wall.minute):
        return moment
    # The wall clock jumped over this time: it is the moment of the jump.
    before = wall.replace(fold=0).utcoffset()
    after = wall.replace(fold=1).utcoffset()
    assert before is not None
    assert after is not None
    return _jump(wall.replace(fold=0).astimezone(UTC) - abs(after - before), zone)


def _jump(before: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment within the next hours at which the zone's distance from UTC changes."""
    low, high = before, before + timedelta(hours=3)
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(second=0, microsecond=0)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment must be aware")
    return moment.astimezone(UTC)


def _check(spans: Spans, day: int | date) -> None:
    for span in spans:
        if not 0 <= span.opens < span.closes <= DAY:
            raise CalendarImpossible(Fault.INVERTED, day)
    for one, other in pairwise(spans):
        if other.opens < one.closes:
            raise CalendarImpossible(Fault.OVERLAPPING, day)


@lru_cache(maxsize=32)
def holidays_of(land: str) -> HolidayBase:
    """Return the public holidays of a Land, as a container of dates."""
    return Germany(subdiv=land)
