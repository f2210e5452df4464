"""The one that clears sessions away."""

from datetime import datetime

from django.contrib.sessions.models import Session


def clear_expired(*, at: datetime) -> int:
    """Delete the sessions that have run out. Returns how many."""
    return Session.objects.filter(expire_date__lt=at).delete()[0]
