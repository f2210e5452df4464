"""How long clients waited for their answers: percentiles by urgency, channel, topic and hour. No persons.

Real hours, as the client lived through them, from the clock's start to the answer. Cases that are
deleted take theirs with them. Few answers are not shown: they could be about somebody one knows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.utils import timezone

from counselling import keeping
from counselling.models import Deadline
from reporting.queries import Cell, shown

DAYS = 30
MOST = 20_000  # answers that are counted, the newest
SHARES = (50, 90)
HOURS = 3  # of one line of the table by hour


@dataclass(frozen=True, slots=True)
class Times:
    """Percentiles of one group in minutes; None where too few answers are in it.

    rounded: `count` is to full fives, so that the sum of another table does not give a small one away.
    """

    value: str
    count: int | None
    rounded: bool
    half: float | None  # half of the answers came within this
    most: float | None  # nine of ten did


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """The answers of the last days, by each thing. `cut`: there were more than are counted."""

    at: datetime
    since: datetime
    cut: bool
    urgency: Sequence[Times]
    channel: Sequence[Times]
    topic: Sequence[Times]
    hour: Sequence[Times]

    def tables(self) -> dict[str, Sequence[Times]]:
        """Return every table by what it is by."""
        return {
            "urgency": self.urgency,
            "channel": self.channel,
            "topic": self.topic,
            "hour": self.hour,
        }


def response_times(organisation: UUID, *, at: datetime) -> ResponseTimes:
    """Return the response times of an organisation over the last thirty days. One query.

    Of a while ago where there is much to count (`keeping`).
    """
    return keeping.kept(_response_times, organisation, at=at)


def _response_times(organisation: UUID, at: datetime) -> ResponseTimes:
    since = at - timedelta(days=DAYS)
    rows = list(
        Deadline.objects.filter(
            organisation=organisation,
            end=Deadline.End.REPLIED,
            kind__in=Deadline.Kind.answers(),
            ended_at__gt=since,
            ended_at__lte=at,
        )
        .order_by("-ended_at")
        .values_list("urgency", "case__channel", "case__topic__name", "since", "ended_at")[
            : MOST + 1
        ]
    )
    taken = [
        (str(urgency), str(channel), topic or "", _hour(began), (ended - began) / _MINUTE)
        for urgency, channel, topic, began, ended in rows[:MOST]
        if ended is not None  # they all are
    ]
    return ResponseTimes(
        at,
        since,
        len(rows) > MOST,
        *(
            _table((one[place], one[4]) for one in taken)  # type: ignore[misc]  # the last is a number
            for place in range(4)
        ),
    )


_MINUTE = timedelta(minutes=1)


def _hour(moment: datetime) -> str:
    first = timezone.localtime(moment).hour // HOURS * HOURS
    return f"{first:02d}"


def _table(pairs: Iterable[tuple[str, float]]) -> list[Times]:
    groups: dict[str, list[float]] = {}
    for value, minutes in pairs:
        groups.setdefault(value, []).append(minutes)
    cells = shown({value: len(groups[value]) for value in sorted(groups)})
    return [_times(cell, sorted(groups[cell.value])) for cell in cells]


def _times(cell: Cell, minutes: list[float]) -> Times:
    if cell.count is None:
        return Times(cell.value, None, False, None, None)
    half, most = (percentile(minutes, share) for share in SHARES)
    return Times(cell.value, cell.count, cell.rounded, half, most)


def percentile(ordered: Sequence[float], share: int) -> float:
    """Return the smallest value within which `share` percent of them lie (nearest rank)."""
    return ordered[ceil(len(ordered) * share / 100) - 1]
