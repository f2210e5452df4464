"""What a person does to their own account, as each of their organisations reads it in its trail."""

from datetime import datetime

from accounts import queries
from accounts.models import User
from audit import trail


def note(action: str, *, user: User, at: datetime, count: int = 1) -> None:
    """Write an entry into the trail of every organisation that the person belongs to."""
    for member in queries.memberships_of(user):
        trail.record(
            action, by=member.actor, at=at, organisation=member.organisation_id, count=count
        )
