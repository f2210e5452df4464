"""The house that the figures are about."""

import pytest

from tests.counselling.house import House, open_house


@pytest.fixture
def house(db: None) -> House:
    """Nordhafen, Südstadt next door, and who works there."""
    return open_house()
