"""How many are on duty in each hour of a week, beside opening hours and what past weeks brought. Reads only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import TruncHour

from accounts.models import Team
from counselling import keeping, roster
from counselling.models import Message
from counselling.working_time import at_wall_clock, open_between

WEEKS = 8  # that are looked back for what is to be expected


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a day. people: the fewest at any moment; expected: messages of clients, on average."""

    hour: int
    is_open: bool
    people: int
    expected: float

    @property
    def is_gap(self) -> bool:
        """Say whether it is open and for some of it nobody is there."""
        return self.is_open and self.people == 0


def week(team: Team, *, monday: date, zone: ZoneInfo, at: datetime) -> list[list[Hour]]:
    """Return the hours of seven days, each day a list of 24; the queries do not grow with people."""
    start = at_wall_clock(monday, 0, zone)
    end = at_wall_clock(monday + timedelta(days=7), 0, zone)
    spans = roster.present(organisation=team.organisation, start=start, end=end).get(team.pk, [])
    opened = open_between(start, end, roster.opening_of(team))
    expected = expected_load(team, zone=zone, at=at)
    return [
        [
            _hour(
                hour,
                at_wall_clock(monday + timedelta(days=day), hour * 60, zone),
                at_wall_clock(monday + timedelta(days=day), (hour + 1) * 60, zone),
                spans,
                opened,
                expected.get((day, hour), 0.0),
            )
            for hour in range(24)
        ]
        for day in range(7)
    ]


def expected_load(team: Team, *, zone: ZoneInfo, at: datetime) -> dict[tuple[int, int], float]:
    """Return how many messages of clients came on average, by weekday (0: Monday) and hour.

    Counted over the last eight weeks, or as many as there are; deleted cases are not in it. Of a while
    ago where there is much to count (`keeping`).
    """
    return keeping.kept(_came, team.pk, at=at).by_hour(zone)


@dataclass(frozen=True, slots=True)
class _Came:
    """How many messages of clients came to a team, by the hour in which they did (UTC)."""

    at: datetime
    counts: dict[datetime, int]

    def by_hour(self, zone: ZoneInfo) -> dict[tuple[int, int], float]:
        summed: Counter[tuple[int, int]] = Counter()
        for hour, number in self.counts.items():
            local = hour.astimezone(zone)
            summed[local.weekday(), local.hour] += number
        return {when: number / WEEKS for when, number in summed.items()}


def _came(team: UUID, at: datetime) -> _Came:
    since = at - timedelta(weeks=WEEKS)
    counted = (
        Message.objects.filter(
            role=Message.Role.CLIENT,
            case__team=team,
            created_at__gte=since,
            created_at__lt=at,
        )
        .order_by()
        .values_list(TruncHour("created_at", tzinfo=UTC))
        .annotate(number=Count("pk"))
    )
    return _Came(at, dict(counted))


def _hour(
    hour: int,
    start: datetime,
    end: datetime,
    spans: Sequence[tuple[datetime, datetime]],
    opened: Sequence[tuple[datetime, datetime]],
    expected: float,
) -> Hour:
    """Count one hour; the one that the clocks leave out in spring has no time and nobody in it."""
    within = [(max(begin, start), min(stop, end)) for begin, stop in opened]
    within = [(begin, stop) for begin, stop in within if begin < stop]
    # Where nothing is open the whole hour counts, so that one sees who is there all the same.
    counted = within or [(start, end)]
    changes = {begin for begin, _stop in counted} | {
        moment for span in spans for moment in span if any(b <= moment < e for b, e in counted)
    }
    fewest = min(
        (sum(1 for begin, stop in spans if begin <= moment < stop) for moment in changes),
        default=0,
    )
    return Hour(hour, bool(within), fewest if start < end else 0, expected)
