"""What the worker does for chats. It only calls operations."""

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from chat.operations import ending


@db_periodic_task(crontab(minute="*"), name="sweep-chats")
def sweep_chats() -> None:
    """Find seats and places whose people are gone, and lines that have closed."""
    ending.sweep(at=timezone.now())
