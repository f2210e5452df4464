"""The pages of the roster: planning, swapping, absences, coverage, the on-call list, the calendar."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from accounts.models import Membership, Role
from accounts.operations import staff
from counselling import roster
from counselling.models import Absence, Claim, HouseRules, OnCall, Pattern, RosterFeed, Shift, Swap
from counselling.operations import holding, swaps
from tests.counselling.house import House, open_house
from tests.counselling.pages import errors, words
from tests.factories import ask, claim, enrol
from tests.factories.roster import shift, team_of, weekly
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 1, 12, tzinfo=BERLIN)


@pytest.fixture
def house() -> House:
    return open_house()


@pytest.fixture(autouse=True)
def sunday_noon():  # type: ignore[no-untyped-def]
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def lead(house: House) -> Membership:
    """Somebody who leads the team Erziehung."""
    return enrol(house.nordhafen, "Birte Harms", role=Role.SUPERVISOR, teams=["Erziehung"])


def plan(lead: Membership, person: Membership | None, /, **changed: object):  # type: ignore[no-untyped-def]
    fields: dict[str, object] = {
        "repeat": "once",
        "team": str(team_of(lead.organisation).pk),
        "member": str(person.pk) if person else "",
        "day": "2026-03-02",
        "last_day": "",
        "begins": "09:00",
        "ends": "17:00",
        "channel": "both",
        "capacity": "5",
        "zone": "Europe/Berlin",
    }
    return signed_in(lead).post(reverse("roster-plan"), fields | changed)


def test_a_supervisor_plans_single_and_weekly_shifts_and_ends_a_week(
    house: House, lead: Membership
) -> None:
    assert plan(lead, house.katrin).status_code == 302
    assert Shift.objects.get().starts_at == datetime(2026, 3, 2, 9, tzinfo=BERLIN)
    night = {"repeat": "weekly", "begins": "22:00", "ends": "06:00", "next_day": "on"}
    assert plan(lead, house.aylin, **night).status_code == 302
    pattern = Pattern.objects.get()
    page = words(signed_in(lead).get(reverse("roster-plan")))
    assert "Montag, 22:00–6:00 Uhr (am nächsten Tag)" in page
    assert "Aylin Demir" in page
    assert Shift.objects.filter(pattern=pattern).count() == 8
    signed_in(lead).post(reverse("pattern-end", args=[pattern.pk]))
    assert not Shift.objects.filter(pattern=pattern, cancelled_at__isnull=True).exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"begins": "17:00", "ends": "09:00"}, "Der Dienst endet, bevor er beginnt."),
        ({"ends": "08:00", "next_day": "on"}, "Ein Dienst dauert höchstens 16 Stunden."),
        ({"zone": "Europe/Nordhafen"}, "Diese Zeitzone gibt es nicht."),
        ({"zone": "x" * 70}, "Bitte geben Sie eine Zeitzone an"),
        ({"day": "2026-02-30"}, "Bitte geben Sie einen Tag so an"),
        ({"day": "0001-01-01"}, "Dieses Jahr kann nicht stimmen."),
        ({"day": "2026-02-02"}, "Das ist schon vorbei."),
        ({"begins": "25:00"}, "Bitte geben Sie eine Uhrzeit so an"),
        ({"capacity": "0"}, "Bitte geben Sie eine Zahl von 1 bis 99 ein."),
        ({"capacity": "viele"}, "Bitte geben Sie eine Zahl von 1 bis 99 ein."),
        ({"member": "niemand"}, "Diese Person gibt es hier nicht."),
        ({"team": "x"}, "Dieses Team gibt es nicht."),
        ({"channel": "fax"}, "Bitte wählen Sie, was."),
        (
            {"repeat": "weekly", "last_day": "2026-03-01"},
            "Der Dienst endet, bevor er beginnt.",
        ),
        (
            {"day": "2026-03-29", "begins": "02:10", "ends": "02:50"},
            "Der Dienst endet, bevor er beginnt.",
        ),
    ],
)
def test_a_shift_that_cannot_be_meant_is_refused_with_why(
    house: House, lead: Membership, changed: dict[str, object], sentence: str
) -> None:
    page = plan(lead, house.katrin, **changed)
    assert page.status_code == 200
    assert sentence in errors(page)
    assert not Shift.objects.exists()


def test_an_overlap_says_with_which_shift(house: House, lead: Membership) -> None:
    plan(lead, house.katrin)
    page = plan(lead, house.katrin, begins="16:00", ends="18:00")
    assert "Da hat die Person schon einen Dienst: Mo, 2. März, 9:00–17:00 Uhr." in errors(page)
    page = plan(lead, house.lea)
    assert "Diese Person beantwortet keine Fragen dieses Teams." in errors(page)
    page = plan(lead, house.boris)
    assert "Diese Person gibt es hier nicht." in errors(page)


def test_the_week_shows_shifts_and_costs_the_same_for_few_and_many(
    house: House, lead: Membership
) -> None:
    def look() -> int:
        browser = signed_in(house.katrin)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(reverse("shifts"), {"woche": "2026-03-02"}).status_code == 200
        return len(captured)

    shift(house.katrin, MONDAY, at=NOW)
    shift(None, MONDAY, by=lead, at=NOW)
    few = look()
    for day in range(5):
        shift(house.katrin, MONDAY + timedelta(days=day), "18:00", "20:00", at=NOW)
        shift(house.aylin, MONDAY + timedelta(days=day), at=NOW)
        shift(None, MONDAY + timedelta(days=day), "05:00", "06:00", by=lead, at=NOW)
    assert look() == few
    page = words(signed_in(house.katrin).get(reverse("shifts"), {"woche": "2026-03-02"}))
    assert "Mo, 2. März, 9:00–17:00 Uhr" in page
    assert "Aylin Demir" in page
    for nonsense in ("gestern", "9999-12-31", "0001-01-01"):
        assert signed_in(lead).get(reverse("shifts"), {"woche": nonsense}).status_code == 200


def test_a_swap_changes_hands_only_when_the_colleague_accepts(house: House) -> None:
    mine = shift(house.katrin, MONDAY, at=NOW)
    theirs = shift(house.aylin, MONDAY + timedelta(days=1), at=NOW)
    browser = signed_in(house.katrin)
    browser.post(
        reverse("shift", args=[mine.pk]),
        {"do": "swap", "taker": str(house.aylin.pk), "in_return": str(theirs.pk)},
    )
    swap = Swap.objects.get()
    assert Shift.objects.get(pk=mine.pk).member == house.katrin
    assert "Katrin Petersen fragt, ob Sie" in words(signed_in(house.aylin).get(reverse("shifts")))
    # Jonas was not asked.
    signed_in(house.jonas).post(reverse("swap", args=[swap.pk]), {"do": "accept"})
    assert Shift.objects.get(pk=mine.pk).member == house.katrin
    signed_in(house.aylin).post(reverse("swap", args=[swap.pk]), {"do": "accept"})
    assert Shift.objects.get(pk=mine.pk).member == house.aylin
    assert Shift.objects.get(pk=theirs.pk).member == house.katrin
    with pytest.raises(swaps.SwapGone):
        swaps.decline(swap=swap.pk, by=house.aylin, at=NOW)


def test_two_who_work_at_the_same_time_can_swap_and_nobody_gets_two_shifts_at_once(
    house: House,
) -> None:
    mine = shift(house.katrin, MONDAY, at=NOW)
    theirs = shift(house.aylin, MONDAY, "10:00", "18:00", at=NOW)
    swap = swaps.ask(shift=mine.pk, taker=house.aylin, in_return=theirs.pk, by=house.katrin, at=NOW)
    with pytest.raises(swaps.AlreadyAsked):
        swaps.ask(shift=mine.pk, taker=house.jonas, in_return=None, by=house.katrin, at=NOW)
    swaps.accept(swap=swap.pk, by=house.aylin, at=NOW)
    assert Shift.objects.get(pk=mine.pk).member == house.aylin
    page = signed_in(house.aylin).post(
        reverse("shift", args=[mine.pk]), {"do": "swap", "taker": str(house.katrin.pk)}, follow=True
    )
    assert "Da hat die Person schon einen Dienst" in words(page)


def test_who_gives_a_shift_away_leaves_it_open_and_a_colleague_takes_it(house: House) -> None:
    mine = shift(house.katrin, MONDAY, at=NOW)
    signed_in(house.jonas).post(reverse("shift", args=[mine.pk]), {"do": "put-up"})
    assert Shift.objects.get().member == house.katrin  # it is not his
    signed_in(house.katrin).post(reverse("shift", args=[mine.pk]), {"do": "put-up"})
    assert Shift.objects.get().member is None
    assert "Offene Dienste" in words(signed_in(house.aylin).get(reverse("shifts")))
    assert "Offene Dienste" not in words(signed_in(house.lea).get(reverse("shifts")))
    page = signed_in(house.lea).post(reverse("shift-take", args=[mine.pk]), follow=True)
    assert "Diese Person beantwortet keine Fragen dieses Teams." in words(page)
    signed_in(house.aylin).post(reverse("shift-take", args=[mine.pk]))
    assert Shift.objects.get().member == house.aylin


def test_a_supervisor_gives_a_shift_to_somebody_else_or_cancels_it(
    house: House, lead: Membership
) -> None:
    row = shift(house.katrin, MONDAY, at=NOW)
    address = reverse("shift", args=[row.pk])
    signed_in(house.jonas).post(address, {"do": "assign", "who": str(house.jonas.pk)})
    signed_in(house.jonas).post(address, {"do": "cancel"})
    assert Shift.objects.get().member == house.katrin
    signed_in(lead).post(address, {"do": "assign", "who": str(house.aylin.pk)})
    assert Shift.objects.get().member == house.aylin
    assert signed_in(lead).post(address, {"do": "assign", "who": "x"}).status_code == 404
    signed_in(lead).post(address, {"do": "cancel"})
    assert Shift.objects.get().cancelled_at is not None
    assert signed_in(lead).get(address).status_code == 404


def test_who_has_a_shift_names_who_follows(house: House) -> None:
    row = shift(house.katrin, MONDAY, at=NOW)
    address = reverse("shift", args=[row.pk])
    signed_in(house.katrin).post(address, {"do": "successor", "who": str(house.aylin.pk)})
    assert Shift.objects.get().successor == house.aylin
    signed_in(house.katrin).post(address, {"do": "successor", "who": ""})
    assert Shift.objects.get().successor is None


def test_an_absence_is_entered_for_oneself_and_by_who_plans_for_anybody(
    house: House, lead: Membership
) -> None:
    days = {"first_day": "2026-03-02", "begins": "", "last_day": "2026-03-04", "ends": ""}
    page = signed_in(house.katrin).post(
        reverse("absences"), {"member": str(house.aylin.pk), **days}
    )
    assert "Diese Person gibt es hier nicht." in errors(page)
    signed_in(house.katrin).post(reverse("absences"), {"member": str(house.katrin.pk), **days})
    own = Absence.objects.get()
    assert own.ends_at - own.starts_at == timedelta(days=3)
    signed_in(lead).post(reverse("absences"), {"member": str(house.aylin.pk), **days})
    assert "Aylin Demir" in words(signed_in(lead).get(reverse("absences")))
    assert "Aylin Demir" not in words(signed_in(house.katrin).get(reverse("absences")))
    signed_in(house.jonas).post(reverse("absence-drop", args=[own.pk]))
    assert Absence.objects.count() == 2
    signed_in(house.katrin).post(reverse("absence-drop", args=[own.pk]))
    assert Absence.objects.get().member == house.aylin
    inverted = {**days, "last_day": "2026-03-01"}
    page = signed_in(lead).post(reverse("absences"), {"member": str(house.aylin.pk), **inverted})
    assert "Das endet, bevor es beginnt, oder ist schon vorbei." in errors(page)


def test_the_coverage_shows_gaps_and_how_many_are_there(house: House, lead: Membership) -> None:
    with time_machine.travel(datetime(2026, 2, 23, 9, 30, tzinfo=BERLIN), tick=False):
        ask(house.nordhafen, topic="Schlaf")
    weekly(house.katrin, 0, first_day=MONDAY, at=NOW)
    shift(house.aylin, MONDAY, "09:30", "12:00", at=NOW)
    browser = signed_in(lead)
    page = browser.get(
        reverse("coverage"),
        {"woche": "2026-03-02", "team": str(team_of(house.nordhafen).pk)},
    )
    assert "Erziehung: Mo, 2. März, 0:00–9:00 Uhr" in words(page)
    cells = {row["hour"]: row["cells"][0] for row in page.context["rows"]}
    assert (cells[8].people, cells[9].people, cells[10].people, cells[16].people) == (0, 1, 2, 1)
    assert cells[8].is_gap
    assert cells[9].expected == pytest.approx(1 / 8)
    sunday = page.context["rows"][12]["cells"][6]
    assert not sunday.is_open
    assert not sunday.is_gap
    # The night of the change of clocks has an hour that is not there.
    assert browser.get(reverse("coverage"), {"woche": "2026-03-23"}).status_code == 200


def test_who_plans_the_first_shift_reads_that_from_then_on_only_who_is_planned_is_on_duty(
    house: House, lead: Membership
) -> None:
    browser = signed_in(lead)
    coverage = browser.get(reverse("coverage"))
    assert "So lange haben alle im Team Dienst." in words(coverage)
    assert "<strong>niemand</strong>" not in coverage.content.decode()
    assert "Zu jeder geöffneten Stunde ist jemand da." not in words(coverage)
    assert "Deshalb haben jetzt alle im Team Dienst." in words(browser.get(reverse("roster-plan")))
    shift(house.aylin, MONDAY, "09:30", "12:00", at=NOW)
    assert "haben alle im Team Dienst" not in words(browser.get(reverse("coverage")))
    assert "haben jetzt alle im Team" not in words(browser.get(reverse("roster-plan")))


def test_the_on_call_list_is_edited_in_order(house: House, lead: Membership) -> None:
    browser, address = signed_in(lead), reverse("on-call")
    assert "gehen Alarme an alle Leitungen" in words(browser.get(address))
    for member in (house.katrin, lead):
        browser.post(address, {"member": str(member.pk), "first_day": "", "last_day": ""})
    assert roster.on_call(organisation=house.nordhafen, at=NOW) == [house.katrin, lead]
    last = OnCall.objects.get(member=lead)
    browser.post(address, {"entry": str(last.pk), "do": "up"})
    assert roster.on_call(organisation=house.nordhafen, at=NOW) == [lead, house.katrin]
    page = browser.post(
        address,
        {"member": str(house.aylin.pk), "first_day": "2026-03-05", "last_day": "2026-03-04"},
    )
    assert "Das endet, bevor es beginnt" in errors(page)
    # Nobody of another organisation changes it.
    elsewhere = enrol(house.suedstadt, "Zoe Berg", role=Role.ADMIN)
    signed_in(elsewhere).post(address, {"entry": str(last.pk), "do": "remove"})
    for nonsense in ("x", "", "9" * 30):
        browser.post(address, {"entry": nonsense, "do": "remove"})
    assert OnCall.objects.count() == 2
    browser.post(address, {"entry": str(last.pk), "do": "remove"})
    assert roster.on_call(organisation=house.nordhafen, at=NOW) == [house.katrin]


def test_the_calendar_feed_has_shifts_only_and_works_by_its_secret_alone(house: House) -> None:
    shift(house.katrin, MONDAY, at=NOW, lead=True)
    shift(house.aylin, MONDAY, at=NOW)
    asked = ask(house.nordhafen, topic="Schlaf")
    claim(asked, house.katrin)
    browser = signed_in(house.katrin)
    address = reverse("calendar-link")
    assert "noch keinen Link" in words(browser.get(address))
    page = browser.post(address, follow=True)
    link = page.context["link"]
    assert link not in words(browser.get(address))  # shown once
    stranger = Client()
    answer = stranger.get(link)
    assert answer["Content-Type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert [str(one["summary"]) for one in events] == ["Erziehung (Leitung)"]
    assert events[0].decoded("dtstart") == datetime(2026, 3, 2, 9, tzinfo=BERLIN)
    assert asked.case.reference not in answer.content.decode()
    token = link.rsplit("/", 1)[1].removesuffix(".ics")
    assert token.encode() not in bytes(RosterFeed.objects.get().token_hash)
    browser.post(address)  # renewed: the old one is over
    assert stranger.get(link).status_code == 404
    renewed = browser.get(address).context["link"]
    assert stranger.get(renewed).status_code == 200
    staff.end_membership(member=house.katrin, by=house.ada, at=NOW)
    assert stranger.get(renewed).status_code == 404


def test_rules_and_profiles_are_changed_and_bad_ones_refused(
    house: House, lead: Membership
) -> None:
    rules = {
        "return_sofort_minutes": "20",
        "return_dringend_minutes": "60",
        "return_normal_minutes": "600",
        "approval_minutes": "30",
        "pushed": [str(team_of(house.nordhafen).pk)],
        "four_eyes_sofort": "on",
    }
    browser = signed_in(lead)
    page = browser.post(reverse("working-rules"), {**rules, "return_sofort_minutes": "0"})
    assert "Bitte geben Sie eine Zahl von 5 bis 20160 ein" in errors(page)
    assert browser.post(reverse("working-rules"), rules).status_code == 302
    saved = HouseRules.objects.get()
    assert (saved.return_sofort_minutes, saved.four_eyes_sofort) == (20, True)
    topic = house.nordhafen.topics.get(name="Schlaf")
    address = reverse("work-profile", args=[house.katrin.pk])
    browser.post(address, {"ceiling": "3", "topics": [str(topic.pk)], "needs_approval": "on"})
    assert roster.load(house.katrin, at=NOW).capacity == 3
    assert "zweite Person liest mit" in words(browser.get(reverse("working-rules")))
    page = browser.post(address, {"ceiling": "100"})
    assert "Bitte geben Sie eine Zahl von 1 bis 99 ein." in errors(page)


def test_a_case_that_goes_back_soon_says_so_and_can_be_kept(house: House) -> None:
    asked = ask(house.nordhafen, topic="Schlaf")
    claim(asked, house.katrin)
    late = NOW + timedelta(hours=23, minutes=50)
    with time_machine.travel(late, tick=False):
        holding.warn_of_return(at=late)
        browser = signed_in(house.katrin)
        assert "Geht um 12:00 Uhr zurück" in words(browser.get(reverse("my-cases")))
        assert "Geht um 12:00 Uhr zurück" in words(browser.get(reverse("queue")))
        assert "Ich bin noch dran" in words(browser.get(reverse("case", args=[asked.pk])))
        page = signed_in(house.aylin).get(reverse("case", args=[asked.pk]))
        assert "Ich bin noch dran" not in words(page)
        browser.post(reverse("case-stay", args=[asked.pk]))
        assert Claim.objects.get().returns_at == late + timedelta(hours=24)
