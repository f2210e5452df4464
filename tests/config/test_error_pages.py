"""A page that says that something is wrong leads on: to the house's start, and out of it for good."""

import pytest
from django.test import Client

from accounts.models import Organisation
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_houses() -> list[Organisation]:
    """More than one: the address without a path leads nowhere then."""
    return [factories.staffed("nordhafen"), factories.staffed("lindental")]


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_missing_page_of_a_house_leads_to_its_start_and_its_quick_exit(
    client: Client, prefix: str
) -> None:
    page = client.get(f"{prefix}/nordhafen/gibt-es-nicht/").content.decode()
    assert f'class="button" href="{prefix}/nordhafen/"' in page
    assert f'href="{prefix}/nordhafen/weg/"' in page


def test_a_form_that_is_too_old_does_too() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/nordhafen/frage/", {"text": "Mein Sohn schläft nicht."})
    assert answer.status_code == 403
    assert 'class="button" href="/nordhafen/"' in answer.content.decode()
    assert 'href="/nordhafen/weg/"' in answer.content.decode()


@pytest.mark.parametrize("address", ["/nirgendwo/x/", "/lotsenhaus/x/"])
def test_where_no_house_is_there_is_no_link_to_one(client: Client, address: str) -> None:
    Organisation.objects.filter(slug="lindental").update(slug="lotsenhaus", is_partner=True)
    page = client.get(address).content.decode()
    assert 'class="button" href="/"' in page
    assert '/weg/"' not in page
