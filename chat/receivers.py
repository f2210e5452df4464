"""What chats do when something happens in the apps below them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from accounts.models import Membership
from chat.operations import seats
from counselling.signals import claim_changed


@receiver(claim_changed)
def follow_claim(
    *, case: UUID, holder: Membership | None, how: str, at: datetime, **_signal: Any
) -> None:
    """Let a chat follow who holds its case."""
    seats.follow_claim(case=case, holder=holder, how=how, at=at)
