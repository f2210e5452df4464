"""What the worker does for the directory."""

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from referrals.operations import assurance, documents, search_counts


@db_periodic_task(crontab(hour="7", minute="30"), name="ask-for-assurance")
def ask_for_assurance() -> None:
    """Ask the keepers of entries that are soon stale whether these are still true."""
    assurance.send_due(at=timezone.now())


@db_periodic_task(crontab(minute="*/10"), name="catch-up-search")
def catch_up_search() -> None:
    """Bring documents into step that a crash left behind."""
    documents.catch_up()


@db_periodic_task(crontab(hour="4", minute="10"), name="forget-old-searches")
def forget_old_searches() -> None:
    """Delete counts of searches that are too old to be needed."""
    search_counts.forget_old(on=timezone.localdate())
