"""By when an answer is promised: working days, holidays of the Land, clocks that change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counselling.sla import Level, Targets, Urgency, promised_by
from counselling.working_time import working_days

BERLIN = ZoneInfo("Europe/Berlin")


def local(text: str) -> datetime:
    """Return a moment on Berlin's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def within(hours: int) -> Targets:
    """Return targets with so many working hours for what is not urgent, and no other bound."""
    return Targets(normal=Level(timedelta(hours=hours), timedelta(hours=hours)))


def due(start: str, urgency: Urgency = Urgency.NORMAL, *, land: str = "BE", hours: int = 24) -> str:
    """Return the promise as Berlin's wall clock shows it."""
    targets = within(hours)
    end = promised_by(local(start), urgency, targets=targets, calendar=working_days(land))
    return end.strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-11-17 15:00", "2026-11-18 15:00"),  # Tuesday
        ("2026-11-20 15:00", "2026-11-23 15:00"),  # Friday to Monday
        ("2026-11-21 10:00", "2026-11-24 00:00"),  # Saturday: Monday, whole
        ("2026-11-22 23:59", "2026-11-24 00:00"),  # Sunday
        ("2026-12-23 15:00", "2026-12-24 15:00"),  # Christmas Eve is a working day by law
        ("2026-12-24 15:00", "2026-12-28 15:00"),  # Christmas, then a weekend
        ("2026-12-31 15:00", "2027-01-04 15:00"),  # over the year's end
        ("2028-02-28 15:00", "2028-02-29 15:00"),  # leap day
    ],
)
def test_an_answer_takes_a_working_day(start: str, expected: str) -> None:
    assert due(start) == expected


def test_a_holiday_counts_only_in_its_land() -> None:
    fronleichnam = "2026-06-04"
    assert due("2026-06-03 12:00", land="BE") == f"{fronleichnam} 12:00"
    assert due("2026-06-03 12:00", land="NW") == "2026-06-05 12:00"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-03-27 12:00", "2026-03-30 12:00"),  # clocks go forward on the Sunday between
        ("2026-10-23 12:00", "2026-10-26 12:00"),  # clocks go back
    ],
)
def test_changing_clocks_on_a_free_day_change_nothing(start: str, expected: str) -> None:
    assert due(start) == expected


@pytest.mark.parametrize(
    ("urgency", "expected"),
    [(Urgency.SOFORT, "2026-12-24 23:55"), (Urgency.DRINGEND, "2026-12-25 03:50")],
)
def test_urgent_ones_are_counted_around_the_clock(urgency: Urgency, expected: str) -> None:
    assert due("2026-12-24 23:50", urgency) == expected


def test_an_urgent_promise_over_a_change_of_clocks_is_in_real_hours() -> None:
    start = local("2026-10-25 01:00")  # two hours before clocks go back
    end = promised_by(start, Urgency.DRINGEND, targets=Targets(), calendar=working_days("BE"))
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=4)
    assert end.hour == 4


def slow(start: datetime, hours: int, land: str) -> datetime:
    """Count the promise minute by minute: slow and plainly right."""
    moment = start.astimezone(UTC)
    left = hours * 60
    while left:
        if working_days(land).spans_on(moment.astimezone(BERLIN).date()):
            left -= 1
        moment += timedelta(minutes=1)
    return moment


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31)).map(  # noqa: DTZ001 - hypothesis wants naive bounds
        lambda d: d.replace(second=0, microsecond=0, tzinfo=UTC)
    ),
    st.integers(1, 60),
    st.sampled_from(["BE", "BY", "NW"]),
)
def test_it_agrees_with_counting_minutes(start: datetime, hours: int, land: str) -> None:
    targets = within(hours)
    promised = promised_by(start, Urgency.NORMAL, targets=targets, calendar=working_days(land))
    assert promised.astimezone(UTC) == slow(start, hours, land)


@pytest.mark.parametrize("urgency", list(Urgency))
def test_a_target_of_nothing_is_refused(urgency: Urgency) -> None:
    none = Level(timedelta(0), timedelta(0))
    nothing = Targets(none, none, none)
    with pytest.raises(ValueError, match="longer than nothing"):
        promised_by(
            local("2026-11-17 15:00"), urgency, targets=nothing, calendar=working_days("BE")
        )


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        promised_by(
            datetime(2026, 11, 17),  # noqa: DTZ001 - naive on purpose
            Urgency.NORMAL,
            targets=Targets(),
            calendar=working_days("BE"),
        )
