"""What an organisation promises: the calendars and service levels that count for a case.

Nothing needs to be set: without rows, an organisation works Monday to Friday by the holidays of its
Land, and promises what `sla.Targets` says.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.conf import settings

from accounts.models import Organisation, Team
from counselling import sla
from counselling.models import ServiceLevel, WorkCalendar
from counselling.sla import Channel, Clock, Level, Promise, Targets, Urgency
from counselling.working_time import Calendar, working_days

REMEMBERED = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Rules:
    """The calendars and service levels of one organisation, those of its teams included."""

    organisation: Organisation
    calendars: Sequence[WorkCalendar]
    levels: Sequence[ServiceLevel]

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
        sofort, dringend, normal = (
            _level(self.level(urgency, team=team, channel=channel)) for urgency in Urgency
        )
        return Targets(sofort, dringend, normal)

    def promise(self, clock: Clock, *, team: UUID | None, channel: str) -> Promise | None:
        """Return what is promised for a clock of a team's case, or None."""
        return sla.promise(clock, targets=self.targets(team, channel), calendar=self.calendar(team))

    def with_calendar(self, changed: WorkCalendar) -> "Rules":
        """Return the rules as they would be with this calendar instead of the one in its place."""
        others = [row for row in self.calendars if row.team_id != changed.team_id]
        return replace(self, calendars=[*others, changed])

    def without_calendar(self, team: UUID) -> "Rules":
        """Return the rules as they would be if a team had no calendar of its own."""
        return replace(self, calendars=[row for row in self.calendars if row.team_id != team])

    def with_levels(
        self, changed: Iterable[ServiceLevel], *, team: UUID | None, channel: str
    ) -> "Rules":
        """Return the rules as they would be with these levels (or none) for a team and channel."""
        others = [row for row in self.levels if (row.team_id, row.channel) != (team, channel)]
        return replace(self, levels=[*others, *changed])


_remembered: dict[UUID, tuple[float, Rules]] = {}


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
    now = time.monotonic()
    known = _remembered.get(organisation.pk)
    if known is not None and now < known[0]:
        return known[1]
    fresh = rules(organisation)
    _remembered[organisation.pk] = (now + REMEMBERED, fresh)
    return fresh


def forget() -> None:
    """Forget what `remembered` keeps in this process."""
    _remembered.clear()


def calendar_of(where: Organisation | Team) -> Calendar:
    """Return when an organisation or a team works."""
    if isinstance(where, Team):
        return rules(where.organisation).calendar(where.pk)
    return rules(where).calendar(None)


def targets_of(where: Organisation | Team, channel: Channel | None = None) -> Targets:
    """Return how long an answer of an organisation or a team may take; None: on any channel."""
    if isinstance(where, Team):
        return rules(where.organisation).targets(where.pk, channel or "")
    return rules(where).targets(None, channel or "")


def promised(organisation: Organisation, urgency: Urgency, *, start: datetime) -> datetime:
    """Return by when an organisation promises to answer what somebody writes at `start`.

    As it is told before anybody knows which team answers.
    """
    known = remembered(organisation)
    return sla.promised_by(
        start, urgency, targets=known.targets(None), calendar=known.calendar(None)
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
