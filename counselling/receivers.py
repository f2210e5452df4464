"""What counselling does when something happens in the apps below it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.dispatch import receiver

from accounts.models import Membership
from accounts.signals import duty_done, membership_ending
from counselling.models import Escalation
from counselling.operations import assigning, cases, consultations, escalations
from counselling.operations.alerts import record_broken_seals
from counselling.signals import case_moved
from outbox.signals import acknowledged


@receiver(membership_ending)
def take_back_cases(*, member: Membership, by: Membership, at: datetime, **_signal: Any) -> None:
    """Put what a leaving member holds back into the queues."""
    cases.release_all_of(member=member, by=by, at=at)


@receiver(membership_ending)
def end_consultations(*, member: Membership, by: Membership, at: datetime, **_signal: Any) -> None:
    """Close what a leaving member was asked alone."""
    consultations.end_all_asked_of(member=member, by=by, at=at)


@receiver(acknowledged)
def acknowledge_alarm(*, key: str, at: datetime, **_signal: Any) -> None:
    """End the alarm that a gateway says somebody has confirmed."""
    escalation = escalations.escalation_of(key)
    if escalation is not None:
        escalations.acknowledge(escalation=escalation, by=None, how=Escalation.How.WEBHOOK, at=at)


@receiver(case_moved)
def offer_at_once(*, team: UUID, at: datetime, **_signal: Any) -> None:
    """Give out what waits as soon as it waits or somebody has room; the sweep does what this misses."""
    transaction.on_commit(lambda: assigning.push(team=team, at=at), robust=True)


@receiver(duty_done)
def write_down_alerts(*, at: datetime, **_signal: Any) -> None:
    """Write what did not open beside the requests into the trail."""
    record_broken_seals(at=at)
