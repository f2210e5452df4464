"""The one writer of whether and how an organisation chats."""

from datetime import datetime

from django.db import transaction

from accounts.models import Membership
from audit import trail
from chat.models import ChatRules


@transaction.atomic
def set_rules(*, rules: ChatRules, by: Membership, at: datetime) -> None:
    """Save an organisation's rules. Raises django.core.exceptions.ValidationError."""
    rules.full_clean(exclude=["organisation"])
    rules.save()
    trail.record(
        "chat_rules.changed",
        by=by.actor,
        at=at,
        organisation=rules.organisation_id,
        offered=rules.offered,
        most_waiting=rules.most_waiting,
        keep_minutes=rules.keep_minutes,
        last_entry_minutes=rules.last_entry_minutes,
        quiet_minutes=rules.quiet_minutes,
        quiet_end_minutes=rules.quiet_end_minutes,
        silent_reading=rules.silent_reading,
    )
