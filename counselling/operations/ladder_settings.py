"""The one writer of ladders and quiet hours."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import Membership, Organisation
from audit import trail
from counselling import ladders, reaching
from counselling.ladders import Quiet, Rung
from counselling.models import AlarmRules, LadderStep
from counselling.reaching import Unreachable
from counselling.sla import Urgency


class LadderUnreachable(Exception):
    """The ladder would reach nobody. `problems`: at which steps, and why."""

    def __init__(self, problems: Sequence[Unreachable]) -> None:
        super().__init__("the ladder would reach nobody")
        self.problems = problems


@transaction.atomic
def set_ladder(
    *,
    organisation: Organisation,
    urgency: Urgency,
    rungs: Sequence[Rung],
    by: Membership,
    at: datetime,
) -> None:
    """Give an organisation a ladder of its own. Open alarms go on by it with their next step.

    Raises LadderUnreachable, or ValueError for one without steps or with a wait out of bounds.
    """
    if not rungs or not all(1 <= rung.wait <= ladders.LONGEST_WAIT for rung in rungs):
        raise ValueError("a ladder has steps that wait between a minute and a day")
    problems = list(reaching.unreachable(rungs, organisation))
    if problems:
        raise LadderUnreachable(problems)
    LadderStep.objects.filter(organisation=organisation, urgency=urgency).delete()
    LadderStep.objects.bulk_create(
        LadderStep(
            organisation=organisation,
            urgency=urgency,
            position=position,
            whom=rung.whom,
            mail=rung.mail,
            push=rung.push,
            webhook=rung.webhook,
            wait=rung.wait,
        )
        for position, rung in enumerate(rungs, 1)
    )
    trail.record(
        "ladder.set",
        by=by.actor,
        at=at,
        organisation=organisation.pk,
        urgency=int(urgency),
        steps=len(rungs),
    )


@transaction.atomic
def reset_ladder(
    *, organisation: Organisation, urgency: Urgency, by: Membership, at: datetime
) -> None:
    """Let the default ladder hold again for an urgency."""
    LadderStep.objects.filter(organisation=organisation, urgency=urgency).delete()
    trail.record(
        "ladder.reset", by=by.actor, at=at, organisation=organisation.pk, urgency=int(urgency)
    )


@transaction.atomic
def set_quiet(*, organisation: Organisation, quiet: Quiet, by: Membership, at: datetime) -> None:
    """Set an organisation's quiet hours."""
    AlarmRules.objects.update_or_create(
        organisation=organisation,
        defaults={"quiet_begins": quiet.begins, "quiet_ends": quiet.ends},
    )
    trail.record("ladder.quiet_set", by=by.actor, at=at, organisation=organisation.pk)
