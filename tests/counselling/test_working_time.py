"""Working time: hours, holidays, single days, changing clocks, calendars that cannot be meant."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counselling.working_time import (
    ALL_DAY,
    DAY,
    Calendar,
    CalendarImpossible,
    Fault,
    Span,
    Spans,
    deadline,
    elapsed,
    round_the_clock,
    working_days,
)

BERLIN = ZoneInfo("Europe/Berlin")
MORNING = Span(9 * 60, 12 * 60)
AFTERNOON = Span(14 * 60, 17 * 60)


def week(*days: Spans) -> tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]:
    """Return a week from the given days on; the others are free."""
    free: Spans = ()
    all_days = [*days, *[free] * (7 - len(days))]
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = all_days
    return monday, tuesday, wednesday, thursday, friday, saturday, sunday


OFFICE = Calendar(week(*[(MORNING, AFTERNOON)] * 5), land="NW")


def at(text: str) -> datetime:
    """Return a moment of 2026 on Berlin's wall clock: `11-23 09:00`, or with a year."""
    whole = text if text[4] == "-" else f"2026-{text}"
    return datetime.fromisoformat(whole).replace(tzinfo=BERLIN)


def shown(moment: datetime) -> str:
    """Return a moment as `at` reads it."""
    return f"{moment:%Y-%m-%d %H:%M}".removeprefix("2026-")


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("11-23 09:00", 1, "11-23 10:00"),
        ("11-23 09:00", 3, "11-23 12:00"),  # to the end of a span, not the beginning of the next
        ("11-23 11:00", 2, "11-23 15:00"),  # over the lunch break
        ("11-23 12:30", 1, "11-23 15:00"),  # in the break
        ("11-23 03:00", 1, "11-23 10:00"),  # before opening
        ("11-23 16:30", 1, "11-24 09:30"),  # over night
        ("11-20 16:00", 2, "11-23 10:00"),  # over the weekend
        ("11-21 10:00", 6, "11-23 17:00"),  # on a Saturday
        ("06-03 16:00", 2, "06-05 10:00"),  # Fronleichnam in North Rhine-Westphalia
        ("12-23 16:00", 7, "12-24 17:00"),  # Christmas Eve is worked by law
        ("12-24 16:00", 2, "12-28 10:00"),  # Christmas and a weekend
        ("12-31 16:00", 2, "2027-01-04 10:00"),  # New Year and a weekend
        ("2028-02-28 16:00", 8, "2028-03-01 10:00"),  # leap day: Tuesday the 29th is whole
        ("03-27 16:00", 2, "03-30 10:00"),  # clocks go forward on Sunday
        ("10-23 16:00", 2, "10-26 10:00"),  # clocks go back on Sunday
    ],
)
def test_a_target_counts_only_working_hours(start: str, hours: int, expected: str) -> None:
    assert shown(deadline(at(start), timedelta(hours=hours), OFFICE)) == expected
    assert elapsed(at(start), at(expected), OFFICE) == timedelta(hours=hours)


def test_single_days_go_before_the_week_and_before_holidays() -> None:
    calendar = Calendar(
        OFFICE.weekly,
        land="NW",
        closed=frozenset([date(2026, 11, 24)]),
        opened={date(2026, 11, 28): (MORNING,), date(2026, 12, 25): (Span(600, 660),)},
    )
    assert shown(deadline(at("11-23 16:00"), timedelta(hours=2), calendar)) == "11-25 10:00"
    assert shown(deadline(at("11-27 16:00"), timedelta(hours=2), calendar)) == "11-28 10:00"
    assert shown(deadline(at("12-24 16:00"), timedelta(hours=2), calendar)) == "12-25 11:00"


def test_a_calendar_changed_later_moves_what_is_open_and_not_what_was() -> None:
    before, after = OFFICE, Calendar(week(*[(MORNING,)] * 5), land="NW")
    start = at("11-23 11:00")
    assert shown(deadline(start, timedelta(hours=2), before)) == "11-23 15:00"
    assert shown(deadline(start, timedelta(hours=2), after)) == "11-24 10:00"


@pytest.mark.parametrize(
    ("span", "day", "hours"),
    [
        (Span(150, 240), "03-28 23:00", 1.0),  # from half past two, which is skipped, to four
        (Span(150, 240), "10-24 23:00", 2.5),  # from the first half past two
        (Span(0, 150), "03-28 23:00", 2.0),  # until the clock jumps
        (Span(0, 150), "10-24 23:00", 3.5),  # until the second half past two
        (Span(0, DAY), "03-28 23:00", 9.0),
    ],
)
def test_hours_in_which_the_clocks_change(span: Span, day: str, hours: float) -> None:
    nights = Calendar(week(*[(span,)] * 7))
    start = at(day).astimezone(UTC)
    if span.closes == DAY:
        assert elapsed(start, start + timedelta(hours=9), nights) == timedelta(hours=hours)
    else:
        assert elapsed(start, start + timedelta(hours=10), nights) == timedelta(hours=hours)


