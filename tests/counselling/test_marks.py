"""Marks: a part that would be drawn otherwise is never told that nothing is new; else it costs a few statements."""

import random
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import marks
from accounts.models import Membership, Role
from accounts.operations import staff
from counselling.models import Absence, Claim, OnCall
from counselling.sla import Urgency
from counselling.views import rows
from outbox.models import Delivery
from tests.counselling.day import CHANGES, IDS, NOT_ANY_MORE, WEDNESDAY, Day, open_day
from tests.counselling.parts import Part, ask_again, drawn, part_of
from tests.factories import ask, claim, client_writes, review
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
# Statements until it is clear that nothing is new. Who is there takes four of them, the case's door two.
MOST = {"queue": 8, "my-cases": 5, "team-cases": 5, "alarm-board": 5, "case": 11}


@pytest.fixture
def day(time_machine: Any) -> Day:
    time_machine.move_to(WEDNESDAY, tick=False)
    return open_day()


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_a_part_would_show_otherwise_is_told(day: Day, what: str) -> None:
    change, at_least = CHANGES[what]

    change(day)

    changed = day.changed()
    assert at_least <= changed, "the change shows where it should"
    assert changed <= day.told()


@pytest.mark.parametrize("seed", range(3))
def test_after_any_changes_in_any_order_nothing_that_is_shown_is_old(day: Day, seed: int) -> None:
    order = list(CHANGES)
    random.Random(seed).shuffle(order)
    happened = 0
    for what in order:
        try:
            CHANGES[what][0](day)
        except NOT_ANY_MORE:
            continue
        happened += 1
        told = day.told()
        assert day.changed() <= told, what
        for name in told:
            day.note(name, day.page(name))
    assert happened > len(order) / 2


def test_nothing_new_costs_a_few_statements_at_few_and_at_many_cases(day: Day) -> None:
    for _number in range(60):
        ask(day.house.nordhafen, topic="Schlaf", at=WEDNESDAY - timedelta(hours=5))
    for number in range(12):
        claim(ask(day.house.nordhafen), (day.house.katrin, day.house.aylin)[number % 2])
    day.open()

    for name, part in day.parts.items():
        with CaptureQueriesContext(connection) as statements:
            answer = ask_again(day.browser, part)
        assert (answer.status_code, answer.content) == (204, b""), name
        assert len(statements) <= MOST[name], name


def test_a_part_that_was_drawn_anew_is_then_at_rest(day: Day) -> None:
    client_writes(day.mine)
    ask(day.house.nordhafen, in_danger=True)
    for name in ("queue", "alarm-board", "case"):
        anew = ask_again(day.browser, day.parts[name]).content.decode()
        day.parts[name] = part_of(anew, IDS[name])

        assert ask_again(day.browser, day.parts[name]).status_code == 204


def test_a_mark_is_good_for_one_person_one_sign_in_and_one_language(day: Day) -> None:
    part = day.parts["queue"]
    english = Part(part.name, f"/en{part.address}", part.headers)

    assert ask_again(day.browser, english).status_code == 200
    assert ask_again(signed_in(day.house.aylin), part).status_code == 200
    assert ask_again(signed_in(day.house.katrin), part).status_code == 200
    day.browser.cookies["lotse-form"] = "a" * 32  # as after signing in anew in another tab
    assert ask_again(day.browser, part).status_code == 200


@pytest.mark.parametrize("made_up", ["", "x", "0" * 32, "ä" * 5000, "%00"])
def test_a_made_up_mark_brings_the_part(day: Day, made_up: str) -> None:
    for part in day.parts.values():
        other = Part(part.name, part.address, {marks.HEADER: made_up})
        assert ask_again(day.browser, other).status_code == 200


def test_a_mark_does_not_keep_a_whole_page_back(day: Day) -> None:
    part = day.parts["queue"]

    page = day.browser.get(part.address, headers=part.headers)

    assert page.status_code == 200
    assert "<html" in page.content.decode()


def test_marks_tell_nothing(day: Day) -> None:
    for name, part in day.parts.items():
        assert re.fullmatch(r"[0-9a-f]{32}(\.[0-9a-f]{32})?", part.headers[marks.HEADER]), name
    assert len({part.headers[marks.HEADER] for part in day.parts.values()}) == len(IDS)


