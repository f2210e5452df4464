"""What the worker does for the directory and for referrals."""

from datetime import timedelta

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from referrals.operations import assurance, documents, following_up, search_counts


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


@db_periodic_task(crontab(minute="*/5"), name="follow-up-referrals")
def follow_up_referrals() -> None:
    """Remind services, give back what they do not answer, end what has run out."""
    while following_up.follow_up(at=timezone.now()):
        pass


@db_periodic_task(crontab(hour="4", minute="40"), name="forget-old-referrals")
def forget_old_referrals() -> None:
    """Delete what stayed of referrals whose case was deleted two years ago."""
    while following_up.forget_old(before=timezone.now() - timedelta(days=730)):
        pass