def test_another_zone_has_its_own_clock() -> None:
    lisbon = Calendar(week(*[(MORNING,)] * 5), zone="Europe/Lisbon")
    assert shown(deadline(at("11-23 09:00"), timedelta(hours=1), lisbon)) == "11-23 10:00"
    assert deadline(at("11-23 09:00"), timedelta(hours=1), lisbon) == at("11-23 11:00")


@pytest.mark.parametrize(
    ("weekly", "more", "fault"),
    [
        (week((Span(600, 540),)), {}, Fault.INVERTED),
        (week((Span(600, 600),)), {}, Fault.INVERTED),
        (week((Span(600, DAY + 1),)), {}, Fault.INVERTED),
        (week((Span(540, 720), Span(700, 800))), {}, Fault.OVERLAPPING),
        (week((AFTERNOON, MORNING)), {}, Fault.OVERLAPPING),
        (week(), {}, Fault.NEVER_OPEN),
        (week(ALL_DAY), {"zone": "Europe/Atlantis"}, Fault.UNKNOWN_ZONE),
        (week(ALL_DAY), {"zone": "../etc/passwd"}, Fault.UNKNOWN_ZONE),
        (week(ALL_DAY), {"land": "XX"}, Fault.UNKNOWN_LAND),
    ],
)
def test_hours_that_cannot_be_meant_are_refused_with_why(
    weekly: tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans],
    more: Mapping[str, str],
    fault: Fault,
) -> None:
    with pytest.raises(CalendarImpossible) as refused:
        Calendar(weekly, zone=more.get("zone", "Europe/Berlin"), land=more.get("land", ""))
    assert refused.value.fault is fault


def test_a_calendar_that_is_closed_for_years_is_no_endless_search() -> None:
    closed = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(366 * 7))
    never = Calendar(working_days("BE").weekly, closed=closed)
    with pytest.raises(CalendarImpossible, match="never open"):
        deadline(at("11-23 09:00"), timedelta(hours=1), never)


def test_naive_moments_and_targets_of_nothing_are_refused() -> None:
    naive = datetime(2026, 11, 23)  # noqa: DTZ001 - naive on purpose
    with pytest.raises(ValueError, match="aware"):
        deadline(naive, timedelta(hours=1), OFFICE)
    with pytest.raises(ValueError, match="longer than nothing"):
        deadline(at("11-23 09:00"), timedelta(0), OFFICE)
    assert elapsed(at("11-23 10:00"), at("11-23 09:00"), round_the_clock()) == timedelta(0)


# --- Against counting minutes ---------------------------------------------------------------------
# Bounds of spans stay out of the hour in which clocks change; that hour has its own test above.
minutes = st.integers(0, 2 * 6) | st.integers(3 * 6, 24 * 6)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Draw a week with up to three spans a day, somewhere in Germany or without holidays."""
    days = []
    for _ in range(7):
        bounds = sorted(draw(st.sets(minutes, max_size=6)))
        pairs = zip(bounds[::2], bounds[1::2], strict=False)
        days.append(tuple(Span(opens * 10, closes * 10) for opens, closes in pairs))
    if not any(days):
        days[draw(st.integers(0, 6))] = (MORNING,)
    closed = draw(st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=9))
    return Calendar(week(*days), land=draw(st.sampled_from(["", "BE", "NW", "BY"])), closed=closed)


def slow(start: datetime, count: int, calendar: Calendar) -> datetime:
    """Count working minutes one by one: slow and plainly right."""
    moment = start.astimezone(UTC)
    while True:
        wall = moment.astimezone(BERLIN)
        minute = wall.hour * 60 + wall.minute
        if any(s.opens <= minute < s.closes for s in calendar.spans_on(wall.date())):
            count -= 1
        moment += timedelta(minutes=1)
        if not count:
            return moment


@settings(max_examples=60)
@given(
    calendars(),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20)).map(  # noqa: DTZ001 - hypothesis wants naive bounds
        lambda d: d.replace(second=0, microsecond=0, tzinfo=UTC)
    ),
    st.integers(1, 1500),
)
def test_it_agrees_with_counting_minutes(calendar: Calendar, start: datetime, count: int) -> None:
    due = deadline(start, timedelta(minutes=count), calendar)
    assert due.astimezone(UTC) == slow(start, count, calendar)
    assert elapsed(start, due, calendar) == timedelta(minutes=count)
