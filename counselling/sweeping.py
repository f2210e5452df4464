"""Whether the worker sweeps, and how far behind it is: read from the rows that it writes anyway."""

from datetime import datetime, timedelta

from django.db.models import Max

from counselling.models import Deadline, SweepClock

LATE = timedelta(minutes=5)  # that what is due may go unnoticed; sweeps come every minute
SILENT = timedelta(minutes=3)  # since the last sweep of any worker


def last_sweep() -> datetime | None:
    """Return when any worker has swept last, or None."""
    last: datetime | None = SweepClock.objects.aggregate(last=Max("wall"))["last"]
    return last


def worker(*, at: datetime) -> str:
    """Say whether a worker has swept within minutes: `ok`, `late`, or `never`."""
    last = last_sweep()
    if last is None:
        return "never"
    return "late" if at - last > SILENT else "ok"


def lag(*, at: datetime) -> timedelta:
    """Return how long the promise has been missed that waits longest for the sweep to notice it."""
    first = (
        Deadline.objects.filter(ended_at__isnull=True, breached_at__isnull=True, due_at__lt=at)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    return at - first if first is not None else timedelta()
