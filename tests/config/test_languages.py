"""Every page speaks one language: German as the organisation wishes, or English under `/en/`."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import translation
from django.utils.formats import date_format, number_format

from accounts.models import CrisisLine, Organisation
from counselling.wording import by_when
from tests import factories

END_OF_MONDAY = datetime(2026, 11, 23, 23, tzinfo=UTC)  # midnight in Berlin


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "Montag, 23. November, 24 Uhr"),
        ("de-du", "Montag, 23. November, 24 Uhr"),
        ("en", "Monday 23 November, midnight"),
    ],
)
def test_a_promise_until_midnight_names_the_day_that_ends(language: str, words: str) -> None:
    with translation.override(language):
        assert by_when(END_OF_MONDAY) == words


def test_english_dates_and_numbers_are_british() -> None:
    with translation.override("en"):
        assert date_format(END_OF_MONDAY, "DATE_FORMAT") == "23 November 2026"
        assert number_format(20000, force_grouping=True) == "20,000"
        assert number_format(4.5, 1) == "4.5"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "words"),
    [
        (Organisation.Address.DU, "Bitte prüfe die Adresse."),
        (Organisation.Address.SIE, "Bitte prüfen Sie die Adresse."),
    ],
)
def test_a_page_that_is_not_there_keeps_the_form_of_address(
    client: Client, address: Organisation.Address, words: str
) -> None:
    factories.organisation("nordhafen", address=address)
    assert words in client.get("/nordhafen/gibt-es-nicht/").content.decode()
    english = client.get("/en/nordhafen/gibt-es-nicht/").content.decode()
    assert "Please check the address." in english


@pytest.mark.django_db
def test_a_page_of_no_organisation_says_sie(client: Client) -> None:
    factories.organisation("nordhafen", address=Organisation.Address.DU)
    for path in ("/nirgends/", "/team/nirgends/", "/%00/"):
        assert "Bitte prüfen Sie die Adresse." in client.get(path).content.decode()


@pytest.mark.django_db
def test_an_english_page_says_known_crisis_lines_in_english_and_keeps_local_ones(
    client: Client,
) -> None:
    where = factories.organisation("nordhafen")
    CrisisLine.objects.create(organisation=where, position=9, name="Krisenhaus", number="04361 22")
    page = client.get("/en/nordhafen/frage/").content.decode()
    assert "Emergency" in page
    assert "immer" not in page
    assert "Krisenhaus" in page
