"""What counselling does when something happens in the apps below it."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import Membership
from accounts.signals import duty_done, membership_ending
from counselling.models import Escalation
from counselling.operations import cases, escalations
from counselling.operations.alerts import record_broken_seals
from outbox.signals import acknowledged


@receiver(membership_ending)
def take_back_cases(*, member: Membership, by: Membership, at: datetime, **_signal: Any) -> None:
    """Put what a leaving member holds back into the queues."""
    cases.release_all_of(member=member, by=by, at=at)


@receiver(acknowledged)
def acknowledge_alarm(*, key: str, at: datetime, **_signal: Any) -> None:
    """End the alarm that a gateway says somebody has confirmed."""
    escalation = escalations.escalation_of(key)
    if escalation is not None:
        escalations.acknowledge(escalation=escalation, by=None, how=Escalation.How.WEBHOOK, at=at)


@receiver(duty_done)
def write_down_alerts(*, at: datetime, **_signal: Any) -> None:
    """Write what did not open beside the requests into the trail."""
    record_broken_seals(at=at)
