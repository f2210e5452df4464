"""Every address × every role × own and foreign thing: who should not see it sees what is not there."""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organisation, Role, Team
from accounts.operations import keys, staff
from audit.models import TrailEntry
from counselling.models import Case
from counselling.operations import absences, swaps
from outbox.models import Delivery
from referrals.models import PartnerDesk, Service
from referrals.operations import entries, uploads
from tests import factories
from tests.factories import roster
from tests.factories.cases import Asked
from tests.factories.replay import built_once
from tests.factories.sessions import signed_in
from tests.security.refusals import PAGES, Page

pytestmark = pytest.mark.django_db

STAFF_PAGES = {name: page for name, page in PAGES.items() if page.kind == "staff"}
OF_A_THING = {name: page for name, page in STAFF_PAGES.items() if page.of}
CLIENT_PAGES = {name: page for name, page in PAGES.items() if page.kind == "client"}


@dataclass
class House:
    """Two organisations: Anna's and her colleagues' with one thing of each kind, and Zoe's elsewhere."""

    organisation: Organisation
    people: dict[Role, Membership]
    elsewhere: dict[Role, Membership]
    asked: Asked
    things: dict[str, str]


@pytest.fixture
def house() -> House:
    """The house that every test of addresses asks at; built once."""
    return furnished()


@built_once
def furnished() -> House:
    here, there = factories.organisation("nordhafen"), factories.organisation("lindental")
    people = {role: factories.enrol(here, f"Anna {role.value}", role=role) for role in Role}
    elsewhere = {role: factories.enrol(there, f"Zoe {role.value}", role=role) for role in Role}
    asked = factories.ask(here, files=[factories.picture()])
    invitation, _token = staff.invite(
        organisation=here,
        name="Mia",
        role=Role.COUNSELLOR,
        teams=[],
        by=people[Role.ADMIN],
        at=timezone.now(),
    )
    missed = factories.missed_alarm(here, people[Role.SUPERVISOR])
    topic, module = here.topics.first(), here.text_modules.first()
    assert topic
    assert module
    things = {
        "case": str(asked.pk),
        "attachment": str(asked.files()[0].id),
        "topic": str(topic.pk),
        "module": str(module.pk),
        "member": str(people[Role.COUNSELLOR].pk),
        "invitation": str(invitation.pk),
        "review": str(missed.pk),
        **_of_alarms(here),
        **_of_the_directory(people[Role.ADMIN]),
        **_of_the_roster(people[Role.COUNSELLOR], people[Role.TRAINEE]),
    }
    things["consultation"] = _asked_for_advice(asked, people[Role.COUNSELLOR])
    things["referral"] = _at_a_desk(asked, people, things["service"])
    return House(here, people, elsewhere, asked, things)


def _of_alarms(where: Organisation) -> dict[str, str]:
    """Return an open alarm, and a message that could not be delivered."""
    alarm = factories.ask(where, in_danger=True).case.escalations.get()
    dead = Delivery.objects.filter(organisation=where.pk)[0]
    Delivery.objects.filter(pk=dead.pk).update(state=Delivery.State.DEAD, due_at=None)
    return {"escalation": str(alarm.pk), "delivery": str(dead.pk)}


def _of_the_directory(admin: Membership) -> dict[str, str]:
    """Return a shelter of the organisation, which others may not even know, and a file handed in."""
    shelter = factories.directory.read_in(factories.directory.shelter(), owner=admin.organisation)[
        0
    ]
    entries.confirm(service=shelter, by=admin, at=timezone.now())
    run = uploads.hand_in(
        name="angebote.csv",
        data=b"name;ort\nElterncafe;Nordhafen\n",
        kind=None,
        source="probe",
        by=admin,
        at=timezone.now(),
    )
    return {"service": str(shelter.pk), "number": "1", "run": str(run.pk)}


