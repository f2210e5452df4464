"""Ada sets working hours and answering times: what is refused with why, and what a change moves."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership, Team
from audit.models import TrailEntry
from counselling import promises
from counselling.models import Deadline, Reckoning, ServiceLevel, WorkCalendar
from counselling.operations import promises as operations
from counselling.sla import Channel, Targets, Urgency
from tests import factories
from tests.counselling.house import House, open_house
from tests.counselling.pages import words
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)  # ten o'clock in Berlin
OFFICE = {
    **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9-12, 14-17"),
    "saturday": "",
    "sunday": "geschlossen",
    "land": "BE",
    "zone": "Europe/Berlin",
    "days": "24.12.2026 geschlossen\n28.11.2026 10:30-14",
}
LEVELS = {
    f"{urgency}_{name}": value
    for urgency in ("sofort", "dringend", "normal")
    for name, value in (
        ("acknowledgement", "10 Min." if urgency == "sofort" else ""),
        ("first", "3 Std."),
        ("next", "90 Min."),
        ("warning", "50"),
    )
}


@pytest.fixture
def house() -> House:
    """Nordhafen, Südstadt next door, and who works there."""
    return open_house()


def send(member: Membership, name: str, form: dict[str, str], query: str = "") -> HttpResponse:
    """Send a settings form, and follow."""
    with time_machine.travel(MONDAY, tick=False):
        return signed_in(member).post(reverse(name) + query, form, follow=True)  # type: ignore[return-value]  # the test client's


def team(house: House, name: str = "Krise") -> Team:
    """Return a team of Nordhafen."""
    return Team.objects.get(organisation=house.nordhafen, name=name)


def targets_of(team: Team, channel: Channel) -> Targets:
    return promises.rules(team.organisation).targets(team.pk, channel)


def test_nobody_must_set_anything(house: House) -> None:
    calendar = promises.calendar_of(house.nordhafen)
    targets = targets_of(team(house), Channel.CHAT)

    assert calendar.land == house.nordhafen.land
    assert [bool(spans) for spans in calendar.weekly] == [True] * 5 + [False] * 2
    assert targets.sofort.acknowledgement == timedelta(minutes=5)
    assert targets.dringend.first == timedelta(hours=4)
    assert (targets.normal.first, targets.normal.most_days) == (timedelta(hours=24), 2)


def test_ada_sets_the_hours_of_the_house_and_of_one_team(house: House) -> None:
    assert "Gespeichert." in words(send(house.ada, "calendar", OFFICE))
    krise = f"?team={team(house).pk}"
    send(house.ada, "calendar", OFFICE | {"monday": "0-24", "land": ""}, krise)

    of_house = promises.calendar_of(house.nordhafen)
    of_team = promises.calendar_of(team(house))
    assert len(of_house.weekly[0]) == 2
    assert len(of_team.weekly[0]) == 1
    assert (of_house.land, of_team.land) == ("BE", "")
    assert len(of_house.closed) == len(of_house.opened) == 1
    assert promises.calendar_of(team(house, "Erziehung")) == of_house
    page = words(signed_in(house.ada).get(reverse("calendar")))
    assert (
        "9:00-12:00, 14:00-17:00" in signed_in(house.ada).get(reverse("calendar")).content.decode()
    )
    assert "Arbeitszeiten für alle" in page
    listed = words(signed_in(house.ada).get(reverse("calendars")))
    assert "Samstag geschlossen" in listed
    send(house.ada, "calendar", {"drop": "1"}, krise)
    assert promises.calendar_of(team(house)) == of_house
    assert set(
        TrailEntry.objects.filter(action__startswith="calendar.").values_list("action", flat=True)
    ) == {
        "calendar.saved",
        "calendar.dropped",
    }


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("monday", "9-12, 11-14", "Zwei Zeiten überschneiden sich."),
        ("monday", "12-9", "Eine Zeit muss enden, nachdem sie begonnen hat."),
        ("monday", "9-9", "Eine Zeit muss enden, nachdem sie begonnen hat."),
        ("monday", "9-25", "Ein Tag geht von 0 bis 24 Uhr."),
        ("monday", "9:75-12", "Ein Tag geht von 0 bis 24 Uhr."),
        ("monday", "vormittags", "„vormittags“ ist keine Zeit."),
        ("monday", "9-12,", "„“ ist keine Zeit."),
        ("monday", "1-2," * 30, "Mehr als 8 Zeiten an einem Tag gehen nicht."),
        ("monday", "9" * 10_000, "Der Text ist zu lang"),
        ("zone", "", "Bitte geben Sie eine Zeitzone an"),
        ("zone", "Europe/Atlantis", "Diese Zeitzone kennen wir nicht."),
        ("zone", "../../etc/passwd", "Diese Zeitzone kennen wir nicht."),
        ("land", "XX", "Bitte wählen Sie ein Bundesland aus."),
        ("days", "Heiligabend", "Zeile 1: Bitte schreiben Sie"),
        ("days", "24.12.2026", "Zeile 1: Bitte schreiben Sie"),
        ("days", "31.02.2026 zu", "Zeile 1: Diesen Tag gibt es nicht."),
        ("days", "24.12.2026 zu\n24.12.2026 9-12", "Zeile 2: Dieser Tag steht schon weiter oben."),
        ("days", "24.12.2026 12-9", "Eine Zeit muss enden, nachdem sie begonnen hat."),
        ("days", "24.12.2026 9-25", "Zeile 1: Ein Tag geht von 0 bis 24 Uhr."),
        ("days", "01.01.2027 zu\n" * 401, "Zeile 2: Dieser Tag steht schon weiter oben."),
    ],
)
def test_hours_that_cannot_be_meant_are_refused_with_why(
    house: House, field: str, typed: str, sentence: str
) -> None:
    page = words(send(house.ada, "calendar", OFFICE | {field: typed}))

    assert sentence in page
    assert not WorkCalendar.objects.exists()


def test_a_week_in_which_nobody_works_is_refused_with_why(house: House) -> None:
    never = OFFICE | dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "")

    assert "So wird nie gearbeitet, und nichts würde je fällig." in words(
        send(house.ada, "calendar", never)
    )
    assert not WorkCalendar.objects.exists()


def test_ada_sets_what_is_promised_for_one_team_in_chat(house: House) -> None:
    query = f"?team={team(house).pk}&kanal=chat"
    assert "Gespeichert." in words(send(house.ada, "service-level", LEVELS, query))

    in_chat = targets_of(team(house), Channel.CHAT)
    assert in_chat.sofort.acknowledgement == timedelta(minutes=10)
    assert (in_chat.normal.first, in_chat.normal.next) == (
        timedelta(hours=3),
        timedelta(minutes=90),
    )
    assert (in_chat.normal.warning, in_chat.normal.most_days) == (0.5, None)
    by_mail = targets_of(team(house), Channel.MAIL)
    assert by_mail.normal.first == timedelta(hours=24)
    listed = words(signed_in(house.ada).get(reverse("service-levels")))
    assert "Krise, Chat" in listed
    assert "90 Min." in listed
    send(house.ada, "service-level", {"drop": "1"}, query)
    assert not ServiceLevel.objects.exists()


def test_what_is_more_special_goes_first(house: House) -> None:
    krise = f"team={team(house).pk}"
    for query, hours in (
        ("", "9"),
        ("?kanal=chat", "8"),
        (f"?{krise}", "7"),
        (f"?{krise}&kanal=chat", "6"),
    ):
        send(house.ada, "service-level", LEVELS | {"normal_first": f"{hours} Std."}, query)

    def first(where: Team, channel: Channel) -> float:
        return targets_of(where, channel).normal.first / timedelta(hours=1)

    erziehung = team(house, "Erziehung")
    assert [first(one, channel) for one in (erziehung, team(house)) for channel in Channel] == [
        9,
        8,
        7,
        6,
    ]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("normal_first", "", "Bitte geben Sie eine Zeit an, zum Beispiel 30 Min. oder 4 Std."),
        ("normal_first", "0 Min.", "Bitte geben Sie eine Zeit zwischen 1 Minute und 14 Tagen an."),
        ("sofort_acknowledgement", "0 Min.", "zwischen 1 Minute und 14 Tagen"),
        ("normal_next", "0", "zum Beispiel 30 Min. oder 4 Std."),
        ("normal_next", "15 Tage", "zwischen 1 Minute und 14 Tagen"),
        ("normal_next", "-5 Min.", "zum Beispiel 30 Min. oder 4 Std."),
        ("normal_next", "5 Äonen", "zum Beispiel 30 Min. oder 4 Std."),
        ("normal_next", "9" * 5000 + " Min.", "Der Text ist zu lang"),
        ("normal_warning", "100", "Bitte geben Sie eine Zahl von 10 bis 95 ein."),
        ("normal_warning", "0", "Bitte geben Sie eine Zahl von 10 bis 95 ein."),
        ("normal_warning", "bald", "Bitte geben Sie eine Zahl von 10 bis 95 ein."),
        ("normal_most_days", "0", "Bitte geben Sie eine Zahl von 1 bis 20 ein."),
    ],
)
def test_times_that_cannot_be_kept_are_refused_with_why(
    house: House, field: str, typed: str, sentence: str
) -> None:
    page = words(send(house.ada, "service-level", LEVELS | {field: typed}))

    assert sentence in page
    assert not ServiceLevel.objects.exists()


@pytest.mark.parametrize(
    "query", ["?team=x", "?kanal=fax", "?team=00000000-0000-0000-0000-000000000000"]
)
@pytest.mark.parametrize("name", ["calendar", "service-level"])
def test_made_up_addresses_lead_nowhere(house: House, name: str, query: str) -> None:
    expected = 200 if (name, query) == ("calendar", "?kanal=fax") else 404
    assert signed_in(house.ada).get(reverse(name) + query).status_code == expected


@pytest.mark.parametrize("name", ["calendar", "service-level"])
def test_ada_has_no_say_in_another_organisations_teams(house: House, name: str) -> None:
    theirs = Team.objects.filter(organisation=house.suedstadt).first()
    assert theirs is not None
    form = OFFICE if name == "calendar" else LEVELS

    response = signed_in(house.ada).post(f"{reverse(name)}?team={theirs.pk}", form)

    assert response.status_code == 404
    assert not WorkCalendar.objects.exists()
    assert not ServiceLevel.objects.exists()


# --- What a change moves -----------------------------------------------------------------------------
def test_ada_sees_what_would_move_before_it_does(house: House) -> None:
    asked = [factories.ask(house.nordhafen, at=MONDAY) for _ in range(3)]
    factories.ask(house.suedstadt, at=MONDAY)
    before = asked[0].now().due_at

    preview = words(send(house.ada, "calendar", OFFICE))

    assert "3 laufende Fristen verschieben sich. 3 davon werden später." in preview
    assert asked[0].case.reference in preview
    assert "morgen, 10:00 Uhr" in preview  # bisher
    assert "Mittwoch" not in preview
    assert "Mi, 25. November, 17:00 Uhr" in preview
    assert not WorkCalendar.objects.exists()
    assert asked[0].now().due_at == before

    back = send(house.ada, "calendar", OFFICE | {"back": "1"}).content.decode()
    assert "9-12, 14-17" in back
    assert not WorkCalendar.objects.exists()


def test_confirmed_it_moves_in_batches_and_parents_read_that_it_takes_longer(house: House) -> None:
    asked = [factories.ask(house.nordhafen, at=MONDAY) for _ in range(5)]
    theirs = factories.ask(house.suedstadt, at=MONDAY)
    before = asked[0].now().due_at
    assert before is not None

    send(house.ada, "calendar", OFFICE | {"confirm": "1"})
    assert asked[0].now().due_at == before
    later = MONDAY + timedelta(minutes=1)
    batches = 0
    while operations.reckon_some(at=later, most=2):
        batches += 1

    assert batches == 3
    assert {one.now().due_at for one in asked} == {datetime(2026, 11, 25, 16, tzinfo=UTC)}
    assert theirs.now().due_at == before
    assert Reckoning.objects.get().moved == 5
    row = Deadline.objects.get(case=asked[0].pk)
    assert row.promised_at == before
    assert TrailEntry.objects.get(action="promises.reckoned").detail == {"moved": 5}


def test_a_missed_promise_stays_missed_and_an_earlier_one_comes_earlier(house: House) -> None:
    asked = factories.ask(house.nordhafen, at=MONDAY)
    missed = factories.ask(house.nordhafen, at=MONDAY)
    Deadline.objects.filter(case=missed.pk).update(breached_at=MONDAY)
    due = missed.now().due_at

    send(house.ada, "service-level", LEVELS | {"confirm": "1"})
    while operations.reckon_some(at=MONDAY + timedelta(minutes=1)):
        pass

    assert asked.now().due_at == MONDAY + timedelta(hours=3)
    assert Deadline.objects.get(case=asked.pk).promised_at == MONDAY + timedelta(hours=3)
    assert missed.now().due_at == due


def test_a_killed_worker_leaves_a_batch_to_the_next(house: House) -> None:
    asked = [factories.ask(house.nordhafen, at=MONDAY) for _ in range(4)]
    send(house.ada, "service-level", LEVELS | {"confirm": "1"})
    later = MONDAY + timedelta(minutes=1)
    assert operations.reckon_some(at=later, most=2)
    half = [one.now().due_at == MONDAY + timedelta(hours=3) for one in asked]

    while operations.reckon_some(at=later, most=2):
        pass

    assert half == [True, True, False, False]
    assert {one.now().due_at for one in asked} == {MONDAY + timedelta(hours=3)}


def test_a_page_that_remembers_the_old_rules_for_a_moment_is_waited_for(house: House) -> None:
    send(house.ada, "service-level", LEVELS | {"confirm": "1"})

    assert not operations.reckon_some(at=MONDAY + timedelta(seconds=5))
    assert operations.reckon_some(at=MONDAY + timedelta(seconds=10))


@pytest.mark.parametrize("name", ["calendars", "service-levels"])
def test_the_lists_cost_the_same_with_one_team_and_with_many(house: House, name: str) -> None:
    browser = signed_in(house.ada)
    browser.get(reverse(name))

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(reverse(name))
        return len(captured)

    one = cost()
    for number in range(12):
        extra = Team.objects.create(organisation=house.nordhafen, name=f"Team {number}")
        send(house.ada, "calendar", OFFICE, f"?team={extra.pk}")
        send(house.ada, "service-level", LEVELS, f"?team={extra.pk}")
    assert cost() == one


def test_a_module_shows_when_an_answer_would_be_due(house: House) -> None:
    send(house.ada, "service-level", LEVELS)
    assert promises.promised(house.nordhafen, Urgency.NORMAL, start=MONDAY) == MONDAY + timedelta(
        hours=3
    )
