"""Every address × everybody who must not × both methods × own, foreign and invented things."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from audit.models import TrailEntry
from counselling.models import Case, Claim, Message
from tests import factories
from tests.architecture.addresses import page_addresses
from tests.conftest import LONG
from tests.factories.sessions import signed_in
from tests.security.refusals import PAGES, Page
from tests.security.test_refusals import (
    CLIENT_PAGES,
    STAFF_PAGES,
    House,
    address,
    body,
    client_address,
    house,
)

pytestmark = pytest.mark.django_db
__all__ = ["house"]  # a fixture that is used here as well

NOWHERE = "/team/gibt-es-nicht/"
# Some ten thousand requests: the short form asks by the method that a page is for, and sends forms
# without their token as the four who differ most. The long form does all of it.
BOTH = ("get", "post")
CARELESS = {"nobody", "a parent with a code", "admin here", "counsellor elsewhere"}


@dataclass(frozen=True)
class Visitor:
    """Somebody at the door. `role`: None for who is no member."""

    name: str
    browser: Client
    role: Role | None = None
    elsewhere: bool = False


def everybody(house: House) -> list[Visitor]:
    parent, half = Client(), Client()
    parent.post(reverse("return", args=["nordhafen"]), {"code": house.asked.code.display()})
    half.force_login(house.people[Role.ADMIN].user)
    visitors = [
        Visitor("nobody", Client()),
        Visitor("a parent with a code", parent),
        Visitor("a password without a second factor", half),
    ]
    for role in Role:
        visitors.append(Visitor(f"{role.value} here", signed_in(house.people[role]), role))
        visitors.append(
            Visitor(f"{role.value} elsewhere", signed_in(house.elsewhere[role]), role, True)
        )
    other_team = factories.enrol(house.organisation, "Kim Krise", teams=["Krise"])
    visitors.append(Visitor("another team", signed_in(other_team), Role.COUNSELLOR, True))
    return visitors


def things(page: Page, house: House) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the house's things in a page's address, and ones that never were."""
    names = [*page.of.split(), *filter(None, [page.part])]
    yield "theirs", {name: house.things[name] for name in names}
    if names:
        yield "invented", {name: "9" if name == "number" else str(uuid4()) for name in names}


def refused(visitor: Visitor, page: Page, thing: str) -> bool:
    """Say whether somebody must be refused."""
    if visitor.role is None or visitor.role not in page.roles:
        return True
    if not page.of:
        return False
    if visitor.name == "another team":
        return page.of == "case" or thing == "invented"
    return (visitor.elsewhere and not page.shared) or thing == "invented"


def state_of_the_house() -> tuple[int, ...]:
    return (
        Case.objects.count(),
        Message.objects.count(),
        Claim.objects.count(),
        # That somebody asked a desk for what lies at another one is written down.
        TrailEntry.objects.exclude(action="referral.access_denied").count(),
    )


def test_who_must_not_gets_the_same_answer_as_for_what_is_not_there(
    house: House, figures: list[str]
) -> None:
    assert set(PAGES) == {address.name for address in page_addresses()}
    visitors = everybody(house)
    before = state_of_the_house()
    requests = 0
    for visitor in visitors:
        nothing = {m: body(getattr(visitor.browser, m)(NOWHERE)) for m in BOTH}
        for name, page in STAFF_PAGES.items():
            for kind, named in things(page, house):
                if not refused(visitor, page, kind):
                    continue
                url = reverse(name, kwargs=named)
                for method in BOTH if LONG else (page.method,):
                    answer = getattr(visitor.browser, method)(url)
                    who = f"{visitor.name}: {method} {name} ({kind})"
                    check(answer, visitor, nothing[method], page, method, who)
                    requests += 1
    for name, page in CLIENT_PAGES.items():
        for visitor in visitors:
            if visitor.name == "a parent with a code":
                continue
            for method in ("get", "post"):
                answer = getattr(visitor.browser, method)(client_address(name, page, house))
                assert answer.status_code in {302, 405}, f"{visitor.name}: {method} {name}"
                assert "schläft" not in answer.content.decode()
                requests += 1
    assert state_of_the_house() == before, "somebody changed something"
    figures.append(
        f"refusals: {len(STAFF_PAGES) + len(CLIENT_PAGES)} URLs × {len(visitors)} visitors × own, "
        f"foreign, invented × {'GET, POST' if LONG else 'its method'} = {requests} requests that had to be refused, and were"
    )


def check(
    answer: HttpResponse, visitor: Visitor, nothing: str, page: Page, method: str, who: str
) -> None:
    if answer.status_code == 405:
        # The method is refused before anybody is asked who they are: it tells nothing.
        assert method != page.method, who
        assert not answer.content, who
    elif visitor.role is None:
        assert answer.status_code == 302, who
        assert re.match(reverse("login"), answer.headers["Location"]), who
    else:
        assert answer.status_code == 404, who
        assert body(answer) == nothing, who


def public_address(name: str) -> str:
    """Return the address of a page for everybody, with something invented in it."""
    route = next(one.route for one in page_addresses() if one.name == name)
    things = re.findall(r"<(?:(\w+):)?\w+>", route)
    return reverse(name, args=[str(uuid4()) if kind == "uuid" else "x" * 43 for kind in things])


def test_no_form_is_taken_without_its_token(house: House, figures: list[str]) -> None:
    """The forms of each address, as each visitor: without a token, and with somebody else's."""
    visitors = [one for one in everybody(house) if LONG or one.name in CARELESS]
    assert len(visitors) >= len(CARELESS)
    before = state_of_the_house()
    requests = 0
    for visitor in visitors:
        careful = Client(enforce_csrf_checks=True)
        careful.cookies = visitor.browser.cookies
        for name, page in PAGES.items():
            if page.kind in {"client", "organisation"}:
                url = client_address(name, page, house)
            elif page.kind == "public":
                url = public_address(name)
            else:
                url = address(name, page, house)
            for token in ("", "x" * 64):
                answer = careful.post(url, {"csrfmiddlewaretoken": token, "text": "Hallo"})
                assert answer.status_code == 403, f"{visitor.name}: {name}"
                requests += 1
    assert state_of_the_house() == before, "somebody changed something"
    figures.append(
        f"CSRF: {len(PAGES)} URLs × {len(visitors)} visitors × no token, a wrong one "
        f"= {requests} forms refused"
    )
