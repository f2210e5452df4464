"""What referrals do when something happens in the apps below them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from audit.trail import Actor
from counselling.signals import case_deleting
from referrals.operations import consents


@receiver(case_deleting)
def withdraw_referrals(*, case: UUID, by: Actor, at: datetime, **_signal: Any) -> None:
    """Withdraw what is open of a case that goes, and wipe what was sent."""
    consents.withdraw_all_of(case=case, by=by, at=at)