def _of_the_roster(member: Membership, colleague: Membership) -> dict[str, str]:
    """Return a shift of somebody's that a colleague is asked to take, and what else a roster has."""
    now = timezone.now()
    tomorrow = now.date() + timedelta(days=1)
    shift = roster.shift(member, tomorrow, at=now)
    swap = swaps.ask(shift=shift.pk, taker=colleague, in_return=None, by=member, at=now)
    absence = absences.enter(
        member=member, starts_at=now, ends_at=now + timedelta(days=1), by=member, at=now
    )
    # Begun already: whoever ends it leaves it there for who comes next.
    pattern = roster.weekly(colleague, 0, "05:00", "06:00", first_day=now.date(), at=now)
    return {
        "shift": str(shift.pk),
        "swap": str(swap.pk),
        "absence": str(absence.pk),
        "pattern": str(pattern.pk),
    }


def _asked_for_advice(asked: Asked, colleague: Membership) -> str:
    """Return what Olga, who held the case for a moment, asks the team that everybody is in."""
    olga = factories.enrol(colleague.organisation, "Olga Ohne")
    return str(factories.consult(asked, olga, asked.case.team, let_go=True).pk)


def _at_a_desk(asked: Asked, people: dict[Role, Membership], service: str) -> str:
    """Return a referral of the case that lies at a desk of Anna's, who else counsels nobody."""
    lead = people[Role.ADMIN]
    desk = PartnerDesk.objects.create(
        organisation=lead.organisation,
        team=Team.objects.create(organisation=lead.organisation, name="Postfach"),
        made_at=timezone.now(),
        made_by=lead,
    )
    partner = people[Role.PARTNER]
    partner.teams.add(desk.team)
    keys.begin_for(member=partner, at=timezone.now())
    desk.services.add(Service.objects.get(pk=service))
    handed = factories.handoff.suggested(
        asked=asked, counsellor=people[Role.COUNSELLOR], to=Service.objects.get(pk=service)
    )
    return str(factories.handoff.sent(handed).referral)


def address(name: str, page: Page, house: House) -> str:
    """Return a staff page's address with the house's thing in it."""
    things = [*page.of.split(), *filter(None, [page.part])]
    return reverse(name, kwargs={thing: house.things[thing] for thing in things})


def client_address(name: str, page: Page, house: House, *, slug: str = "nordhafen") -> str:
    """Return the address of a page of an organisation, for clients."""
    things = [*page.of.split(), *filter(None, [page.part])]
    return reverse(name, args=[slug, *(house.things[thing] for thing in things)])


def call(browser: Client, page: Page, url: str) -> HttpResponse:
    """Call an address by the method that does what the page is for."""
    response: HttpResponse = getattr(browser, page.method)(url)
    return response


def unknown_page(browser: Client, page: Page) -> str:
    """Return what is shown for an address that there is not."""
    return body(call(browser, page, "/team/faelle/gibt-es-nicht/"))


def body(response: HttpResponse) -> str:
    """Return a page without what differs by address: the way to the same page in English."""
    text = response.content.decode()
    return re.sub(r'(href|value)="[^"]*"', "", text)


@pytest.mark.parametrize("name", STAFF_PAGES)
def test_who_is_not_signed_in_is_asked_to_sign_in(name: str, house: House) -> None:
    page = STAFF_PAGES[name]
    response = call(Client(), page, address(name, page, house))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("name", STAFF_PAGES)
def test_a_password_alone_is_not_enough(name: str, house: House) -> None:
    page = STAFF_PAGES[name]
    browser = Client()
    browser.force_login(house.people[Role.ADMIN].user)
    response = call(browser, page, address(name, page, house))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("name", STAFF_PAGES)
def test_a_role_without_the_permission_sees_what_is_not_there(name: str, house: House) -> None:
    page = STAFF_PAGES[name]
    for role in set(Role) - page.roles:
        browser = signed_in(house.people[role])
        response = call(browser, page, address(name, page, house))
        assert response.status_code == 404, role
        assert body(response) == unknown_page(browser, page), role


