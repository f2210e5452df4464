"""What the worker does for the outbox: one sweep per channel, so that none waits for another."""

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task, db_task

from outbox import queries
from outbox.models import Channel
from outbox.operations import deliveries, sending

SOON = 60  # seconds; what is due later is found by the next minute's sweep


@db_task(name="send-promised")
def send(channel: str) -> None:
    """Send what is due over one channel, and come back for what is due within the minute."""
    sending.sweep(channel=Channel(channel), now=timezone.now)
    due = queries.next_due(Channel(channel))
    if due is None:
        return
    seconds = (due - timezone.now()).total_seconds()
    if 0 < seconds < SOON:
        send.schedule((channel,), delay=seconds + 0.5)


@db_periodic_task(crontab(minute="*"), name="sweep-mail")
def sweep_mail() -> None:
    """Send the mails that are due."""
    send.call_local(Channel.MAIL)


@db_periodic_task(crontab(minute="*"), name="sweep-push")
def sweep_push() -> None:
    """Send the push messages that are due."""
    send.call_local(Channel.PUSH)


@db_periodic_task(crontab(minute="*"), name="sweep-webhooks")
def sweep_webhooks() -> None:
    """Call the gateways that are to be called."""
    send.call_local(Channel.WEBHOOK)


@db_periodic_task(crontab(minute="41"), name="clean-outbox")
def clean() -> None:
    """Forget what is long done."""
    deliveries.clean(at=timezone.now())
