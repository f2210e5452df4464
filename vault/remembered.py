"""What a process knows for two seconds without asking again: rows that every question and line begins with.

Only for what changes seldom and may be that old. On the lowest floor, since the vault needs it as do those above.
"""

import time
from typing import Generic, TypeVar
from uuid import UUID

SECONDS = 2.0

Key = TypeVar("Key", UUID, str)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """Values by key, each as it was two seconds ago at most; nobody may change one that they get."""

    def __init__(self) -> None:
        self._known: dict[Key, tuple[float, Value]] = {}

    def still(self, key: Key) -> Value | None:
        """Return what was kept for a key less than two seconds ago, or None."""
        until, value = self._known.get(key, (0.0, None))
        return value if time.monotonic() < until else None

    def keep(self, key: Key, value: Value) -> Value:
        """Keep a value that has just been read; return it. Keys must be of rows: none is ever let go."""
        self._known[key] = (time.monotonic() + SECONDS, value)
        return value

    def forget(self) -> None:
        """Forget everything, as who has changed a row does on commit."""
        self._known.clear()
