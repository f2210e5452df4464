"""Editors keep entries true: forms, places in one click, versions, mails that ask, checks."""

import re
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Organisation, Role
from referrals.link_check import problem_with
from referrals.models import CapacityCode, Finding, Service, Version
from referrals.operations import assurance, entries, findings
from referrals.queries import entries as queries
from tests import factories
from tests.factories import directory
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 2, 9, tzinfo=UTC)


@pytest.fixture
def nordhafen() -> Organisation:
    """Elternlotse Nordhafen, which owns an entry."""
    return factories.organisation("nordhafen")


@pytest.fixture
def anna(nordhafen: Organisation) -> Membership:
    """Anna, who runs Nordhafen's administration and keeps its entries."""
    return factories.enrol(nordhafen, "Anna Admin", role=Role.ADMIN)


@pytest.fixture
def entry(nordhafen: Organisation) -> Service:
    """A service of Nordhafen's with everything."""
    return directory.read_in(directory.document(1), owner=nordhafen)[0]


def form_of(browser: Client, address: str) -> dict[str, Any]:
    """Return what a page's form would send as it stands."""
    form = browser.get(address).context["form"]
    return {
        name: value
        for name, field in form.fields.items()
        if (value := form[name].value()) not in (None, "") and value is not False
    }


def test_anna_changes_one_field_and_everything_else_stays(anna: Membership, entry: Service) -> None:
    browser, address = signed_in(anna), reverse("directory-entry", args=[entry.pk])
    before = queries.document(entry)
    sent = form_of(browser, address) | {
        "description": "Neu: auch abends.",
        "opening_hours": "Mo bis Fr 9–12 Uhr",
    }
    assert browser.post(address, sent).status_code == 302
    after = queries.document(Service.objects.get(pk=entry.pk))
    assert after.pop("description") == "Neu: auch abends."
    assert after.pop("opening_hours") == "Mo-Fr 09:00-12:00"
    for name in ("description", "opening_hours", "last_modified", "schedules"):
        before.pop(name, None)
        after.pop(name, None)
    assert after == before


def test_anna_does_not_undo_unseen_what_was_changed_while_her_form_stood_open(
    anna: Membership, entry: Service
) -> None:
    browser, address = signed_in(anna), reverse("directory-entry", args=[entry.pk])
    sent = form_of(browser, address) | {"description": "Von Anna."}
    entries.confirm(service=entry, by=None, at=NOW)  # nothing of it stands in the form
    entries.report_capacity(
        service=entry, code=CapacityCode.FULL, waiting_weeks=None, by=None, at=NOW
    )
    answer = browser.post(address, sent)
    shown = answer.content.decode()
    assert "Inzwischen wurde dieser Eintrag geändert" in shown
    assert "Von Anna." in shown
    assert Service.objects.get(pk=entry.pk).capacity_code == CapacityCode.FULL
    again = sent | {"seen": answer.context["form"]["seen"].value()}
    assert browser.post(address, again).status_code == 302
    assert Service.objects.get(pk=entry.pk).description == "Von Anna."


def test_anna_adds_an_entry_that_everybody_finds(anna: Membership) -> None:
    browser, address = signed_in(anna), reverse("directory-entry-new")
    sent = {"name": "Elterncafé", "status": "active", "capacity_code": "frei", "categories": ["familienzentrum"], "street": "Kai 1", "postcode": "20459", "city": "Hamburg", "districts": "2000"}  # fmt: skip
    assert browser.post(address, sent).status_code == 302
    made = Service.objects.get(name="Elterncafé")
    assert made.owner == anna.organisation
    assert made.service_areas.get().ags == "02000"
    answer = Client().get(f"/api/hsds/services/{made.pk}").json()
    assert answer["attributes"][0]["taxonomy_term"]["code"] == "familienzentrum"