def test_a_part_behaves_as_ever_when_somebody_is_out_or_may_no_more(day: Day) -> None:
    Membership.objects.filter(pk=day.house.katrin.pk).update(role=Role.ADMIN)
    for name, part in day.parts.items():
        assert ask_again(day.browser, part).status_code == 404, name
    staff.end_membership(member=day.house.katrin, by=day.house.ada, at=timezone.now())
    for part in day.parts.values():
        assert ask_again(day.browser, part)["HX-Redirect"] == reverse("login")


def test_a_case_that_is_deleted_or_went_to_others_leaves_the_screen(day: Day) -> None:
    day.house.katrin.teams.clear()
    assert ask_again(day.browser, day.parts["case"]).status_code == 204, "she holds it"
    Claim.objects.filter(case=day.mine.pk).update(ended_at=timezone.now(), end="released")
    assert ask_again(day.browser, day.parts["case"])["HX-Redirect"] == reverse("queue")


def test_who_leads_is_told_of_an_empty_on_call_list_and_of_what_is_not_delivered(day: Day) -> None:
    browser, house = signed_in(day.house.lea), day.house
    here = {"organisation": house.nordhafen, "member": house.lea}
    changes: list[Callable[[], object]] = [
        lambda: OnCall.objects.create(**here),
        lambda: Absence.objects.create(
            member=house.lea, starts_at=WEDNESDAY, ends_at=WEDNESDAY + timedelta(days=1)
        ),
        lambda: Absence.objects.all().delete(),
        lambda: OnCall.objects.all().delete(),
        lambda: OnCall.objects.create(**here, ends_at=WEDNESDAY + timedelta(seconds=1)),
        lambda: Delivery.objects.update(state=Delivery.State.DEAD, due_at=None),
    ]
    for number, change in enumerate(changes):
        part = part_of(browser.get(reverse("queue")).content.decode(), "alarm-board")
        before = drawn(browser, part)
        assert ask_again(browser, part).status_code == 204
        change()
        assert drawn(browser, part) != before, number
        assert ask_again(browser, part).status_code == 200, number


def test_confirming_leads_back_to_the_page_that_the_board_stands_on(day: Day) -> None:
    part = day.parts["alarm-board"]
    elsewhere = {**part.headers, "HX-Current-URL": "http://testserver/team/meine/"}

    assert ask_again(day.browser, Part(part.name, part.address, elsewhere)).status_code == 200


def test_the_clock_alone_moves_words_and_opens_nothing(day: Day, time_machine: Any) -> None:
    before = day.mine.now().last_seq
    time_machine.move_to(WEDNESDAY + timedelta(minutes=45), tick=False)

    part = ask_again(day.browser, day.parts["case"]).content.decode()

    assert "Wartet seit" in part
    assert "3 Std." in part
    assert "#case-due" in part
    assert "#case-standing" not in part, "buttons and notices stay in place"
    assert day.mine.now().last_seq == before
    for name in ("queue", "my-cases", "team-cases"):
        assert "wartet seit 3 Std." in ask_again(day.browser, day.parts[name]).content.decode()


def test_a_confirmed_urgency_leaves_an_open_case_page_without_a_reading(day: Day) -> None:
    review(day.mine, day.house.aylin, Urgency(day.mine.now().urgency))

    part = ask_again(day.browser, day.parts["case"]).content.decode()

    assert "Automatisch als dringlich eingestuft" not in part
    assert "Aylin Demir" in part
    assert "Ich will nicht mehr leben." not in part


NEAR = st.timedeltas(min_value=timedelta(days=-5), max_value=timedelta(days=5))


@given(NEAR, NEAR, st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1)))
def test_words_about_time_lag_behind_by_a_step_at_most(
    due: timedelta, since: timedelta, later: timedelta
) -> None:
    moments = [WEDNESDAY + due], [WEDNESDAY - abs(since)]
    at = WEDNESDAY + later
    if rows.clock(*moments, at=WEDNESDAY) != rows.clock(*moments, at=at):
        return

    (by,) = moments[0]
    nearest = min(abs(WEDNESDAY - by), abs(since))
    assert rows.due_state(by, at=at) == rows.due_state(by, at=WEDNESDAY)
    assert rows.due_words(by, at=at) == rows.due_words(by, at=WEDNESDAY)
    assert later < timedelta(hours=1)
    assert later < timedelta(minutes=15) or nearest > timedelta(days=2)
    assert later < timedelta(minutes=5) or nearest > timedelta(hours=1)
    assert later < timedelta(minutes=1) or nearest > timedelta(minutes=15)