@pytest.mark.parametrize("name", STAFF_PAGES)
def test_a_role_with_the_permission_is_let_in(name: str, house: House) -> None:
    page = STAFF_PAGES[name]
    for role in page.roles:
        response = call(signed_in(house.people[role]), page, address(name, page, house))
        assert response.status_code in {200, 204, 302, 303, 400, 409, 422}, role


@pytest.mark.parametrize("name", [n for n, p in OF_A_THING.items() if not p.shared])
def test_another_organisations_thing_is_not_there(name: str, house: House) -> None:
    page = OF_A_THING[name]
    for role in page.roles:
        browser = signed_in(house.elsewhere[role])
        response = call(browser, page, address(name, page, house))
        assert response.status_code == 404, role
        assert body(response) == unknown_page(browser, page), role


@pytest.mark.parametrize("name", [n for n, p in OF_A_THING.items() if p.of == "case"])
def test_another_teams_case_is_not_there(name: str, house: House) -> None:
    page = OF_A_THING[name]
    stranger = factories.enrol(house.organisation, "Kim Krise", teams=["Krise"])
    browser = signed_in(stranger)
    response = call(browser, page, address(name, page, house))
    assert response.status_code == 404
    assert body(response) == unknown_page(browser, page)


@pytest.mark.parametrize("name", OF_A_THING)
def test_a_thing_that_never_was_is_not_there(name: str, house: House) -> None:
    page = OF_A_THING[name]
    role = next(iter(page.roles))
    things = [*page.of.split(), *filter(None, [page.part])]
    never = {thing: "9" if thing == "number" else str(uuid4()) for thing in things}
    url = reverse(name, kwargs=never)
    assert call(signed_in(house.people[role]), page, url).status_code == 404


@pytest.mark.parametrize("name", STAFF_PAGES)
def test_who_has_left_is_out_at_the_next_request(name: str, house: House) -> None:
    page = STAFF_PAGES[name]
    role = next(iter(page.roles - {Role.ADMIN}), Role.ADMIN)
    browser = signed_in(house.people[role])
    other_admin = factories.enrol(house.organisation, "Ada", role=Role.ADMIN)
    staff.end_membership(member=house.people[role], by=other_admin, at=timezone.now())
    response = call(browser, page, address(name, page, house))
    assert response.status_code in {302, 404}
    assert reverse("login") in response.headers.get("Location", reverse("login"))


@pytest.mark.parametrize("name", CLIENT_PAGES)
def test_without_a_code_there_is_no_thread(name: str, house: House) -> None:
    page = CLIENT_PAGES[name]
    response = call(Client(), page, client_address(name, page, house))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("return", args=["nordhafen"]))


@pytest.mark.parametrize("name", CLIENT_PAGES)
def test_a_code_opens_no_page_of_another_organisation(name: str, house: House) -> None:
    browser = Client()
    browser.post(reverse("return", args=["nordhafen"]), {"code": house.asked.code.display()})
    page = CLIENT_PAGES[name]
    response = call(browser, page, client_address(name, page, house, slug="lindental"))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("return", args=["lindental"]))
    assert Case.objects.filter(pk=house.asked.pk).exists()


@pytest.mark.parametrize("name", [n for n, p in PAGES.items() if p.method == "post"])
def test_a_form_from_elsewhere_is_refused(name: str, house: House) -> None:
    page = PAGES[name]
    if page.kind == "staff":
        browser = signed_in(house.people[next(iter(page.roles))])
        url = address(name, page, house)
    else:
        browser = Client()
        url = reverse(name, args=["nordhafen"] if page.kind in {"client", "organisation"} else [])
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = browser.cookies
    before = TrailEntry.objects.count()
    assert careful.post(url, {"text": "untergeschoben"}).status_code == 403
    assert TrailEntry.objects.count() == before


@pytest.mark.parametrize("name", [n for n, p in PAGES.items() if p.kind == "organisation"])
def test_an_organisation_that_is_not_there_has_no_pages(name: str, house: House) -> None:
    page = PAGES[name]
    address = client_address(name, page, house, slug="suedhafen")
    response = call(Client(), page, address)
    assert response.status_code == 404
