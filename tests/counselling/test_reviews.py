"""Humans confirm, raise and lower; what the machine missed can be told anew, never taken out."""

import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership, Role
from audit.models import TrailEntry
from counselling.models import Assessment, Case, Review
from counselling.operations import reviews
from counselling.sla import Urgency
from tests import factories
from tests.counselling.case_pages import page_of
from tests.counselling.house import House, open_house
from tests.counselling.pages import errors, words
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db

ALARMING = "Mein Mann schlägt mich wieder, er steht vor der Tür."


@pytest.fixture
def house() -> House:
    return open_house()


@pytest.fixture
def lena(house: House) -> Membership:
    """Return the supervisor of the team Erziehung."""
    return factories.enrol(house.nordhafen, "Lena Voss", role=Role.SUPERVISOR, teams=["Erziehung"])


def test_katrin_confirms_and_the_case_leaves_the_list(house: House) -> None:
    asked = factories.ask(house.nordhafen, ALARMING)
    browser = signed_in(house.katrin)
    assert asked.case.reference in words(browser.get(reverse("reviews")))
    sent = browser.post(
        reverse("case-urgency", args=[asked.pk]), {"urgency": "0", "seen": "1"}, follow=True
    )
    assert "Die Einstufung ist bestätigt." in words(sent)
    assert Review.objects.get().by == house.katrin
    assert "Alles ist geprüft" in words(browser.get(reverse("reviews")))
    assert "Automatisch als dringlich" not in page_of(house.katrin, asked)
    assert "Katrin Petersen: sofort" in words(browser.get(reverse("case", args=[asked.pk])))


def test_lowering_needs_a_reason(house: House) -> None:
    asked = factories.ask(house.nordhafen, ALARMING)
    browser = signed_in(house.katrin)
    address = reverse("case-urgency", args=[asked.pk])
    refused = browser.post(address, {"urgency": "2", "seen": "1", "note": "Telefonat"})
    assert "Bitte wählen Sie einen Grund" in errors(refused)
    assert "Telefonat" in refused.content.decode()
    assert asked.now().urgency == Urgency.SOFORT
    browser.post(address, {"urgency": "2", "seen": "1", "reason": "resolved", "note": "Telefonat"})
    assert asked.now().urgency == Urgency.NORMAL
    assert asked.now().reason == Case.Reason.REVIEWED
    assert b"Telefonat" not in bytes(Review.objects.get().note or b"")
    assert "Telefonat" not in str(list(TrailEntry.objects.values()))
    with pytest.raises(reviews.ReasonMissing):
        factories.review(factories.ask(house.nordhafen, ALARMING), house.katrin, Urgency.NORMAL)


def test_nobody_lowers_what_they_have_not_read(house: House) -> None:
    asked = factories.ask(house.nordhafen, ALARMING)
    factories.client_writes(asked, "Er ist jetzt in der Wohnung.")
    page = signed_in(house.katrin).post(
        reverse("case-urgency", args=[asked.pk]), {"urgency": "2", "seen": "1", "reason": "past"}
    )
    assert page.status_code == 409
    assert "inzwischen noch etwas geschrieben" in words(page)
    assert asked.now().urgency == Urgency.SOFORT


def test_the_same_old_words_do_not_raise_a_reviewed_case_again_but_new_ones_do(
    house: House,
) -> None:
    asked = factories.ask(house.nordhafen, ALARMING)
    factories.review(asked, house.katrin, Urgency.NORMAL, reason="resolved")
    factories.client_writes(asked, "Danke. Wie viel Taschengeld ist mit acht Jahren richtig?")
    assert asked.now().urgency == Urgency.NORMAL
    factories.client_writes(asked, "sitz jetzt auf der brücke")
    assert asked.now().urgency == Urgency.SOFORT


def test_an_alarm_on_a_case_of_another_team_or_house_is_in_no_list_of_mine(house: House) -> None:
    factories.ask(house.suedstadt, ALARMING)
    factories.ask(house.nordhafen, ALARMING, topic="Gewalt")
    assert "Alles ist geprüft" in words(signed_in(house.katrin).get(reverse("reviews")))


def test_the_list_costs_the_same_at_one_case_and_at_many(house: House) -> None:
    browser = signed_in(house.katrin)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser.get(reverse("reviews")).status_code == 200
        return len(queries)

    factories.ask(house.nordhafen, ALARMING)
    cost()
    one = cost()
    for _ in range(5):
        factories.ask(house.nordhafen, ALARMING)
    assert cost() == one


def test_a_human_finds_what_the_machine_missed_and_tells_it_anew(
    house: House, lena: Membership
) -> None:
    original = "Wie viel Taschengeld ist mit acht Jahren richtig und reicht das für die Fahrkarte?"
    asked = factories.ask(house.nordhafen, original)
    found = factories.review(asked, house.katrin, Urgency.SOFORT, reason="hidden")
    assert found.machine == Urgency.NORMAL
    browser = signed_in(lena)
    assert asked.case.reference in words(browser.get(reverse("misses")))
    address = reverse("miss", args=[found.pk])
    assert original not in browser.get(address).content.decode()
    told = {"level": "0", "changed": "on"}
    refused = browser.post(address, told | {"text": f"Ein Kind fragt: {original}"})
    assert "fünf oder mehr Wörter" in errors(refused)
    unchecked = browser.post(address, {"level": "0", "text": "Neu erzählt."})
    assert "setzen Sie dann den Haken" in errors(unchecked)
    before = Review.objects.count(), Assessment.objects.count()
    line = browser.post(address, told | {"text": "Ein Mädchen plant heimlich eine Reise."})
    record = json.loads(line.content)
    assert record["text"] == "Ein Mädchen plant heimlich eine Reise."
    assert record["level"] == "sofort"
    assert (Review.objects.count(), Assessment.objects.count()) == before
    entry = TrailEntry.objects.get(action="review.exported")
    assert "Mädchen" not in str(entry.detail)


def test_a_miss_of_another_team_or_house_is_not_there(house: House, lena: Membership) -> None:
    found = factories.missed_alarm(house.nordhafen, lena)
    address = reverse("miss", args=[found.pk])
    assert signed_in(lena).get(address).status_code == 200
    vera = factories.enrol(house.suedstadt, "Vera Vogt", role=Role.SUPERVISOR)
    for stranger in (house.lea, house.katrin, house.ada, vera):
        assert signed_in(stranger).get(address).status_code == 404
    assert signed_in(lena).get(reverse("miss", args=[uuid.uuid4()])).status_code == 404
    assert "Nichts wurde verpasst" in words(signed_in(vera).get(reverse("misses")))


def test_deleting_a_case_deletes_what_was_found_in_it(house: House) -> None:
    asked = factories.ask(house.nordhafen, ALARMING)
    factories.review(asked, house.katrin, Urgency.SOFORT)
    asked.now().delete()
    assert not Assessment.objects.exists()
    assert not Review.objects.exists()
