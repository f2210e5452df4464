"""A shelter's address is in no page, no answer of the API and no export."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus, unquote_plus
from uuid import UUID

import openpyxl
import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from referrals.hsds.disclosure import disclosed
from referrals.models import Address, Location, Service
from referrals.queries import rows
from referrals.rules import EDITORS
from tests import factories
from tests.architecture.addresses import Address as Page
from tests.architecture.addresses import page_addresses
from tests.factories import directory
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db

# The street, its number apart, the postcode, the town, latitude and longitude, the place's number.
CANARIES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"Verborgene\W+Zeile",
        r"98765",
        r"Verstecktal",
        r"51[.,]98",
        r"11[.,]12345",
        r"555\W?0199",
    )
]
# What is typed where the address of a page wants something of the directory.


@pytest.fixture
def shelter() -> Service:
    """The Frauenhaus Nordlicht of Elternlotse Nordhafen, beside an ordinary service."""
    here = factories.organisation("nordhafen")
    directory.read_in(directory.document(1))
    return directory.read_in(directory.shelter(), owner=here)[0]


def told(text: str) -> list[str]:
    """Return the canaries that a text tells."""
    return [pattern.pattern for pattern in CANARIES if pattern.search(text)]


def body(browser: Client, address: str) -> str:
    cache.clear()  # a walk of thousands of steps would be slowed down and then see nothing
    response = browser.get(address)
    assert response.status_code != 429
    content = b"".join(response) if response.streaming else response.content
    return content.decode("utf-8", "replace") + str(response.headers)


def addresses(service: Service) -> Iterator[tuple[str, str]]:
    """Yield (name, address) of every page of the house that could speak of a service or its place."""
    place = service.service_at_locations.get()
    things: dict[str, object] = {
        "service": service.pk,
        "provider": service.provider_id,
        "location": place.location_id,
        "slug": "nordhafen",
    }
    ids = [service.pk, service.provider_id, place.pk, place.location_id]
    for page in page_addresses():
        wanted = re.findall(r"<(?:\w+:)?(\w+)>", page.route)
        if wanted == ["thing"]:
            yield from ((page.name, reverse(page.name, args=[thing])) for thing in ids)
        elif all(name in things for name in wanted) and is_of_the_directory(page):
            kwargs = {name: things[name] for name in wanted}
            yield page.name, reverse(page.name, kwargs=kwargs)


def is_of_the_directory(page: Page) -> bool:
    """Say whether a page belongs to the directory; later ones are found by where their view lives."""
    return str(page.view.__module__).startswith("referrals.")


QUERIES = ("", "?full=true", "?format=ndjson&full=true", "?full=true&full_service=true", "?minimal=true", "?search=Verborgene", "?search=98765", "?q=Frauenhaus", "?q=98765", "?q=frauenhaus+98765", "?postcode=98765&full=true")  # fmt: skip


def strangers(shelter: Service) -> Iterator[Client]:
    """Yield browsers of staff who do not keep the entry: every role elsewhere, here all but editors."""
    there = factories.organisation("lindental")
    for role in Role:
        yield signed_in(factories.enrol(there, f"Zoe {role.value}", role=role))
    assert shelter.owner is not None
    for role in set(Role) - set(EDITORS):
        yield signed_in(factories.enrol(shelter.owner, f"Anna {role.value}", role=role))


def test_no_page_and_no_answer_tells_the_address_to_anybody(shelter: Service) -> None:
    found = list(addresses(shelter))
    assert {"hsds-services", "hsds-services-one", "hsds-locations-one"} <= {
        name for name, _ in found
    }
    for name, address in found:
        for query in QUERIES:
            # A page may repeat what was searched for.
            typed = query.partition("=")[2]
            text = body(Client(), address + query)
            for echo in (typed, unquote_plus(typed), quote_plus(unquote_plus(typed))):
                text = text.replace(echo, "") if echo else text
            assert told(text) == [], f"{name}{query}"


def test_no_page_tells_the_address_to_staff_who_do_not_keep_the_entry(shelter: Service) -> None:
    pages = [(name, address) for name, address in addresses(shelter) if "hsds" not in name]
    assert "directory-entry" in {name for name, _ in pages}
    for browser in strangers(shelter):
        for name, address in pages:
            assert told(body(browser, address)) == [], name


def test_anna_who_keeps_the_entry_reads_its_address(shelter: Service) -> None:
    assert shelter.owner is not None
    anna = signed_in(factories.enrol(shelter.owner, "Anna", role=Role.ADMIN))
    page = body(anna, reverse("directory-entry", args=[shelter.pk]))
    assert directory.SHELTER_STREET in page


def test_the_service_itself_is_found_by_its_district(shelter: Service) -> None:
    answer = Client().get(f"/api/hsds/services/{shelter.pk}").json()
    assert answer["name"] == "Frauenhaus Nordlicht"
    assert answer["confidential_address"] is True
    assert answer["service_areas"][0]["ags"] == "02000"
    assert "service_at_locations" not in answer
    assert [phone["number"] for phone in answer["phones"]] == ["040 5550101"]


@pytest.mark.parametrize("kind", ["hsds", "hsds-csv", "flat-csv", "flat-xlsx"])
@pytest.mark.usefixtures("shelter")
def test_no_export_tells_the_address(kind: str, tmp_path: Path) -> None:
    path = tmp_path / {"hsds-csv": "a.zip", "flat-xlsx": "a.xlsx"}.get(kind, "a.txt")
    call_command("export_services", str(path), format=kind, verbosity=0)
    text = everything_in(path)
    assert "Nordlicht" in text
    assert told(text) == []


def everything_in(path: Path) -> str:
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        return "\n".join(str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row)
    data = path.read_bytes()
    if path.suffix == ".zip":
        archive = zipfile.ZipFile(io.BytesIO(data))
        return "\n".join(archive.read(name).decode() for name in archive.namelist())
    return data.decode()


def test_nothing_of_the_secret_place_is_left_in_disclosed_rows(shelter: Service) -> None:
    tables = rows.tables([shelter.pk])
    assert told(json.dumps(tables)), "the rows themselves know the address"
    assert told(json.dumps(disclosed(tables))) == []


def test_a_place_that_a_shelter_shares_is_secret_for_all_who_are_there(shelter: Service) -> None:
    place = directory.shelter()["service_at_locations"][0]["location"]
    office = directory.document(2, service_at_locations=[{"location": place}])
    directory.read_in(office)
    assert Location.objects.get(pk=place["id"]).confidential
    for query in QUERIES:
        assert told(body(Client(), f"/api/hsds/services{query}")) == []
    assert Service.objects.get(pk=UUID(office["id"])).confidential is False


def test_an_entry_that_becomes_confidential_hides_its_place_at_once() -> None:
    directory.read_in(directory.document(1))
    assert "Hafenstraße 1" in body(Client(), "/api/hsds/locations?full=true")
    directory.read_in(directory.document(1, confidential_address=True))
    assert "Hafenstraße" not in body(Client(), "/api/hsds/locations?full=true")
    assert Address.objects.get().address_1 == "Hafenstraße 1"


def test_a_text_that_tells_the_street_is_stored_without_it(shelter: Service) -> None:
    assert "[Adresse geheim]" in shelter.description
    assert told(shelter.description) == []
