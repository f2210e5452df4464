"""What a process remembers is never older than two seconds, and is forgotten at once by who changed it."""

import pytest

from vault import remembered
from vault.remembered import Remembered


class Clock:
    """A clock of the process that only the test moves."""

    now = 100.0

    def monotonic(self) -> float:
        """Return what it shows."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(remembered, "time", made)
    return made


def test_a_value_is_known_for_two_seconds_and_then_asked_for_again(clock: Clock) -> None:
    colours: Remembered[str, str] = Remembered()
    assert colours.still("nordhafen") is None
    assert colours.keep("nordhafen", "blue") == "blue"

    clock.now += 1.9
    assert colours.still("nordhafen") == "blue"
    assert colours.still("suedstadt") is None
    clock.now += 0.1
    assert colours.still("nordhafen") is None


def test_whoever_changes_a_row_lets_all_be_forgotten(clock: Clock) -> None:
    colours: Remembered[str, str] = Remembered()
    colours.keep("nordhafen", "blue")

    colours.forget()

    assert colours.still("nordhafen") is None
