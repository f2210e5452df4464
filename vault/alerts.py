"""What did not open although it should have: noted here, written into the trail when the request ends.

An alert must not be lost with the transaction that it breaks, nor may `vault` write the trail; so it
waits in the thread until somebody above takes it (`counselling/operations/alerts.py`).
"""

import threading
from dataclasses import dataclass
from uuid import UUID

MOST = 100  # alerts kept of one request; one is enough to look


@dataclass(frozen=True, slots=True)
class Alert:
    """A seal that is broken. `what`: the purpose or role of what was sealed. Ids only."""

    what: str
    subject: UUID
    seq: int = 0


class _Noted(threading.local):
    def __init__(self) -> None:
        self.alerts: list[Alert] = []


_noted = _Noted()


def note(what: str, subject: UUID, seq: int = 0) -> None:
    """Note a broken seal in this thread, once."""
    alert = Alert(what, subject, seq)
    if alert not in _noted.alerts and len(_noted.alerts) < MOST:
        _noted.alerts.append(alert)


def pending() -> bool:
    """Say whether something was noted in this thread that nobody has taken yet."""
    return bool(_noted.alerts)


def drain() -> list[Alert]:
    """Return what was noted in this thread since the last time, and forget it."""
    noted, _noted.alerts = _noted.alerts, []
    return noted
