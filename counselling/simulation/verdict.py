"""What came of a simulated week: what was promised and what went wrong, in one list each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from counselling import ladders, reaching, roster
from counselling.models import Breach, Case, Claim, Deadline, Escalation
from counselling.simulation.week import Week
from counselling.sla import Urgency
from counselling.states import CaseState
from outbox.models import Delivery

LATE = timedelta(minutes=2)  # a step may be late by a killed worker, not by more


@dataclass(frozen=True, slots=True)
class Verdict:
    """Numbers for the summary, and what must not be: a sentence for each."""

    numbers: dict[str, int]
    faults: list[str]


def judge(week: Week) -> Verdict:
    """Look at the rows that the week has left."""
    at = week.end
    faults = [*_alarms(week), *_ladders(week, at), *_stranded(week, at), *_breaches(at)]
    own = Case.objects.filter(organisation=week.house.organisation)
    numbers = dict(week.counts) | {
        "messages of danger": len(week.danger),
        "alarms": Escalation.objects.filter(organisation=week.house.organisation).count(),
        "ladder steps": sum(row.taken for row in _all_alarms(week)),
        "cases answered at the end": own.filter(state=CaseState.ANSWERED).count(),
        "cases in the queue at the end": own.filter(state=CaseState.WAITING).count(),
        "cases held at the end": own.filter(state=CaseState.CLAIMED).count(),
        "taken back at the end of a shift": _ended(Claim.End.SHIFT_ENDED),
        "taken back unanswered": _ended(Claim.End.UNANSWERED),
        "promises broken and noted": Breach.objects.count(),
    }
    return Verdict(numbers, faults)


def _ended(how: Claim.End) -> int:
    return Claim.objects.filter(end=how).count()


def _all_alarms(week: Week) -> list[Escalation]:
    return list(
        Escalation.objects.filter(organisation=week.house.organisation).prefetch_related("steps")
    )


def _alarms(week: Week) -> Iterator[str]:
    """Every message of danger was acknowledged within its promise, or alarmed about."""
    by_case: dict[object, list[Escalation]] = {}
    for row in _all_alarms(week):
        by_case.setdefault(row.case_id, []).append(row)
    for case, at in week.danger:
        alarms = [
            row
            for row in by_case.get(case, [])
            if row.urgency == Urgency.SOFORT
            and row.started_at <= at
            and (row.ended_at is None or row.ended_at >= at)
        ]
        if not alarms:
            yield f"case {case}: danger at {at} and no alarm"
        for row in alarms:
            seen = row.ended_at is not None and row.how in Escalation.How.acknowledging()
            replaced = row.how == Escalation.How.SUPERSEDED
            if not (seen or replaced or row.how or row.next_at is not None):
                yield f"case {case}: its alarm ended in silence"


def _ladders(week: Week, at: datetime) -> Iterator[str]:
    """No step is missing, doubled, too early or later than a killed worker makes it."""
    promised: dict[str, int] = {}
    for key in Delivery.objects.filter(key__startswith="escalation:").values_list("key", flat=True):
        name = ":".join(key.split(":")[:3])
        promised[name] = promised.get(name, 0) + 1
    for row in _all_alarms(week):
        steps = sorted(row.steps.all(), key=lambda step: step.number)
        if [step.number for step in steps] != list(range(1, row.taken + 1)):
            yield f"alarm {row.pk}: steps {[step.number for step in steps]} of {row.taken}"
        ladder = reaching.ladder_of(week.house.organisation, Urgency(row.urgency))
        for one, other in pairwise(steps):
            pause = ladders.rung(ladder, one.number).pause
            if not pause <= other.at - one.at <= pause + LATE:
                yield f"alarm {row.pk}: step {other.number} after {other.at - one.at}, not {pause}"
        if steps and row.ended_at is None and (row.next_at is None or row.next_at < at - LATE):
            yield f"alarm {row.pk}: stands still since {steps[-1].at}"
        for step in steps:
            sent = promised.get(f"escalation:{row.pk.hex}:{step.number}", 0)
            if sent != step.sent:
                yield f"alarm {row.pk}: step {step.number} promised {sent} messages, not {step.sent}"


def _stranded(week: Week, at: datetime) -> Iterator[str]:
    """Where a client waits somebody will look: it stands in a queue, or with who is on duty and not for ever."""
    waiting = Case.objects.filter(
        organisation=week.house.organisation, state__in=sorted(CaseState.client_waits())
    ).select_related("team")
    duty = {
        team.pk: {member.pk for member in roster.on_duty(team=team, at=at)}
        for team in week.house.teams
    }
    claims = {
        row.case_id: row for row in Claim.objects.filter(case__in=waiting, ended_at__isnull=True)
    }
    approving = set(waiting.filter(approvals__state="waiting").values_list("pk", flat=True))
    for case in waiting:
        claim = claims.get(case.pk)
        if case.due_at is None:
            yield f"case {case.pk}: waits without a promise"
        if case.state == CaseState.WAITING:
            if claim is not None:
                yield f"case {case.pk}: waits and is held by {claim.member_id}"
        elif claim is None:
            yield f"case {case.pk}: in progress and held by nobody"
        elif case.pk in approving:
            continue  # written; who approves has a clock and an alarm of their own
        elif claim.returns_at is None or claim.returns_at < at - LATE:
            yield f"case {case.pk}: held without an end"
        elif claim.member_id not in duty[case.team_id]:
            yield f"case {case.pk}: held by somebody who is gone"


def _breaches(at: datetime) -> Iterator[str]:
    """Look whether what was missed is noted, and nothing else."""
    missed = Deadline.objects.filter(ended_at__isnull=True, due_at__lt=at - LATE)
    for row in missed.filter(breached_at__isnull=True):
        yield f"case {row.case_id}: missed since {row.due_at} and not noted"
    noted = set(Breach.objects.values_list("deadline", "due_at"))
    for row in Deadline.objects.filter(breached_at__isnull=False):
        if not any(deadline == row.pk for deadline, _due in noted):
            yield f"case {row.case_id}: noted as missed without a breach"
