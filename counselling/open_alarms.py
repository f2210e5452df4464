"""What is read about alarms: which are open, for whose pages, and what keeps them from anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from accounts.models import Membership, Organisation, Role
from accounts.queries import houses, team_ids
from accounts.written import ID, OTHER_ID, Written
from counselling import reaching, roster
from counselling.models import Escalation, EscalationStep, LadderStep
from counselling.models.case import reference_of
from counselling.sla import Urgency
from outbox import queries as outbox

SHOWN = 3  # alarms that stand on every page; the rest is counted
LISTED = 100
ENDED = 20  # of those that ended last
LATE = timedelta(
    minutes=5
)  # by which a step may be overdue before somebody should look at the worker


class Loud(NamedTuple):
    """An alarm that cannot wait, as it stands on every page. taken: its steps so far."""

    pk: UUID
    urgency: int
    taken: int
    why: str
    started_at: datetime
    case_id: UUID
    team: str

    @property
    def reference(self) -> str:
        """Return the short name of its case."""
        return reference_of(self.case_id)


@dataclass(frozen=True, slots=True)
class Board:
    """What a member's pages say of alarms: all that is drawn of it, so that its `repr` marks it.

    loud: those that cannot wait, the first ones; more: how many others are open. nobody_on_call: for
    who leads: nobody would be called in the end. undelivered: for who leads: what nobody got.
    """

    loud: Sequence[Loud]
    more: int
    nobody_on_call: bool
    undelivered: int

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to say."""
        return not (self.loud or self.more or self.nobody_on_call or self.undelivered)

    @property
    def mark(self) -> str:
        """Return what changes when a sound is due: every alarm that cannot wait, with its steps."""
        return " ".join(f"{alarm.pk.hex}-{alarm.taken}" for alarm in self.loud)


_FIRST = ("urgency", "started_at", "pk")  # `sofort` comes first
_LOUD = ("pk", "urgency", "taken", "why", "started_at", "case")


def _opened(organisation: UUID) -> QuerySet[Escalation, tuple[Any, ...]]:
    rows = Escalation.objects.filter(organisation=organisation, ended_at__isnull=True)
    return rows.order_by(*_FIRST).values_list(*_LOUD, "case__team__name")[: LISTED + 1]


def _opened_of_teams(organisation: UUID, member: UUID) -> QuerySet[Escalation, tuple[Any, ...]]:
    """Return the open alarms of a member's teams, and those that the release before wrote without a team.

    Every open page asks this every few seconds: the first ones are found by an index alone, and of those
    whose team is known no case is read.
    """
    rows = Escalation.objects.filter(ended_at__isnull=True)
    first = rows.filter(team__members=member).order_by(*_FIRST).values("pk")[: LISTED + 1]
    known = Escalation.objects.filter(pk__in=first)
    unknown = rows.filter(organisation=organisation, team__isnull=True, case__team__members=member)
    both = known.values_list(*_LOUD, "team__name").union(
        unknown.values_list(*_LOUD, "case__team__name"), all=True
    )
    return both.order_by(*_FIRST)[: LISTED + 1]


_OF_ORGANISATION = Written(_opened, ID)
_OF_TEAMS = Written(_opened_of_teams, ID, OTHER_ID)


def next_due() -> datetime | None:
    """Return when the next step of any ladder is due, or None."""
    return (
        Escalation.objects.filter(ended_at__isnull=True)
        .order_by("next_at")
        .values_list("next_at", flat=True)
        .first()
    )


def board(member: Membership, *, at: datetime) -> Board:
    """Return what a member's pages say of alarms. One statement, and two more for who leads."""
    leads = member.role == Role.SUPERVISOR
    if leads:
        rows = _OF_ORGANISATION.of(member.organisation_id)
    else:
        rows = _OF_TEAMS.of(member.organisation_id, member.pk)
    opened = [Loud(*row) for row in rows]
    loud = [one for one in opened if one.urgency == Urgency.SOFORT][:SHOWN]
    return Board(
        loud,
        len(opened) - len(loud),
        leads and reaching.nobody_on_call(member.organisation, at=at),
        outbox.dead_count(member.organisation_id) if leads else 0,
    )


def listed(member: Membership, *, is_open: bool) -> list[Escalation]:
    """Return the alarms that a member sees, with their steps: open ones, or those that ended last.

    Those of their teams; who leads sees those of the whole organisation.
    """
    order, most = (_FIRST, LISTED) if is_open else (("-ended_at", "pk"), ENDED)
    of_organisation = Escalation.objects.filter(organisation=member.organisation_id)
    if member.role == Role.SUPERVISOR:
        rows = of_organisation.filter(ended_at__isnull=is_open)
    else:
        teams = team_ids(member)
        # Each team's in the order of an index of its own, and what the release before wrote without a team.
        # Of the first ones the case decides: that release may have moved it alone (ADR 0100).
        unknown = of_organisation.filter(team__isnull=True, case__team__in=teams)
        first = [
            pk
            for some in (*(Escalation.objects.filter(team=team) for team in teams), unknown)
            for pk in some.filter(ended_at__isnull=is_open)
            .order_by(*order)
            .values_list("pk", flat=True)[:most]
        ]
        rows = Escalation.objects.filter(pk__in=first, case__team__in=teams)
    return list(
        rows.select_related("case__team", "case__organisation", "by")
        .prefetch_related(Prefetch("steps", EscalationStep.objects.order_by("number")))
        .order_by(*order)[:most]
    )


def one(escalation: UUID) -> Escalation | None:
    """Return an alarm with what a page shows of it, or None."""
    return (
        Escalation.objects.filter(pk=escalation)
        .select_related("case__team", "organisation", "by")
        .first()
    )


def own_ladder(organisation: Organisation, urgency: Urgency) -> bool:
    """Say whether an organisation has a ladder of its own for an urgency."""
    return LadderStep.objects.filter(organisation=organisation, urgency=urgency).exists()


def organisations_without_on_call(*, at: datetime) -> list[Organisation]:
    """Return the organisations with a team in which nobody is on call now, in one query."""
    called = roster.called(OuterRef("pk"), at)
    rows = houses().filter(~Exists(called), teams__isnull=False)
    return list(rows.distinct().order_by("slug"))


def are_late(*, at: datetime) -> bool:
    """Say whether a step is due for minutes and nobody takes it: the worker does not run."""
    return Escalation.objects.filter(ended_at__isnull=True, next_at__lt=at - LATE).exists()
