"""What an organisation promises: the calendars and service levels that count for a case.

Nothing needs to be set: without rows, an organisation works Monday to Friday by the holidays of its
Land, and promises what `sla.Targets` says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet

from accounts.models import Organisation, Team
from counselling import sla
from counselling.models import Case, Deadline, ServiceLevel, WorkCalendar
from counselling.sla import Clock, Level, Promise, Response, Targets, Urgency
from counselling.working_time import Calendar, working_days
from vault.remembered import Remembered


@dataclass(frozen=True, slots=True)
class Rules:
    """The calendars and service levels of one organisation, those of its teams included."""

    organisation: Organisation
    calendars: Sequence[WorkCalendar]
    levels: Sequence[ServiceLevel]
    _known: dict[tuple[UUID | None, str], Targets] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def calendar(self, team: UUID | None) -> Calendar:
        """Return when a team works; None: the organisation. Raises CalendarImpossible."""
        row = next((row for row in self.calendars if row.team_id == team), None) or next(
            (row for row in self.calendars if row.team_id is None), None
        )
        if row is None:
            return default_calendar(self.organisation.land, settings.TIME_ZONE)
        return row.hours()

    def level(self, urgency: Urgency, *, team: UUID | None, channel: str = "") -> ServiceLevel:
        """Return what counts for a team and channel; an unsaved row where nothing is set."""
        rank = {(team, channel): 0, (team, ""): 1, (None, channel): 2, (None, ""): 3}
        rows = [
            row
            for row in self.levels
            if row.urgency == urgency and (row.team_id, row.channel) in rank
        ]
        if rows:
            return min(rows, key=lambda row: rank[row.team_id, row.channel])
        return default_level(self.organisation, urgency)

    def targets(self, team: UUID | None, channel: str = "") -> Targets:
        """Return the targets of a team on a channel; None and empty: of the whole organisation."""
        if (team, channel) not in self._known:
            sofort, dringend, normal = (
                _level(self.level(urgency, team=team, channel=channel)) for urgency in Urgency
            )
            self._known[team, channel] = Targets(sofort, dringend, normal)
        return self._known[team, channel]

    def promise(self, clock: Clock, *, team: UUID | None, channel: str) -> Promise | None:
        """Return what is promised for a clock of a team's case, or None."""
        return sla.promise(clock, targets=self.targets(team, channel), calendar=self.calendar(team))

    def with_calendar(self, changed: WorkCalendar) -> "Rules":
        """Return the rules as they would be with this calendar instead of the one in its place."""
        others = [row for row in self.calendars if row.team_id != changed.team_id]
        return replace(self, calendars=[*others, changed])

    def with_levels(
        self, changed: Iterable[ServiceLevel], *, team: UUID | None, channel: str
    ) -> "Rules":
        """Return the rules as they would be with these levels (or none) for a team and channel."""
        others = [row for row in self.levels if (row.team_id, row.channel) != (team, channel)]
        return replace(self, levels=[*others, *changed])


_remembered: Remembered[UUID, Rules] = Remembered()


def rules(organisation: Organisation) -> Rules:
    """Return what an organisation promises."""
    return Rules(
        organisation,
        list(WorkCalendar.objects.filter(organisation=organisation)),
        list(ServiceLevel.objects.filter(organisation=organisation)),
    )


def remembered(organisation: Organisation) -> Rules:
    """Return what an organisation promises, as it was at most two seconds ago in this process.

    For the pages of clients, which come in great numbers; what was promised by rules that had just
    changed is reckoned anew with everything else (`operations/promises.py` waits for that long).
    """
    return _remembered.still(organisation.pk) or _remember(organisation)


def remembered_of(organisation: UUID) -> Rules:
    """Return them of the organisation with this id; it comes with them, just as old."""
    known = _remembered.still(organisation)
    return known or _remember(Organisation.objects.get(pk=organisation))


def _remember(organisation: Organisation) -> Rules:
    return _remembered.keep(organisation.pk, rules(organisation))


def forget() -> None:
    """Forget what `remembered` keeps in this process."""
    _remembered.forget()


def calendar_of(where: Organisation | Team) -> Calendar:
    """Return when an organisation or a team works."""
    if isinstance(where, Team):
        return rules(where.organisation).calendar(where.pk)
    return rules(where).calendar(None)


def promised(organisation: Organisation, urgency: Urgency, *, start: datetime) -> datetime:
    """Return by when an organisation promises to answer what somebody writes at `start`.

    As it is told before anybody knows which team answers.
    """
    known = remembered(organisation)
    return sla.promised_by(
        start, urgency, targets=known.targets(None), calendar=known.calendar(None)
    )


def clock_of(row: Deadline) -> Clock:
    """Return a deadline as the clock that it stores."""
    return Clock(
        Response(row.kind),
        row.since,
        tuple((Urgency(level), datetime.fromisoformat(since)) for level, since in row.levels),
    )


@dataclass(frozen=True, slots=True)
class Moved:
    """What changed rules would do to one running deadline. due_at: None where nothing is promised."""

    row: Deadline
    due_at: datetime | None


def would_move(rows: Iterable[Deadline], rules: Rules) -> list[Moved]:
    """Return which of these running deadlines would be due at another time under some rules.

    rows: with their cases. A deadline that is breached stays as it is: it was missed. Raises
    working_time.CalendarImpossible.
    """
    of_team: dict[tuple[UUID, str], tuple[sla.Targets, Calendar]] = {}
    moved = []
    for row in rows:
        if row.breached_at is not None:
            continue
        which = (row.case.team_id, row.case.channel)
        if which not in of_team:
            of_team[which] = (rules.targets(*which), rules.calendar(row.case.team_id))
        targets, calendar = of_team[which]
        new = sla.promise(clock_of(row), targets=targets, calendar=calendar)
        due = new.due_at if new else None
        if due != row.due_at:
            moved.append(Moved(row, due))
    return moved


def running(organisation: Organisation) -> QuerySet[Deadline]:
    """Return what runs in an organisation, with the cases, by what is due first."""
    return (
        Deadline.objects.filter(organisation=organisation, ended_at__isnull=True)
        .select_related("case")
        .order_by("due_at", "pk")
    )


def told_before(case: Case) -> datetime | None:
    """Return the earlier time that the client was told for the answer that is due now, or None."""
    return (
        Deadline.objects.filter(
            case=case,
            ended_at__isnull=True,
            kind__in=Deadline.Kind.answers(),
            promised_at__lt=F("due_at"),
        )
        .values_list("promised_at", flat=True)
        .first()
    )


def default_level(organisation: Organisation, urgency: Urgency) -> ServiceLevel:
    """Return what is promised at an urgency when nothing is set, as an unsaved row."""
    level = Targets().of(urgency)
    return ServiceLevel(
        organisation=organisation,
        urgency=urgency,
        acknowledgement=_minutes(level.acknowledgement) if level.acknowledgement else None,
        first=_minutes(level.first),
        next=_minutes(level.next),
        most_days=level.most_days,
        warning=round(level.warning * 100),
    )


@lru_cache(maxsize=32)
def default_calendar(land: str, zone: str) -> Calendar:
    """Return the working hours of who has set none: Monday to Friday, all day."""
    return working_days(land, zone=zone)


def _level(row: ServiceLevel) -> Level:
    return Level(
        first=timedelta(minutes=row.first),
        next=timedelta(minutes=row.next),
        acknowledgement=(
            None if row.acknowledgement is None else timedelta(minutes=row.acknowledgement)
        ),
        most_days=row.most_days,
        warning=row.warning / 100,
    )


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
