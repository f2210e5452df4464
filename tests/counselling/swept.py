"""A Monday, and sweeps of promises on it."""

from datetime import UTC, datetime, timedelta

from counselling.models import Deadline
from counselling.operations import sweep
from counselling.ticks import Ticks
from tests.factories import Asked

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)  # ten o'clock in Berlin
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BOOT = "a machine's start"


def at(minutes: float) -> datetime:
    """Return a moment so many minutes after Monday, ten o'clock."""
    return MONDAY + timedelta(minutes=minutes)


def run(*, wall: datetime, real: datetime | None = None) -> int:
    """Sweep until nothing is left. wall: what the clock shows. real: what time it is (None: the same)."""
    ticks = Ticks(BOOT, ((real or wall) - MONDAY).total_seconds() + 1000)
    done = 0
    while number := sweep.once(at=wall, ticks=ticks):
        done += number
    return done


def told(asked: Asked) -> list[str]:
    """Return the deadlines of a case: kind, minutes until due, how it ended or stands."""
    lines = []
    for row in Deadline.objects.filter(case=asked.pk).order_by("since", "kind"):
        state = row.end or ("breached" if row.breached_at else "warned" if row.warned_at else "")
        due = round((row.due_at - row.since) / MINUTE)
        lines.append(f"{row.kind} {due} {state}".strip())
    return lines
