"""What the worker does for the directory."""

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from referrals.operations import assurance


@db_periodic_task(crontab(hour="7", minute="30"), name="ask-for-assurance")
def ask_for_assurance() -> None:
    """Ask the keepers of entries that are soon stale whether these are still true."""
    assurance.send_due(at=timezone.now())