@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", ""), ("opening_hours", "Mo 25-26 Uhr"), ("phone", "ruf an"), ("postcode", "ABC"), ("districts", "Hamburg"), ("url", "keine Seite"), ("maximum_age", "-1")],
)  # fmt: skip
def test_a_mistake_is_answered_at_its_field_and_nothing_is_saved(
    anna: Membership, entry: Service, field: str, typed: str
) -> None:
    browser, address = signed_in(anna), reverse("directory-entry", args=[entry.pk])
    response = browser.post(address, form_of(browser, address) | {field: typed})
    assert response.status_code == 200
    assert response.context["form"].errors[field]
    assert not Version.objects.exists()


def test_zoe_of_another_house_finds_no_entry_of_nordhafen(entry: Service) -> None:
    zoe = factories.enrol(factories.organisation("lindental"), "Zoe", role=Role.ADMIN)
    browser = signed_in(zoe)
    assert entry.name not in browser.get(reverse("directory-entries")).content.decode()
    assert browser.get(reverse("directory-entry", args=[entry.pk])).status_code == 404
    assert browser.post(reverse("directory-entry-confirm", args=[entry.pk])).status_code == 404


def test_places_are_reported_in_one_click(anna: Membership, entry: Service) -> None:
    browser = signed_in(anna)
    browser.post(reverse("directory-capacity", args=[entry.pk]), {"code": "voll"})
    entry.refresh_from_db()
    assert entry.capacity_code == "voll"
    assert entry.capacity_on == timezone.localdate()


def test_an_import_does_not_take_back_what_was_reported_here(
    anna: Membership, entry: Service
) -> None:
    entries.report_capacity(service=entry, code=CapacityCode.FULL, waiting_weeks=9, by=anna, at=NOW)
    document = directory.document(1, description="Neu vom Amt")
    for name in ("capacity_code", "waiting_weeks"):
        del document[name]
    directory.read_in(document, owner=anna.organisation, at=NOW)
    entry.refresh_from_db()
    assert (entry.description, entry.capacity_code, entry.waiting_weeks) == (
        "Neu vom Amt",
        "voll",
        9,
    )


def test_the_history_shows_what_changed_and_undo_brings_it_back(
    anna: Membership, entry: Service
) -> None:
    browser, address = signed_in(anna), reverse("directory-entry", args=[entry.pk])
    before = queries.document(entry)
    browser.post(address, form_of(browser, address) | {"name": "Falscher Name", "phone": ""})
    page = browser.get(reverse("directory-versions", args=[entry.pk])).content.decode()
    assert "Falscher Name" in page
    assert "Elternberatung Hafenstraße 1" in page
    browser.post(reverse("directory-undo", args=[entry.pk, 1]))
    after = queries.document(Service.objects.get(pk=entry.pk))
    for document in (before, after):
        del document["last_modified"]
    assert after == before
    assert [v.action for v in entry.versions.all()] == ["undone", "changed"]


