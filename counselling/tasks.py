"""What the worker does for counselling: sweeps that claim due rows. They only call operations."""

from datetime import timedelta

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task, db_task

from counselling import open_alarms
from counselling.operations import attachments, cases, escalations, remains, retention


@db_periodic_task(crontab(minute="*"), name="sweep-overdue")
def sweep_overdue() -> None:
    """Note the cases whose promised time has passed, until none is left."""
    while cases.note_overdue(at=timezone.now()):
        pass


@db_task(name="alarms-move-on")
def move_alarms_on() -> None:
    """Take the steps that are due, and come back for those that are due within the minute."""
    escalations.settle_clock(at=timezone.now())
    while escalations.move_on(at=timezone.now()):
        pass
    due = open_alarms.next_due()
    if due is not None and due - timezone.now() < timedelta(minutes=1):
        move_alarms_on.schedule(delay=max(0.5, (due - timezone.now()).total_seconds() + 0.5))


@db_periodic_task(crontab(minute="*"), name="sweep-alarms")
def sweep_alarms() -> None:
    """Let the ladders climb on whose steps nobody has confirmed."""
    move_alarms_on.call_local()


@db_periodic_task(crontab(minute="17"), name="sweep-retention")
def sweep_retention() -> None:
    """Close what rests, warn of deletion, delete what is due, until nothing is left of each."""
    at = timezone.now()
    for sweep in (retention.close_quiet, retention.warn, retention.delete_due):
        while sweep(at=at):
            pass


@db_periodic_task(crontab(minute="*"), name="list-deletions")
def list_deletions() -> None:
    """Write what was deleted to the deletion list, if the deleting process could not."""
    remains.list_deletions(at=timezone.now())


@db_periodic_task(crontab(minute="23"), name="sweep-attachments")
def sweep_attachments() -> None:
    """Remove files that a crash left without a row."""
    attachments.sweep(at=timezone.now())
