"""Figures: what supervisors and planners see, of conversations that are there and of deleted ones."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from counselling.models import Rating, Tally
from counselling.operations import cases
from reporting import queries
from tests import factories
from tests.counselling.house import House
from tests.counselling.pages import words
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db

MARCH = datetime(2026, 3, 10, 9, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 22, 9, tzinfo=UTC)


def counted(house: House) -> dict[str, dict[str, int | None]]:
    """Return the figures of Nordhafen in November."""
    figures = queries.figures(house.nordhafen.pk, at=NOVEMBER)
    tables = {
        what.value: {c.value: c.count for c in cells} for what, cells in figures.tables.items()
    }
    return tables | {"months": {c.value: c.count for c in figures.months}}


def test_deleted_conversations_are_counted_like_the_others(house: House) -> None:
    asked = [factories.ask(house.nordhafen, age_band="0-1", at=MARCH) for _ in range(12)]
    for one in asked[:6]:
        factories.reply(one, house.katrin, at=MARCH + timedelta(hours=3))
        Rating.objects.create(case=one.now(), stars=5, rated_at=MARCH)
    before = counted(house)
    for one in asked[::2]:
        cases.delete(case=one.pk, by=house.katrin.actor, at=MARCH + timedelta(days=1))
    assert counted(house) == before
    assert before["months"] == {
        str(month): 12 if month == date(2026, 3, 1) else 0 for month in months()
    }
    assert before["age_band"] == {"0-1": 12}
    assert before["topic"] == {"": 12}
    assert before["urgency"] == {"2": 12}
    assert before["answered"] == {"4h": 6, "none": 6}
    assert before["stars"] == {"5": 6}


def months() -> list[date]:
    """Return the twelve months up to November 2026."""
    return [date(2025, 12, 1)] + [date(2026, month, 1) for month in range(1, 12)]


def test_what_is_older_than_a_year_or_of_another_organisation_does_not_count(house: House) -> None:
    factories.ask(house.suedstadt, at=MARCH)
    old = factories.ask(house.nordhafen, at=datetime(2025, 11, 30, 22, tzinfo=UTC))
    cases.delete(case=old.pk, by=house.katrin.actor, at=MARCH)
    assert Tally.objects.get(what=Tally.What.ASKED).month == date(2025, 11, 1)
    assert set(counted(house)["months"].values()) == {0}


def test_a_small_count_is_hidden_and_cannot_be_reckoned_from_the_others(house: House) -> None:
    for band, count in (("0-1", 9), ("1-3", 6), ("3-6", 2)):
        for _ in range(count):
            factories.ask(house.nordhafen, age_band=band, at=MARCH)
    assert counted(house)["age_band"] == {"0-1": 9, "1-3": 5, "3-6": None}
    cells = queries.figures(house.nordhafen.pk, at=NOVEMBER).tables[Tally.What.AGE_BAND]
    assert [cell.rounded for cell in cells] == [False, True, False]


def test_a_planner_reads_the_page_and_a_counsellor_does_not(house: House) -> None:
    for _ in range(7):
        factories.ask(house.nordhafen, topic="", at=MARCH)
    petra = factories.enrol(house.nordhafen, "Petra Plan", role=Role.PLANNER, teams=[])
    with time_machine.travel(NOVEMBER, tick=False):
        page = words(signed_in(petra).get(reverse("figures")))
        assert signed_in(house.katrin).get(reverse("figures")).status_code == 404
    assert "März 2026 7" in page
    assert "Ohne Thema 7" in page
    assert "noch keine 7" in page


def test_the_page_costs_the_same_with_one_question_and_with_twenty(house: House) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            queries.figures(house.nordhafen.pk, at=NOVEMBER)
        return len(captured)

    factories.ask(house.nordhafen, at=MARCH)
    one = cost()
    for _ in range(19):
        factories.ask(house.nordhafen, at=MARCH)
    assert cost() == one
