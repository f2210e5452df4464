"""The queue: what is next and why, for whom it waits and for nobody else."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from counselling import queries
from counselling.views.rows import due_words, span_since, span_until
from tests.counselling.house import House, open_house
from tests.factories import ask, claim, client_writes, close, reply
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
CANARY = "Kanarienvogel im Schlafzimmer"
OUT_OF_TIME = f"0|0001-01-01T00:00:00%2B14:00|{UUID(int=0)}"


@pytest.fixture
def house() -> House:
    return open_house()


def page_of(member: Membership, address: str = "queue", query: str = "", **headers: str) -> str:
    response = signed_in(member).get(reverse(address) + query, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def references(html: str) -> list[str]:
    return re.findall(r"Fall ([A-Z2-7]{3}-[A-Z2-7]{3})", html)


def test_cases_wait_in_order_of_urgency_and_then_of_due_time(house: House) -> None:
    now = timezone.now()
    late = ask(house.nordhafen, at=now - timedelta(hours=1))
    early = ask(house.nordhafen, at=now - timedelta(days=6))
    danger = ask(house.nordhafen, in_danger=True, at=now)

    html = page_of(house.katrin)

    assert references(html) == [c.case.reference for c in (danger, early, late)]


def test_katrin_sees_at_a_glance_what_is_next_and_why(house: House) -> None:
    ask(house.nordhafen, topic="Schlaf", age_band="1-3", at=timezone.now() - timedelta(hours=2))
    ask(house.nordhafen, in_danger=True)

    html = page_of(house.katrin)

    assert html.index("als Nächstes") < html.index("Neue Frage. Noch niemand hat geantwortet.")
    assert "Die ratsuchende Person gibt an: Jemand ist in Gefahr." in html
    for fact in ("Schlaf", "1 bis 3 Jahre", "Erziehung", "wartet seit 2 Std.", "noch "):
        assert fact in html
    assert "2 Anfragen warten." in html


def test_a_case_past_its_due_time_says_since_when(house: House) -> None:
    ask(house.nordhafen, in_danger=True, at=timezone.now() - timedelta(minutes=45))

    assert "überfällig seit 40 Min." in page_of(house.katrin)


def test_no_word_of_a_question_stands_in_any_list(house: House) -> None:
    now = timezone.now()
    ask(house.nordhafen, CANARY)
    held, closed = ask(house.nordhafen, CANARY), ask(house.nordhafen, CANARY)
    claim(held, house.katrin, at=now)
    reply(closed, house.katrin, CANARY)
    close(closed, house.katrin)

    for member in (house.katrin, house.aylin):
        for address in ("queue", "my-cases", "team-cases"):
            assert CANARY not in page_of(member, address)
        assert CANARY not in page_of(member, "team-cases", "?zeige=abgeschlossen")


def test_lea_of_another_team_and_boris_next_door_see_nothing_of_it(house: House) -> None:
    asked = ask(house.nordhafen)

    for member in (house.lea, house.boris):
        for address in ("queue", "my-cases", "team-cases"):
            assert asked.case.reference not in page_of(member, address)


def test_ada_of_the_administration_finds_no_queue(house: House) -> None:
    browser = signed_in(house.ada)

    for address in ("queue", "my-cases", "team-cases"):
        assert browser.get(reverse(address)).status_code == 404


def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(house: House) -> None:
    response = Client().get(reverse("queue"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("login"))


def test_own_cases_whose_client_waits_stand_first(house: House) -> None:
    # Asked days apart: on a Sunday, what was asked within hours is due at the same moment.
    mine = ask(house.nordhafen, at=timezone.now() - timedelta(days=3))
    waiting, answered = ask(house.nordhafen), ask(house.nordhafen)
    claim(mine, house.katrin)
    reply(answered, house.katrin)

    html = page_of(house.katrin)

    assert "Meine Fälle: jetzt dran" in html
    assert references(html) == [mine.case.reference, waiting.case.reference]


def test_what_is_urgent_in_the_queue_comes_before_an_own_case_that_is_not(house: House) -> None:
    mine, danger = ask(house.nordhafen), ask(house.nordhafen, in_danger=True)
    claim(mine, house.katrin)

    html = page_of(house.katrin)

    assert references(html) == [danger.case.reference, mine.case.reference]
    assert html.count("als Nächstes") == 1
    marked = html.index("als Nächstes")
    assert html.index(f"case-{danger.case.reference.lower()}") < marked
    assert marked < html.index(f"case-{mine.case.reference.lower()}")


def test_own_cases_do_not_push_what_waits_out_of_sight(house: House) -> None:
    waiting = ask(house.nordhafen)
    for _ in range(5):
        claim(ask(house.nordhafen, at=timezone.now() - timedelta(hours=5)), house.katrin)

    html = page_of(house.katrin)

    assert len(references(html)) == 3 + 1
    assert references(html)[-1] == waiting.case.reference
    assert "Alle 5 eigenen Fälle ansehen" in html


def test_the_list_costs_the_same_number_of_queries_at_3_and_at_300_cases(house: House) -> None:
    browser = signed_in(house.katrin)
    for _number in range(3):
        ask(house.nordhafen, topic="Schlaf")
    with CaptureQueriesContext(connection) as at_three:
        browser.get(reverse("queue"))
    for number in range(297):
        asked = ask(house.nordhafen, topic="Schlaf", in_danger=number % 9 == 0)
        if number % 10 == 0:
            claim(asked, house.katrin)
    with CaptureQueriesContext(connection) as at_three_hundred:
        html = browser.get(reverse("queue")).content.decode()

    assert len(at_three_hundred) == len(at_three)
    assert "Mehr als 200 Anfragen warten." in html
    assert "mehr als " in html


def test_a_long_queue_goes_on_where_its_first_page_ended(house: House) -> None:
    asked = [ask(house.nordhafen, at=timezone.now()) for _number in range(queries.PAGE + 7)]
    first = page_of(house.katrin)
    found = re.search(r'rel="next"\s+href="(\?after=[^"]+)"', first)
    assert found is not None
    second = page_of(house.katrin, query=found.group(1))

    listed = references(first) + references(second)
    assert len(references(first)) == queries.PAGE
    assert sorted(listed) == sorted(one.case.reference for one in asked)
    assert "Zum Anfang" in second


@pytest.mark.parametrize(
    "after", ["x", "1|2|3", "%00", "9" * 5000, "1|2026-01-01|kein-fall", OUT_OF_TIME]
)
def test_a_made_up_place_in_the_queue_leads_to_its_top(house: House, after: str) -> None:
    asked = ask(house.nordhafen)

    assert references(page_of(house.katrin, query=f"?after={after}")) == [asked.case.reference]


def test_a_refresh_brings_the_list_only_and_says_what_is_new(house: House) -> None:
    ask(house.nordhafen)
    before = page_of(house.katrin)
    found = re.search(r'hx-get="([^"]+stand=[^"]+)"', before)
    assert found is not None
    query = "?" + found.group(1).partition("?")[2]
    same = page_of(house.katrin, query=query, HX_Request="true")
    danger = ask(house.nordhafen, in_danger=True)
    part = page_of(house.katrin, query=query, HX_Request="true")

    assert "<html" not in part
    assert danger.case.reference in part
    assert "Neu in der Warteschlange: sofort." in part
    assert "Neu in der Warteschlange" not in same


@pytest.mark.parametrize("stand", ["x", "1-2", "1-2-3-4", "-1--1-0", "9" * 5000 + "-0-0", "%FF"])
def test_a_made_up_count_announces_nothing(house: House, stand: str) -> None:
    ask(house.nordhafen)

    html = page_of(house.katrin, query=f"?stand={stand}", HX_Request="true")

    assert "Neu in der Warteschlange" not in html


def test_my_cases_tell_who_waits_from_who_is_to_write_next(house: House) -> None:
    due, answered, again = (ask(house.nordhafen) for _number in range(3))
    claim(due, house.katrin)
    reply(answered, house.katrin)
    reply(again, house.katrin)
    client_writes(again)

    html = page_of(house.katrin, "my-cases")

    waits, _heading, over = html.partition("Beantwortet – die ratsuchende Person ist dran")
    assert set(references(waits)) == {due.case.reference, again.case.reference}
    assert references(over) == [answered.case.reference]


def test_all_cases_name_the_colleague_who_has_one(house: House) -> None:
    asked, closed = ask(house.nordhafen), ask(house.nordhafen)
    claim(asked, house.aylin)
    reply(closed, house.aylin)
    close(closed, house.aylin)

    with_colleagues = page_of(house.katrin, "team-cases")
    over = page_of(house.katrin, "team-cases", "?zeige=abgeschlossen")

    assert references(with_colleagues) == [asked.case.reference]
    assert "bei Aylin Demir" in with_colleagues
    assert references(over) == [closed.case.reference]


def test_a_queue_of_two_teams_is_one_list(house: House) -> None:
    house.katrin.teams.set(house.nordhafen.teams.all())
    now = timezone.now()
    asked = [
        ask(
            house.nordhafen,
            topic=("Schlaf", "Gewalt")[number % 2],
            in_danger=number % 5 == 0,
            at=now - timedelta(hours=number),
        )
        for number in range(queries.PAGE + 9)
    ]
    rows = sorted(
        (one.now() for one in asked), key=lambda case: (case.urgency, case.due_at, case.pk)
    )

    first = queries.waiting(house.katrin)
    second = queries.waiting(house.katrin, after=first.next_after)

    assert [*first.cases, *second.cases] == rows
    assert sum(first.counts.values()) == len(rows)
    assert second.next_after == ""


def test_times_are_said_as_one_says_them() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)  # 13 Uhr in Berlin

    assert due_words(at + timedelta(hours=2), at=at) == "heute, 15:00 Uhr"
    assert due_words(at + timedelta(hours=11), at=at) == "heute, 24 Uhr"
    assert due_words(at + timedelta(days=1), at=at) == "morgen, 13:00 Uhr"
    assert due_words(at + timedelta(days=4), at=at) == "Di, 24. November, 13:00 Uhr"
    assert span_since(timedelta(seconds=3)) == "1 Min."
    assert span_since(timedelta(hours=47)) == "47 Std."
    assert span_since(timedelta(days=3)) == "3 Tagen"
    assert span_until(timedelta(days=3)) == "3 Tage"
