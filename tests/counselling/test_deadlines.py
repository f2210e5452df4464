"""Deadlines in the life of a case, and what its client reads of them."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from counselling import promises as rules_of
from counselling.models import Breach, Deadline, Escalation, Review
from counselling.operations import cases, escalations, promises
from counselling.sla import Event, Happened, Urgency, clocks
from tests import factories
from tests.counselling.house import House, open_house
from tests.counselling.pages import come_back, words
from tests.counselling.swept import MONDAY, at, run, told
from tests.factories import Asked, ask, claim, client_writes, close, note, reply, review

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    """Nordhafen, Südstadt next door, and who works there."""
    return open_house()


# --- What runs in a case ---------------------------------------------------------------------------
def test_a_question_has_one_promise_and_a_dangerous_one_two(house: House) -> None:
    normal, danger = (
        ask(house.nordhafen, at=MONDAY),
        ask(house.nordhafen, in_danger=True, at=MONDAY),
    )

    assert told(normal) == ["first 1440"]
    assert told(danger) == ["ack 5", "first 60"]
    assert normal.now().due_at == MONDAY + timedelta(days=1)
    assert danger.now().due_at == at(5)


def test_who_claims_has_looked_and_the_answer_stays_due(house: House) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=MONDAY)
    claim(asked, house.katrin, at=at(3))

    assert told(asked) == ["ack 5 seen", "first 60"]
    assert asked.now().due_at == at(60)
    reply(asked, house.katrin, at=at(30))
    assert told(asked) == ["ack 5 seen", "first 60 replied"]
    assert (asked.now().due_at, asked.now().waiting_since) == (None, None)


def test_an_alarm_that_lea_acknowledges_counts_as_seen_by_a_human(house: House) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=MONDAY)
    alarm = Escalation.objects.get(case=asked.pk, ended_at__isnull=True)
    escalations.acknowledge(escalation=alarm.pk, by=house.lea, how=Escalation.How.MAIL, at=at(4))

    assert told(asked) == ["ack 5 seen", "first 60"]
    assert asked.now().due_at == at(60)


def test_neither_notes_nor_moves_stop_a_clock(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    before = asked.now().due_at
    note(asked, house.aylin, at=at(10))
    claim(asked, house.katrin, at=at(20))
    cases.hand_to_colleague(
        case=asked.pk,
        to=house.aylin,
        by=house.katrin,
        holder=factories.holder_of(house.katrin),
        at=at(30),
    )
    cases.release(case=asked.pk, by=house.aylin, at=at(40))

    assert told(asked) == ["first 1440"]
    assert (asked.now().due_at, asked.now().waiting_since) == (before, MONDAY)


def test_the_next_answer_counts_from_the_first_message_without_one(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    reply(asked, house.katrin, at=at(10))
    assert asked.now().due_at is None
    client_writes(asked, at=at(60))
    client_writes(asked, at=at(600))

    assert told(asked) == ["first 1440 replied", "next 1440"]
    assert asked.now().due_at == at(60) + timedelta(days=1)


def test_put_back_while_it_waits_for_the_client_nothing_is_promised_and_nothing_missed(
    house: House,
) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    reply(asked, house.katrin, at=at(10))
    cases.release(case=asked.pk, by=house.katrin, at=at(20))

    assert asked.now().due_at is not None  # it stands in the queue, for somebody to look at
    assert run(wall=MONDAY + timedelta(days=30)) == 0
    assert not Breach.objects.exists()
    client_writes(asked, at=at(3000))
    assert told(asked) == ["first 1440 replied", "next 1440"]


def test_danger_shortens_and_a_review_that_lowers_makes_it_as_if_it_had_never_been(
    house: House,
) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    client_writes(asked, in_danger=True, at=at(30))
    assert told(asked) == ["first 90", "ack 5"]
    assert asked.now().due_at == at(35)

    review(asked, house.katrin, Urgency.NORMAL, reason=Review.Reason.WORDING, at=at(33))

    assert told(asked) == ["first 1440", "ack 5 rated"]
    assert asked.now().due_at == MONDAY + timedelta(days=1)
    assert run(wall=at(600)) == 0


def test_what_was_promised_before_stays_promised_when_it_becomes_urgent(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    claim(asked, house.katrin, at=at(1))
    review(asked, house.katrin, Urgency.DRINGEND, at=at(23 * 60))

    assert asked.now().due_at == MONDAY + timedelta(days=1)


def test_closing_ends_and_writing_again_begins_anew(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    reply(asked, house.katrin, at=at(10))
    close(asked, house.katrin, at=at(20))
    client_writes(asked, at=at(5000))

    assert told(asked) == ["first 1440 replied", "next 1440"]


def test_a_team_with_shorter_times_shortens_what_it_gets_and_a_slower_one_keeps_the_promise(
    house: House,
) -> None:
    erziehung, krise = house.nordhafen.teams.order_by("name")
    for team, hours in ((krise, 2), (erziehung, 40)):
        levels = [rules_of.default_level(house.nordhafen, urgency) for urgency in Urgency]
        levels[2].first, levels[2].most_days = hours * 60, None
        promises.set_levels(
            organisation=house.nordhafen,
            team=team,
            channel="",
            levels=levels,
            by=house.ada,
            at=MONDAY,
        )
    asked = ask(house.nordhafen, at=MONDAY)

    def hand_to(team: object, by: object, minutes: int) -> datetime | None:
        cases.hand_to_team(
            case=asked.pk,
            to=team,  # type: ignore[arg-type]  # a team
            by=by,  # type: ignore[arg-type]  # a member
            holder=factories.holder_of(by),  # type: ignore[arg-type]  # a member
            at=at(minutes),
        )
        return asked.now().due_at

    assert asked.case.team == erziehung
    assert hand_to(krise, house.katrin, 10) == at(120)
    assert hand_to(erziehung, house.lea, 20) == at(120)


def test_the_stored_clocks_are_those_of_the_history(house: House) -> None:
    """What the product stores step by step is what `sla.clocks` makes of the whole story."""
    asked = ask(house.nordhafen, in_danger=True, at=MONDAY)
    claim(asked, house.katrin, at=at(2))
    review(asked, house.katrin, Urgency.NORMAL, reason=Review.Reason.PAST, at=at(3))
    reply(asked, house.katrin, at=at(50))
    client_writes(asked, at=at(70))
    client_writes(asked, in_danger=True, at=at(80))
    story = [
        (0, Happened.ASKED, Urgency.SOFORT),
        (2, Happened.SEEN, None),
        (3, Happened.RATED, Urgency.NORMAL),
        (50, Happened.REPLIED, None),
        (70, Happened.CLIENT_WROTE, None),
        (80, Happened.CLIENT_WROTE, Urgency.SOFORT),
    ]
    history = [Event(at(minute), what, urgency) for minute, what, urgency in story]
    rules = rules_of.rules(house.nordhafen)

    # A look that nobody is promised at an urgency is in the history, and no row; so are not compared
    # the moments at which such clocks began.
    expected = sorted(
        (clock.response.value, promise.due_at)
        for clock in clocks(history)
        if (promise := rules.promise(clock, team=None, channel="")) is not None
    )
    stored = Deadline.objects.filter(case=asked.pk).values_list("kind", "due_at")
    assert sorted(stored) == expected


# --- What the client reads -----------------------------------------------------------------------------
def page(asked: Asked, moment: datetime) -> str:
    """Return the thread as its client reads it at a moment."""
    browser = Client()
    with time_machine.travel(moment, tick=False):
        come_back(browser, asked.code.display())
        return words(browser.get(reverse("thread", args=["nordhafen"])))


def test_the_client_reads_day_and_hour_and_the_truth_when_it_slips(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)

    assert "Wir antworten bis Dienstag, 24. November, 10 Uhr." in page(asked, at(1))
    late = page(asked, at(1441))
    assert "Wir sind zu spät." in late
    assert "bis Dienstag, 24. November, 10 Uhr versprochen und das nicht geschafft" in late


def test_a_promise_that_got_later_is_told_with_both_times(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    levels = [rules_of.default_level(house.nordhafen, urgency) for urgency in Urgency]
    levels[2].first, levels[2].most_days = 48 * 60, None
    promises.set_levels(
        organisation=house.nordhafen, team=None, channel="", levels=levels, by=house.ada, at=at(1)
    )
    while promises.reckon_some(at=at(2)):
        pass

    told_now = page(asked, at(3))
    assert "Es dauert länger, als wir gesagt haben." in told_now
    assert "bis Dienstag, 24. November, 10 Uhr versprochen" in told_now
    assert "Wir antworten bis Mittwoch, 25. November, 10 Uhr." in told_now


def test_who_is_in_danger_reads_when_somebody_looks_and_then_when_the_answer_comes(
    house: House,
) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=MONDAY)
    assert "Bis Montag, 23. November, 10:05 Uhr soll sich jemand" in page(asked, at(1))

    claim(asked, house.katrin, at=at(2))

    assert "Wir antworten bis Montag, 23. November, 11 Uhr." in page(asked, at(3))
    late = page(asked, at(61))
    assert "Wir sind zu spät." in late
    assert "Rufen Sie 112 an." in late
