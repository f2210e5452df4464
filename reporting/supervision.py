"""What a supervisor must see now: who waits, what is due, what was missed, who is there.

The same numbers for the page, the export, `manage.py service_levels` and the metrics. Persons appear
only as who is on duty and how many cases they hold; how quickly somebody answers is counted nowhere.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from accounts.models import Membership, Organisation, Team
from counselling import keeping, promises, roster, working_time
from counselling.models import Assessment, Breach, Deadline, Escalation
from counselling.roster import Gap, Load
from counselling.sla import Urgency
from counselling.states import CaseState
from counselling.working_time import Calendar

SHARE = 20  # sums that took a second to count are shown for twenty (`keeping`)
LISTED = 50  # rows of each list
SOON = timedelta(hours=4)  # what is due until then is listed
PACE_OVER = timedelta(hours=8)  # of working time; so much past says how fast answers come
FORECAST = 500  # waiting answers that are reckoned with
GAPS = timedelta(days=14)
AGES = (
    ("1h", timedelta(hours=1)),
    ("4h", timedelta(hours=4)),
    ("24h", timedelta(hours=24)),
    ("48h", timedelta(hours=48)),
)
OLDER = "older"
SPANS = (("24h", timedelta(hours=24)), ("7d", timedelta(days=7)), ("30d", timedelta(days=30)))


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many clients wait for an answer at one urgency, by how long; `unclaimed`: nobody has them."""

    urgency: Urgency
    ages: dict[str, int]
    total: int
    unclaimed: int
    late: int


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody on duty, in which teams, and how loaded."""

    name: str
    teams: Sequence[str]
    load: Load


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will be missed if answers go on coming as they did.

    answered: in the last working hours. missed: how many of those that wait now would be late.
    reckoned: how many were looked at.
    """

    answered: int
    hours: int
    missed: int
    reckoned: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What a supervisor sees at a moment."""

    at: datetime
    waiting: Sequence[Waiting]
    due_soon: Sequence[Deadline]
    late: Sequence[Deadline]
    breaches: dict[tuple[int, str], dict[str, int]]
    on_duty: Sequence[OnDuty]
    nobody: Sequence[str]
    alarms: Sequence[Escalation]
    unrated: int
    unreviewed: int
    gaps: Sequence[Gap]
    forecast: Forecast


def overview(organisation: Organisation, *, at: datetime) -> Overview:
    """Return what a supervisor sees of an organisation. The cost grows with its teams, not its cases.

    Where there is much to count, the sums are of some seconds ago.
    """
    sums = keeping.kept(_sums, organisation.pk, at=at, share=SHARE)
    teams = list(Team.objects.filter(organisation=organisation).order_by("name"))
    for team in teams:
        team.organisation = organisation
    there, nobody = _on_duty(teams, at=at)
    answers = (
        Deadline.objects.filter(organisation=organisation, ended_at__isnull=True)
        .exclude(kind=Deadline.Kind.ACKNOWLEDGEMENT)
        .only("due_at")
    )
    return Overview(
        at=at,
        waiting=sums.waiting,
        due_soon=list(_due(organisation, at, at + SOON)),
        late=list(_due(organisation, None, at)),
        breaches=sums.breaches,
        on_duty=there,
        nobody=nobody,
        alarms=list(open_alarms(organisation.pk).select_related("case__team")[:LISTED]),
        unrated=sums.unrated,
        unreviewed=sums.unreviewed,
        gaps=roster.gaps(organisation=organisation, start=at, end=at + GAPS),
        forecast=_forecast(
            answers.order_by("urgency", "due_at", "pk")[:FORECAST], organisation, at=at
        ),
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    """What is counted over everything that is open, or was missed lately."""

    at: datetime
    waiting: Sequence[Waiting]
    breaches: dict[tuple[int, str], dict[str, int]]
    unrated: int
    unreviewed: int


def _sums(organisation: UUID, at: datetime) -> _Sums:
    to_look_at = _to_look_at(organisation).aggregate(
        blind=Count("pk", filter=~Q(unrated="")), rated=Count("pk", filter=Q(unrated=""))
    )
    return _Sums(
        at,
        waiting(organisation, at=at),
        breaches(organisation, at=at),
        unrated=to_look_at["blind"],
        unreviewed=to_look_at["rated"],
    )


def waiting(organisation: UUID, *, at: datetime) -> list[Waiting]:
    """Return how many clients wait for an answer, by urgency and by how long."""
    # Said as the index `deadline_queue` says it, which then has all that is counted: neither these rows are
    # read nor their cases. Nobody has what waits unless somebody works at it, and that is little.
    running = (
        Deadline.objects.filter(organisation=organisation, ended_at__isnull=True)
        .exclude(kind=Deadline.Kind.ACKNOWLEDGEMENT)
        .order_by()
    )
    claimed = running.filter(case__organisation=organisation, case__state=CaseState.CLAIMED)
    held = dict(claimed.values_list("urgency").annotate(Count("pk")))
    bounds = [at - longest for _name, longest in AGES]
    younger = {f"age{n}": Count("pk", filter=Q(since__gt=bound)) for n, bound in enumerate(bounds)}
    counted = {
        row["urgency"]: cast(dict[str, int], row)
        for row in running.values("urgency").annotate(
            total=Count("pk"), late=Count("pk", filter=Q(due_at__lt=at)), **younger
        )
    }
    return [
        _waiting(urgency, counted.get(int(urgency), {}), held.get(int(urgency), 0))
        for urgency in Urgency
    ]


def _waiting(urgency: Urgency, row: dict[str, int], held: int) -> Waiting:
    ages, before = {}, 0
    for number, (name, _longest) in enumerate(AGES):
        until = row.get(f"age{number}", 0)
        ages[name], before = until - before, until
    total = row.get("total", 0)
    ages[OLDER] = total - before
    return Waiting(urgency, ages, total, total - held, row.get("late", 0))


def _due(organisation: Organisation, start: datetime | None, end: datetime) -> QuerySet[Deadline]:
    rows = promises.running(organisation).select_related("case__team", "case__topic")
    if start is not None:
        rows = rows.filter(due_at__gte=start)
    return rows.filter(due_at__lt=end)[:LISTED]


def breaches(organisation: UUID, *, at: datetime) -> dict[tuple[int, str], dict[str, int]]:
    """Return how many promises were missed in the last days, by urgency and kind."""
    counts = {name: Count("pk", filter=Q(noted_at__gt=at - length)) for name, length in SPANS}
    longest = max(length for _name, length in SPANS)
    rows: Any = (  # names of columns are not known to the types
        Breach.objects.filter(organisation=organisation, noted_at__gt=at - longest)
        .order_by()
        .values("urgency", "kind")
        .annotate(**counts)
    )
    return {
        (row["urgency"], row["kind"]): {name: row[name] for name, _length in SPANS}
        for row in sorted(rows, key=lambda row: (row["urgency"], row["kind"]))
    }


def open_alarms(organisation: UUID) -> QuerySet[Escalation]:
    """Return the alarms that nobody has acknowledged, the first ones first."""
    return Escalation.objects.filter(organisation=organisation, ended_at__isnull=True).order_by(
        "urgency", "started_at"
    )


def _to_look_at(organisation: UUID) -> QuerySet[Assessment]:
    """Return what a human has still to look at: alarms and what could not be rated, in open cases."""
    # What the machine raised is urgent until somebody has looked: no other case need be read.
    return Assessment.objects.filter(
        case__team__in=Team.objects.filter(organisation=organisation),
        case__closed_at__isnull=True,
        case__urgency__lt=Urgency.NORMAL,
        shadow=False,
        review__isnull=True,
        level__lt=Urgency.NORMAL,
    )


def _on_duty(teams: Iterable[Team], *, at: datetime) -> tuple[list[OnDuty], list[str]]:
    """Return who is on duty, by name, and the teams of which nobody is."""
    members: dict[UUID, Membership] = {}
    of_teams: dict[UUID, list[str]] = {}
    nobody = []
    for team in teams:
        there = roster.on_duty(team=team, at=at)
        if not there:
            nobody.append(team.name)
        for member in there:
            members[member.pk] = member
            of_teams.setdefault(member.pk, []).append(team.name)
    loads = roster.loads(members.values(), at=at)
    listed = [OnDuty(member.name, of_teams[pk], loads[pk]) for pk, member in members.items()]
    return sorted(listed, key=lambda one: one.name), nobody


# --- Forecast ----------------------------------------------------------------------------------------
def _forecast(rows: Iterable[Deadline], organisation: Organisation, *, at: datetime) -> Forecast:
    """Reckon who is answered when, in the order of the queue, at the pace of the last working hours."""
    calendar = promises.calendar_of(organisation)
    waiting_now = list(rows)
    hours = PACE_OVER // timedelta(hours=1)
    answered = Deadline.objects.filter(
        organisation=organisation,
        end=Deadline.End.REPLIED,
        kind__in=Deadline.Kind.answers(),
        ended_at__gt=_before(at, PACE_OVER, calendar),
        ended_at__lte=at,
    ).count()
    missed = 0
    for number, row in enumerate(waiting_now, start=1):
        if row.due_at < at:
            continue  # missed already: no forecast
        if not answered:
            missed += 1
            continue
        until = PACE_OVER * number / answered
        missed += working_time.deadline(at, until, calendar) > row.due_at
    return Forecast(answered, hours, missed, len(waiting_now))


def _before(at: datetime, length: timedelta, calendar: Calendar) -> datetime:
    """Return the moment from which so much working time has passed until `at`; at most 14 days back."""
    early, late = at - GAPS, at
    while late - early > timedelta(minutes=1):
        middle = early + (late - early) / 2
        if working_time.elapsed(middle, at, calendar) >= length:
            early = middle
        else:
            late = middle
    return early


def totals(seen: Overview) -> Counter[str]:
    """Return the sums that are said in one word."""
    return Counter(
        waiting=sum(row.total for row in seen.waiting),
        unclaimed=sum(row.unclaimed for row in seen.waiting),
        late=sum(row.late for row in seen.waiting),
        on_duty=len(seen.on_duty),
        alarms=len(seen.alarms),
        unrated=seen.unrated,
        unreviewed=seen.unreviewed,
        gaps=len(seen.gaps),
        forecast=seen.forecast.missed,
    )
