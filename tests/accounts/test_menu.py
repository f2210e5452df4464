"""The main menu: seven entries at most, everything reachable from one of them, and where one is."""

import re

import pytest
from django.urls import reverse

from accounts.context import MENU
from accounts.models import Membership, Role
from accounts.rules import allows
from tests.factories import advise, ask, consult, enrol, organisation
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
MOST = 7


def people() -> dict[Role, Membership]:
    """Return one of each role; who works at a partner has two entries, and a desk of their own."""
    here = organisation()
    roles = Role.of_the_house()
    return {role: enrol(here, f"Anna {role.value}", role=role) for role in sorted(roles)}


def rows(page: str) -> list[str]:
    """Return the menu's rows: the main one, and the one below it if there is one."""
    return re.findall(r'<nav class="[^"]*staff-nav.*?</nav>', page, re.DOTALL)


def links(row: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', row)


def page_of(member: Membership, address: str) -> str:
    page = signed_in(member).get(address, follow=True)
    assert page.status_code == 200
    return page.content.decode()


def test_nobody_chooses_from_more_than_seven_and_everybody_finds_all_they_may_see() -> None:
    for role, member in people().items():
        first = links(rows(page_of(member, reverse("desk")))[0])
        assert 1 <= len(first) <= MOST, role
        found = set(first)
        for address in first:
            below = rows(page_of(member, address))[1:]
            found |= {link for row in below for link in links(row)}
        for _label, table in MENU:
            for name, permission, _entry in table:
                if allows(member, permission):
                    assert reverse(name) in found, (role, name)


def test_where_one_is_is_marked_in_both_rows() -> None:
    page = page_of(people()[Role.SUPERVISOR], reverse("approvals"))
    first, below = rows(page)
    assert re.findall(r'aria-current="true">\s*Im Team', first)
    assert re.findall(r'aria-current="page">\s*Freigaben', below)
    assert reverse("consultations") in links(below)


def test_a_page_outside_the_groups_has_one_row() -> None:
    assert len(rows(page_of(people()[Role.COUNSELLOR], reverse("queue")))) == 1


def test_how_many_wait_for_advice_stands_at_the_entry_until_somebody_has_answered() -> None:
    everybody = people()
    counsellor, supervisor = everybody[Role.COUNSELLOR], everybody[Role.SUPERVISOR]
    made = consult(ask(counsellor.organisation), counsellor, supervisor)
    assert 'class="count">1<' in rows(page_of(supervisor, reverse("queue")))[0]
    assert 'class="count"' not in rows(page_of(counsellor, reverse("queue")))[0]
    advise(made, supervisor)
    assert 'class="count"' not in rows(page_of(supervisor, reverse("queue")))[0]
