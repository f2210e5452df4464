"""The organisations of the accounts tests; passwords are hashed quickly, as nothing here is about hashing."""

from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import Settings

from accounts.operations import organisations
from tests.accounts.devices import MONDAY, Moments
from tests.counselling.house import House, open_house


@pytest.fixture(autouse=True)
def quick_hasher(settings: Settings) -> None:
    """Hash passwords quickly: Argon2 would take most of the tests' time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


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
