"""No view without a rule, no address without a refusal test."""

import pytest

from accounts import rules
from tests.architecture.addresses import Address, page_addresses, socket_names
from tests.security.refusals import PAGES, SOCKETS

OTHER_DOORS = ("public: ", "organisation page", "client with code", "signed in")


@pytest.mark.parametrize("address", page_addresses(), ids=lambda a: a.name or a.route)
def test_every_view_goes_through_a_door(address: Address) -> None:
    rule = getattr(address.view, "rule", "")
    assert address.name, f"{address.route} has no name"
    assert rule in rules.TABLE or rule.startswith(OTHER_DOORS), f"{address.name} has no rule"


def test_every_page_is_listed_with_whom_it_refuses() -> None:
    assert {address.name for address in page_addresses()} == set(PAGES)


def test_every_socket_is_listed_with_whom_it_refuses() -> None:
    assert socket_names() == set(SOCKETS)


def test_a_listed_page_asks_the_permission_that_its_list_entry_names() -> None:
    asked = {address.name: getattr(address.view, "rule", "") for address in page_addresses()}
    for name, page in PAGES.items():
        if page.permission:
            assert asked[name] == page.permission, name
