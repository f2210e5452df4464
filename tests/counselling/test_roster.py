"""Who is on duty, who is called, and where nobody is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from counselling import roster
from counselling.models import Absence, Channel, OnCall, Shift
from counselling.operations import patterns, shifts
from counselling.operations.shifts import Duty, Fault, Hours, ShiftImpossible
from tests.counselling.house import House, open_house
from tests.factories import ask, claim, reply
from tests.factories.roster import shift, team_of, weekly

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
PLANNED = datetime(2026, 3, 1, 8, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 12, tzinfo=BERLIN)


@pytest.fixture
def house() -> House:
    return open_house()


def names(people: list) -> list[str]:  # type: ignore[type-arg]
    return [one.name for one in people]


def test_without_any_shift_everybody_of_the_team_who_answers_is_on_duty(house: House) -> None:
    team = team_of(house.nordhafen)
    assert names(roster.on_duty(team=team, at=NOON)) == [
        "Aylin Demir",
        "Jonas Brandt",
        "Katrin Petersen",
    ]
    assert roster.gaps(organisation=house.nordhafen, start=NOON, end=NOON + timedelta(14)) == []


def test_with_a_roster_only_who_has_a_shift_now_is_on_duty(house: House) -> None:
    team = team_of(house.nordhafen)
    shift(house.katrin, MONDAY, at=PLANNED)
    shift(house.aylin, MONDAY, "17:00", "20:00", at=PLANNED)
    assert roster.on_duty(team=team, at=NOON) == [house.katrin]
    assert roster.on_duty(team=team, at=NOON.replace(hour=17)) == [house.aylin]
    assert roster.on_duty(team=team, at=NOON.replace(hour=20)) == []
    assert roster.on_duty(team=team_of(house.nordhafen, "Krise"), at=NOON) == []
    assert roster.is_on_duty(house.katrin, at=NOON)
    assert not roster.is_on_duty(house.aylin, at=NOON)
    # The organisation next door has no roster and is not concerned.
    assert roster.on_duty(team=team_of(house.suedstadt), at=NOON) == [house.boris]


def test_an_absence_goes_before_a_shift(house: House) -> None:
    team = team_of(house.nordhafen)
    shift(house.katrin, MONDAY, at=PLANNED)
    Absence.objects.create(
        member=house.katrin, starts_at=NOON - timedelta(hours=2), ends_at=NOON + timedelta(hours=1)
    )
    assert roster.on_duty(team=team, at=NOON) == []
    assert roster.on_duty(team=team, at=NOON + timedelta(hours=1)) == [house.katrin]


def test_a_channel_finds_who_serves_it(house: House) -> None:
    team = team_of(house.nordhafen)
    shift(house.katrin, MONDAY, at=PLANNED, channel=Channel.MAIL)
    shift(house.aylin, MONDAY, at=PLANNED, channel=Channel.CHAT)
    shift(house.jonas, MONDAY, at=PLANNED)
    assert names(roster.on_duty(team=team, at=NOON, channel=Channel.CHAT)) == [
        "Aylin Demir",
        "Jonas Brandt",
    ]


def test_the_shift_says_who_leads_else_a_supervisor_on_duty_does(house: House) -> None:
    team = team_of(house.nordhafen)
    supervisor = house.lea
    supervisor.teams.add(team)
    shift(house.katrin, MONDAY, at=PLANNED)
    assert roster.shift_leads(team=team, at=NOON) == []
    shift(supervisor, MONDAY, team=team, at=PLANNED)
    assert roster.shift_leads(team=team, at=NOON) == [supervisor]
    shift(house.aylin, MONDAY, lead=True, at=PLANNED)
    assert roster.shift_leads(team=team, at=NOON) == [house.aylin]


def test_on_call_comes_in_order_without_who_is_away_gone_or_not_called_now(house: House) -> None:
    org = house.nordhafen
    assert roster.on_call(organisation=org, at=NOON) == []
    for position, member in enumerate([house.lea, house.katrin, house.ada, house.lea]):
        OnCall.objects.create(organisation=org, member=member, position=position)
    OnCall.objects.create(
        organisation=org, member=house.aylin, position=0, ends_at=NOON, starts_at=PLANNED
    )
    assert roster.on_call(organisation=org, at=NOON) == [house.lea, house.katrin, house.ada]
    Absence.objects.create(member=house.lea, starts_at=PLANNED, ends_at=NOON + timedelta(days=1))
    house.katrin.ended_at = NOON
    house.katrin.save()
    assert roster.on_call(organisation=org, at=NOON) == [house.ada]
    assert roster.on_call(organisation=house.suedstadt, at=NOON) == []


def test_a_load_counts_what_waits_and_the_lower_of_ceiling_and_shift(house: House) -> None:
    first, second = ask(house.nordhafen, topic="Schlaf"), ask(house.nordhafen, topic="Schlaf")
    claim(first, house.katrin)
    reply(second, house.katrin)
    shift(house.katrin, MONDAY, at=PLANNED, capacity=3)
    load = roster.load(house.katrin, at=NOON)
    assert (load.held, load.resting, load.capacity, load.free) == (1, 1, 3, 2)


@pytest.mark.parametrize("people", [1, 4])
def test_loads_and_gaps_cost_the_same_for_few_and_many(
    house: House, people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    everybody = [house.katrin, house.aylin, house.jonas, house.lea][:people]
    for day in range(people):
        shift(everybody[day], MONDAY + timedelta(days=day), at=PLANNED)
    with django_assert_num_queries(3):
        roster.loads(everybody, at=NOON)
    with django_assert_num_queries(6):
        roster.gaps(organisation=house.nordhafen, start=PLANNED, end=PLANNED + timedelta(14))


def test_gaps_are_what_is_open_and_nobody_has(house: House) -> None:
    for weekday in range(5):
        weekly(house.katrin, weekday, "00:00", "12:00", first_day=MONDAY, at=PLANNED)
        weekly(house.aylin, weekday, "12:00", "00:00", first_day=MONDAY, at=PLANNED)
        weekly(house.lea, weekday, "00:00", "12:00", first_day=MONDAY, at=PLANNED)
        weekly(
            house.lea, weekday, "20:00", "00:00", first_day=MONDAY, at=PLANNED
        )  # and a hole before that
    start, end = datetime(2026, 3, 2, tzinfo=BERLIN), datetime(2026, 3, 4, tzinfo=BERLIN)
    found = roster.gaps(organisation=house.nordhafen, start=start, end=end)
    assert [(gap.team.name, gap.starts_at, gap.ends_at) for gap in found] == [
        ("Krise", start + timedelta(hours=12), start + timedelta(hours=20)),
        ("Krise", start + timedelta(hours=36), start + timedelta(hours=44)),
    ]
    Absence.objects.create(member=house.katrin, starts_at=start, ends_at=start + timedelta(hours=3))
    found = roster.gaps(organisation=house.nordhafen, start=start, end=end)
    assert ("Erziehung", start, start + timedelta(hours=3)) in [
        (gap.team.name, gap.starts_at, gap.ends_at) for gap in found
    ]


# --- Planning -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        (Hours(17 * 60, 9 * 60, "Europe/Berlin"), Fault.INVERTED),
        (Hours(540, 540, "Europe/Berlin"), Fault.INVERTED),
        (Hours(-1, 540, "Europe/Berlin"), Fault.INVERTED),
        (Hours(0, 1440, "Europe/Berlin"), Fault.TOO_LONG),
        (Hours(540, 1020, "Europe/Atlantis"), Fault.UNKNOWN_ZONE),
        (Hours(540, 1020, "../../etc/passwd"), Fault.UNKNOWN_ZONE),
        (Hours(540, 1020, ""), Fault.UNKNOWN_ZONE),
    ],
)
def test_hours_that_cannot_be_meant_are_refused(house: House, wanted: Hours, fault: Fault) -> None:
    duty = Duty(team_of(house.nordhafen), house.katrin)
    with pytest.raises(ShiftImpossible) as refused:
        shifts.plan(duty=duty, hours=wanted, day=MONDAY, by=house.lea, at=PLANNED)
    assert refused.value.fault is fault
    with pytest.raises(ShiftImpossible) as refused:
        patterns.plan(
            duty=duty,
            hours=wanted,
            weekday=0,
            first_day=MONDAY,
            last_day=None,
            by=house.lea,
            at=PLANNED,
        )
    assert refused.value.fault is fault
    assert not Shift.objects.exists()


def test_a_person_cannot_be_in_two_shifts_at_once_also_by_a_pattern(house: House) -> None:
    first = shift(house.katrin, MONDAY, at=PLANNED)
    with pytest.raises(ShiftImpossible) as refused:
        shift(house.katrin, MONDAY, "16:59", "20:00", at=PLANNED)
    assert (refused.value.fault, refused.value.other) == (Fault.OVERLAPPING, first)
    shift(house.katrin, MONDAY, "17:00", "20:00", at=PLANNED)  # one after the other is fine
    with pytest.raises(ShiftImpossible) as refused:
        weekly(house.katrin, 0, "12:00", "13:00", first_day=MONDAY, at=PLANNED)
    assert (refused.value.fault, refused.value.other) == (Fault.OVERLAPPING, first)
    sunday_night = weekly(house.aylin, 6, "22:00", "06:00", first_day=MONDAY, at=PLANNED)
    with pytest.raises(ShiftImpossible) as refused:
        weekly(house.aylin, 0, "05:00", "09:00", first_day=MONDAY, at=PLANNED)
    assert refused.value.other == sunday_night


def test_nobody_is_planned_for_a_team_that_they_do_not_answer_for(house: House) -> None:
    for member in house.without_access():
        with pytest.raises(ShiftImpossible) as refused:
            shift(member, MONDAY, team=team_of(house.nordhafen), at=PLANNED)
        assert refused.value.fault is Fault.NOT_IN_TEAM


def test_a_night_over_the_change_of_clocks_has_its_true_length(house: House) -> None:
    spring = shift(house.katrin, date(2026, 3, 28), "22:00", "06:00", at=PLANNED)
    autumn = shift(house.katrin, date(2026, 10, 24), "22:00", "06:00", at=PLANNED)
    usual = shift(house.katrin, date(2026, 10, 26), "22:00", "06:00", at=PLANNED)
    lengths = [one.ends_at - one.starts_at for one in (spring, autumn, usual)]
    assert lengths == [timedelta(hours=7), timedelta(hours=9), timedelta(hours=8)]
    # 02:30 does not exist on that night: the shift begins when the clocks change.
    jumped = shift(house.aylin, date(2026, 3, 29), "02:30", "06:00", at=PLANNED)
    assert jumped.starts_at == datetime(2026, 3, 29, 1, tzinfo=UTC)
    with pytest.raises(ShiftImpossible) as refused:  # all of it lies in the hour that is left out
        shift(house.jonas, date(2026, 3, 29), "02:10", "02:50", at=PLANNED)
    assert refused.value.fault is Fault.INVERTED


def test_a_weekly_shift_stays_at_its_wall_clock_over_the_change_of_clocks(house: House) -> None:
    weekly(house.katrin, 6, "08:00", "12:00", first_day=MONDAY, at=PLANNED)
    starts = [one.starts_at.astimezone(BERLIN).hour for one in Shift.objects.all()]
    assert set(starts) == {8}
    assert len(starts) == 8  # as many weeks as shifts are made ahead


def test_the_sweep_makes_the_next_weeks_once_and_a_single_shift_goes_before(house: House) -> None:
    pattern = weekly(house.katrin, 0, first_day=MONDAY, at=PLANNED)
    there = Shift.objects.count()
    assert patterns.make_ahead(at=PLANNED) == 0
    own = shift(house.katrin, MONDAY + timedelta(weeks=9), "08:00", "10:00", at=PLANNED)
    later = PLANNED + timedelta(weeks=2)
    assert patterns.make_ahead(at=later) == 1
    assert patterns.make_ahead(at=later) == 0
    made = Shift.objects.filter(pattern=pattern)
    assert made.count() == there + 1  # one of the two weeks has a single shift
    assert not made.filter(day=MONDAY + timedelta(weeks=9)).exists()
    assert Shift.objects.filter(pk=own.pk).exists()


def test_a_pattern_that_ends_takes_its_later_shifts_with_it(house: House) -> None:
    pattern = weekly(house.katrin, 0, first_day=MONDAY, at=PLANNED)
    patterns.end(pattern=pattern.pk, after=MONDAY, by=house.lea, at=PLANNED)
    assert roster.on_duty(team=team_of(house.nordhafen), at=NOON) == [house.katrin]
    assert roster.on_duty(team=team_of(house.nordhafen), at=NOON + timedelta(7)) == []
    assert patterns.make_ahead(at=PLANNED + timedelta(weeks=30)) == 0


def test_an_open_shift_goes_to_the_first_who_takes_it(house: House) -> None:
    open_shift = shift(None, MONDAY, by=house.katrin, at=PLANNED)
    shifts.take(shift=open_shift.pk, by=house.aylin, at=PLANNED)
    with pytest.raises(shifts.ShiftGone):
        shifts.take(shift=open_shift.pk, by=house.katrin, at=PLANNED)
    assert roster.on_duty(team=team_of(house.nordhafen), at=NOON) == [house.aylin]
    again = shift(None, MONDAY, by=house.katrin, at=PLANNED)
    with pytest.raises(ShiftImpossible):
        shifts.take(shift=again.pk, by=house.boris, at=PLANNED)
