"""Every answer of the API is HSDS 3.1, and nothing else but the German profile."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from jsonschema import validate

from referrals.formats.detection import Format, detect
from referrals.formats.files import on_disk
from referrals.operations import imports
from tests.factories import directory
from tests.referrals.schemas import HSDS, OHANA, faults, needs_hsds, needs_ohana, page_schema

pytestmark = [pytest.mark.django_db, needs_hsds]

LISTS = {
    "services": "service",
    "organizations": "organization",
    "service_at_locations": "service_at_location",
    "locations": "location",
    "taxonomies": "taxonomy",
    "taxonomy_terms": "taxonomy_term",
}


@pytest.fixture
def full_directory() -> None:
    """Everything that there may be: our own, a shelter, HSDS's examples, a foreign directory."""
    directory.read_in(
        directory.document(1),
        directory.document(2, organization={"name": "Nur ein Name"}, opening_hours="24/7"),
        {
            "id": "00000000-0000-4000-8000-000000000003",
            "name": "Nur ein Name",
            "status": "inactive",
        },
        directory.document(4, opening_hours="week 1-30 Mo 10:00-12:00"),
        directory.shelter(),
    )
    for example in ("service_full.json", "organization_full.json", "csv"):
        take(HSDS / "examples" / example)
    if OHANA.is_dir():
        take(OHANA)


def take(path: Any) -> None:
    files = on_disk(path)
    imports.take_over(
        files=files,
        kind=detect(files),
        source=path.name,
        owner=None,
        by=None,
        at=directory.READ_IN,
    )


def get(address: str) -> Any:
    response = Client().get(address)
    assert response.status_code == 200, response.content
    return response.json()


def listed(name: str, query: str = "") -> Iterator[Any]:
    """Walk through all pages of a list, each of which is a valid page."""
    number = 1
    while True:
        page = get(f"/api/hsds/{name}?per_page=7&page={number}{query}")
        validate(page, page_schema())
        assert page["size"] == len(page["contents"])
        assert page["empty"] == (not page["contents"])
        yield from page["contents"]
        if page["last_page"]:
            return
        number += 1


@pytest.mark.usefixtures("full_directory")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query", ["", "&full=true"])
def test_every_entry_of_every_list_is_valid(name: str, query: str) -> None:
    entries = list(listed(name, query))
    assert entries
    for entry in entries:
        assert faults(LISTS[name], entry) == []
        assert faults(LISTS[name], entry, strict=False) == []


@pytest.mark.usefixtures("full_directory")
@pytest.mark.parametrize("name", LISTS)
def test_every_single_thing_is_valid(name: str) -> None:
    for entry in listed(name):
        assert faults(LISTS[name], get(f"/api/hsds/{name}/{entry['id']}")) == []


@pytest.mark.usefixtures("full_directory")
@pytest.mark.parametrize("name", LISTS)
def test_every_line_of_a_stream_is_valid(name: str) -> None:
    response = Client().get(f"/api/hsds/{name}?format=ndjson&full=true")
    lines = b"".join(response).splitlines()
    assert len(lines) == get(f"/api/hsds/{name}")["total_items"]
    for line in lines:
        assert faults(LISTS[name], json.loads(line)) == []


@pytest.mark.usefixtures("full_directory")
def test_minimal_services_stand_on_one_page_and_are_valid() -> None:
    page = get("/api/hsds/services?minimal=true")
    assert page["last_page"]
    assert page["total_items"] == len(page["contents"]) > 5
    for entry in page["contents"]:
        assert set(entry) == {"id", "name", "status", "last_modified"}
        assert faults("service", entry) == []


@pytest.mark.usefixtures("full_directory")
def test_organizations_bring_their_services_when_asked() -> None:
    for entry in listed("organizations", "&full_service=true"):
        for service in entry.pop("services"):
            assert faults("service", service) == []
        assert faults("organization", entry) == []


def test_the_base_says_version_profile_and_openapi() -> None:
    base = get("/api/hsds/")
    assert base["version"] == "3.1"
    assert get(base["profile"].removeprefix("http://testserver"))["hsds"] == "3.1"
    assert get(base["openapi_url"].removeprefix("http://testserver"))["openapi"] == "3.1.0"


def test_the_openapi_document_names_what_hsds_names() -> None:
    ours = get("/api/hsds/openapi.json")
    theirs = json.loads((HSDS / "schema" / "openapi.json").read_text(encoding="utf-8"))
    for path, operations in theirs["paths"].items():
        assert path in ours["paths"], path
        wanted = {p.get("$ref", p.get("name")) for p in operations["get"].get("parameters", [])}
        given = {p.get("$ref", p.get("name")) for p in ours["paths"][path]["get"]["parameters"]}
        wanted = {name.rpartition("/")[2] for name in wanted}
        assert wanted - {name.rpartition("/")[2] for name in given} <= {"full_service"}


@pytest.mark.parametrize("example", ["service_full.json", "organization_full.json", "service_at_location_full.json", "csv", "tabular.json"])  # fmt: skip
def test_the_examples_of_hsds_are_read_in_and_again_without_a_change(example: str) -> None:
    path = HSDS / "examples" / example
    files = on_disk(path)
    wanted: dict[str, Any] = {
        "files": files,
        "kind": Format.HSDS_CSV if path.is_dir() else Format.HSDS,
        "source": "beispiel",
        "owner": None,
        "by": None,
        "at": directory.READ_IN,
    }
    first = imports.take_over(**wanted)
    assert (first.read, first.created, first.left_out) == (1, 1, 0)
    again = imports.take_over(**wanted)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 1)


@needs_ohana
def test_the_ohana_sample_is_read_in_and_again_without_a_change() -> None:
    wanted: dict[str, Any] = {
        "files": on_disk(OHANA),
        "kind": Format.OHANA,
        "source": "ohana",
        "owner": None,
        "by": None,
        "at": directory.READ_IN,
    }
    first = imports.take_over(**wanted)
    assert (first.read, first.created, first.left_out) == (23, 23, 0)
    again = imports.take_over(**wanted)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 23)
    hours = get("/api/hsds/services?search=Passport&full=true")["contents"][0]["opening_hours"]
    assert hours == "Mo 08:00-12:00,14:00-16:00; We 10:00-15:00"


def test_two_services_of_one_file_may_both_change_what_they_share() -> None:
    def file(*names: str) -> list[dict[str, Any]]:
        carrier = directory.document(1)["organization"]
        return [
            directory.document(number, organization=carrier | {"name": name})
            for number, name in enumerate(names, start=1)
        ]

    directory.read_in(*file("Träger alt", "Träger alt"))
    services = directory.read_in(*file("Träger neu", "Träger am neuesten"))
    assert {getattr(service.provider, "name", "") for service in services} == {"Träger am neuesten"}
