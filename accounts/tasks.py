"""What the worker does for accounts."""

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from accounts.operations import sessions


@db_periodic_task(crontab(minute="*/10"), name="clear-sessions")
def clear_sessions() -> None:
    """Delete the sessions that have run out."""
    sessions.clear_expired(at=timezone.now())
