"""Editors learn from searches that found nothing, and planners see what is missing."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organisation, Role
from audit.models import TrailEntry
from referrals.models import DismissedQuery, SearchCount, Synonym
from tests import factories
from tests.counselling.pages import errors, words
from tests.factories import directory
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/team/verzeichnis/suchworte/"


@pytest.fixture
def nordhafen() -> Organisation:
    return factories.organisation("nordhafen")


@pytest.fixture
def ada(nordhafen: Organisation) -> Client:
    """The browser of Ada, who keeps the directory."""
    return signed_in(factories.enrol(nordhafen, "Ada Nowak", role=Role.ADMIN))


def searched(query: str, times: int) -> None:
    """Count a search that found nothing."""
    SearchCount.objects.create(day=timezone.localdate(), query=query, hits=0, count=times)


def test_ada_leads_a_search_to_help_and_the_next_parent_finds_it(
    client: Client, ada: Client
) -> None:
    service = directory.read_in(directory.document(1))[0]
    searched("xylomurmeln", 4)
    assert "4-mal gesucht, 4-mal ohne Treffer" in words(ada.get(PAGE))
    page = ada.post(PAGE, {"phrase": "xylomurmeln", "topic": "erziehungsberatung"}, follow=True)
    assert "Wer so sucht, findet ab jetzt diese Hilfe." in words(page)
    assert "Zurzeit gibt es nichts zu tun" in words(page)
    assert service.name in words(client.get("/nordhafen/hilfe/", {"q": "xylomurmeln"}))
    assert "xylomurmeln" not in str(list(TrailEntry.objects.values()))


def test_what_ada_lets_rest_is_not_suggested_again(ada: Client) -> None:
    searched("blumenkohl", 9)
    ada.post(PAGE, {"phrase": "blumenkohl", "rest": "1"})
    assert "blumenkohl" not in words(ada.get(PAGE))
    assert DismissedQuery.objects.get().query == "blumenkohl"


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"phrase": "", "topic": "erziehungsberatung"}, "mindestens ein Wort"),
        ({"phrase": "x" * 500, "topic": "erziehungsberatung"}, "Der Text ist zu lang"),
        ({"phrase": "muddi", "topic": ""}, "Bitte wählen Sie eine Art der Hilfe aus."),
        ({"phrase": "muddi", "topic": "gibt-es-nicht"}, "Bitte wählen Sie eine Art der Hilfe aus."),
    ],
)
def test_what_cannot_be_taken_gets_a_sentence(
    ada: Client, form: dict[str, str], sentence: str
) -> None:
    assert sentence in errors(ada.post(PAGE, form))
    assert not Synonym.objects.exists()


def test_a_counsellor_keeps_out(nordhafen: Organisation) -> None:
    katrin: Membership = factories.enrol(nordhafen, "Katrin Petersen")
    assert signed_in(katrin).get(PAGE).status_code == 404
    assert signed_in(katrin).post(PAGE, {"phrase": "x", "rest": "1"}).status_code == 404


def test_planners_see_what_is_missing_and_no_small_counts(nordhafen: Organisation) -> None:
    searched("kinderpsychiatrie", 12)
    searched("seltenes wort", 4)
    petra = factories.enrol(nordhafen, "Petra Plan", role=Role.PLANNER, teams=[])
    page = words(signed_in(petra).get(reverse("directory-planning")))
    assert "kinderpsychiatrie 12" in page
    assert "seltenes wort" not in page
