"""What counselling does when something happens in the apps below it."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import Membership
from accounts.signals import membership_ending
from counselling.operations import cases


@receiver(membership_ending)
def take_back_cases(*, member: Membership, by: Membership, at: datetime, **_signal: Any) -> None:
    """Put what a leaving member holds back into the queues."""
    cases.release_all_of(member=member, by=by, at=at)
