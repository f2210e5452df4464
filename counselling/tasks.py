"""What the worker does for counselling: sweeps that claim due rows. They only call operations."""

from datetime import timedelta

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task, db_task

from counselling import open_alarms, ticks
from counselling.operations import (
    approvals,
    assigning,
    attachments,
    escalations,
    holding,
    patterns,
    promises,
    remains,
    retention,
    sweep,
)


@db_periodic_task(crontab(minute="*"), name="sweep-overdue")
def sweep_overdue() -> None:
    """Warn of promises that are about to be missed and note those that were, until none is left."""
    while sweep.once(at=timezone.now(), ticks=ticks.now()):
        pass


@db_periodic_task(crontab(minute="*"), name="reckon-anew")
def reckon_anew() -> None:
    """Reckon running promises anew where an organisation's rules have changed."""
    while promises.reckon_some(at=timezone.now()):
        pass


@db_periodic_task(crontab(minute="*"), name="sweep-holding")
def sweep_holding() -> None:
    """Take back what is unanswered at the end of shifts and after a set time, with a warning before."""
    at = timezone.now()
    holding.sweep(at=at)


@db_periodic_task(crontab(minute="*"), name="give-out")
def give_out() -> None:
    """Give out what waits in teams that want it so: to who has come on duty, or whose hint was lost."""
    assigning.sweep(at=timezone.now())


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
    for step in (retention.close_quiet, retention.warn, retention.delete_due):
        while step(at=at):
            pass


@db_periodic_task(crontab(minute="*"), name="list-deletions")
def list_deletions() -> None:
    """Write what was deleted to the deletion list, if the deleting process could not."""
    remains.list_deletions(at=timezone.now())


@db_periodic_task(crontab(minute="23"), name="sweep-attachments")
def sweep_attachments() -> None:
    """Remove files that a crash left without a row."""
    attachments.sweep(at=timezone.now())
