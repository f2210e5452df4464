"""What the worker does for counselling: sweeps that claim due rows. They only call operations."""

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from counselling.operations import (
    approvals,
    attachments,
    cases,
    holding,
    patterns,
    remains,
    retention,
)


@db_periodic_task(crontab(minute="*"), name="sweep-overdue")
def sweep_overdue() -> None:
    """Note the cases whose promised time has passed, until none is left."""
    while cases.note_overdue(at=timezone.now()):
        pass


@db_periodic_task(crontab(minute="*"), name="sweep-holding")
def sweep_holding() -> None:
    """Take back what is unanswered at the end of shifts and after a set time, with a warning before."""
    at = timezone.now()
    holding.sweep(at=at)


@db_periodic_task(crontab(minute="*"), name="sweep-approvals")
def sweep_approvals() -> None:
    """Note replies that nobody has approved in time, until none is left."""
    while approvals.note_overdue(at=timezone.now()):
        pass


@db_periodic_task(crontab(minute="41"), name="make-shifts")
def make_shifts() -> None:
    """Make the shifts of the next weeks out of weekly patterns, until none is left."""
    while patterns.make_ahead(at=timezone.now()):
        pass


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
