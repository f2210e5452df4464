"""The organisations of the accounts tests; passwords are hashed quickly, as nothing here is about hashing."""

import pytest
from pytest_django import Settings

from tests.counselling.house import House, open_house


@pytest.fixture(autouse=True)
def quick_hasher(settings: Settings) -> None:
    """Hash passwords quickly: Argon2 would take most of the tests' time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def house(db: None) -> House:
    """Nordhafen and Südstadt with their people."""
    return open_house()