def test_the_list_asks_the_database_as_often_for_many_as_for_one(
    anna: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    directory.read_in(directory.document(1), owner=anna.organisation)
    browser, address = signed_in(anna), reverse("directory-entries")
    with CaptureQueriesContext(connection) as one:
        browser.get(address)
    directory.read_in(*(directory.document(n) for n in range(2, 30)), owner=anna.organisation)
    with django_assert_num_queries(len(one.captured_queries)):
        browser.get(address)


def test_an_entry_is_marked_when_stale_and_hidden_much_later(entry: Service) -> None:
    assert entry.fresh_until == date(2027, 9, 1)
    assert not entry.is_stale(date(2027, 9, 1))
    assert entry.is_stale(date(2027, 9, 2))
    assert Service.objects.visible(date(2028, 2, 1)).exists()
    assert not Service.objects.visible(date(2028, 3, 1)).exists()


# --- Mails -----------------------------------------------------------------------------------------
class Letters(Message):
    """Keeps the mails that a real SMTP server takes."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []

    def handle_message(self, message: Any) -> None:
        """Keep a mail."""
        self.kept.append(message)


@pytest.fixture
def post_office(settings: Any) -> Iterator[Letters]:
    """A real SMTP server on loopback, to which Lotse sends."""
    letters = Letters()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(letters, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    settings.EMAIL_USE_TLS = False
    settings.PUBLIC_URL = "https://lotse.example.org"
    yield letters
    controller.stop()


def link_in(letter: Any) -> str:
    body = letter.get_payload(decode=True).decode()
    found = re.search(r"https://lotse\.example\.org(\S+)", body)
    assert found
    return found[1]


def test_a_mail_asks_in_time_and_one_click_confirms(entry: Service, post_office: Letters) -> None:
    assert assurance.send_due(at=datetime(2027, 7, 1, 9, tzinfo=UTC)) == 0
    Service.objects.update(fresh_until=timezone.localdate() + timedelta(days=3))
    assert assurance.send_due(at=timezone.now()) == 1
    assert assurance.send_due(at=timezone.now()) == 0, "nobody is asked twice at once"
    letter = post_office.kept[0]
    assert letter["To"] == "pflege@example.org"
    address = link_in(letter)
    guest = Client()
    assert "Ja, alles stimmt" in guest.get(address).content.decode()
    assert not Version.objects.exists(), "a mail scanner that follows links confirms nothing"
    assert "bestätigt" in guest.post(address).content.decode()
    entry.refresh_from_db()
    assert entry.assured_date == timezone.localdate()
    assert entry.fresh_until == timezone.localdate() + timedelta(days=365)
    assert "gilt nicht mehr" in guest.post(address).content.decode()
    assert Version.objects.count() == 1


def test_the_page_behind_a_shelters_link_tells_no_address(post_office: Letters) -> None:
    directory.read_in(directory.shelter())
    Service.objects.update(fresh_until=timezone.localdate())
    assurance.send_due(at=timezone.now())
    page = Client().get(link_in(post_office.kept[0])).content.decode()
    assert "Frauenhaus Nordlicht" in page
    assert directory.SHELTER_STREET not in page + str(post_office.kept[0])
    assert directory.SHELTER_POSTCODE not in page + str(post_office.kept[0])


def test_a_post_office_that_is_closed_is_tried_again(
    entry: Service, post_office: Letters, settings: Any
) -> None:
    Service.objects.update(fresh_until=timezone.localdate())
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    assert assurance.send_due(at=timezone.now()) == 0
    settings.EMAIL_PORT = port
    assert assurance.send_due(at=timezone.now()) == 1
    assert len(post_office.kept) == 1


def test_an_unknown_link_says_so() -> None:
    response = Client().get(reverse("directory-confirm", args=["gibt-es-nicht"]))
    assert response.status_code == 404
    assert "Diesen Link gibt es nicht" in response.content.decode()


# --- Checks ----------------------------------------------------------------------------------------
class Site(BaseHTTPRequestHandler):
    """A web site with one page."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200 if self.path == "/da" else 404)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def site() -> Iterator[str]:
    """A real web server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_links_are_asked_only_when_told_and_never_inside_the_own_network(site: str) -> None:
    ask = partial(problem_with, timeout=5, may_ask_own_network=True)
    assert ask(f"{site}/da") == ""
    assert ask(f"{site}/weg") == "http-404"
    assert ask("http://127.0.0.1:9/") == "no-answer"
    assert problem_with(f"{site}/da", timeout=5) == "own-network"


def test_findings_stand_at_the_entry_until_they_are_mended(
    anna: Membership, entry: Service, site: str
) -> None:
    ask = partial(problem_with, timeout=5, may_ask_own_network=True)
    Service.objects.update(url=f"{site}/weg")
    entry.phones.update(number="+49 1")
    every = Service.objects.prefetch_related("phones")
    assert findings.check(services=every, at=NOW, link_problem=ask) == 2
    page = signed_in(anna).get(reverse("directory-entry", args=[entry.pk])).content.decode()
    assert f"{site}/weg" in page
    Service.objects.update(url=f"{site}/da")
    entry.phones.update(number="040 5550101")
    assert findings.check(services=every.all(), at=NOW, link_problem=ask) == 0
    assert not Finding.objects.exists()
