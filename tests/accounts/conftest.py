"""The organisations of the accounts tests, and the clock of those that sign in."""

from collections.abc import Iterator

import pytest
import time_machine

from accounts.operations import organisations
from tests.accounts.devices import MONDAY, Moments
from tests.counselling.house import House, open_house


@pytest.fixture
def house(db: None) -> House:
    """Nordhafen and Südstadt with their people."""
    return open_house()


@pytest.fixture
def house_with_devices(house: House) -> House:
    """Nordhafen, where cases open on known devices only."""
    house.nordhafen.device_keys = True
    organisations.change(organisation=house.nordhafen, by=house.ada, at=MONDAY)
    return house


@pytest.fixture
def moments() -> Iterator[Moments]:
    """A Monday whose clock each sign-in moves on."""
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield Moments(traveller)
