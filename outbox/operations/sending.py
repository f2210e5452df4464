"""The sweep: claims what is due over one channel, sends it, notes how it went. One at a time.

Any number of workers may sweep. What is in flight when a worker is killed is one delivery, and it is
sent again when its claim expires, under the same id: mail with the same Message-ID, a push with the
same topic and tag, a gateway call with the same Idempotency-Key.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from outbox import mail, push, signals, webhook
from outbox.failures import Failed
from outbox.models import Channel, Delivery
from outbox.operations import deliveries, subscriptions

log = logging.getLogger("lotse.outbox")

SENDERS: dict[str, Callable[[Delivery, datetime], bool]] = {
    Channel.MAIL: mail.send,
    Channel.PUSH: push.send,
    Channel.WEBHOOK: webhook.send,
}


def sweep(*, channel: Channel, now: Callable[[], datetime], most: int = 500) -> int:
    """Send what is due over one channel, and return how many were sent. now: reads the clock.

    Where the way itself is closed (the mail server or gateway does not answer), the rest of that way
    waits for the next sweep, so that one dead gateway does not hold up anybody else's. Where one gets
    through, what found the way closed before leaves too.
    """
    deliveries.settle_clock(at=now())
    sent, closed, opened, left = 0, set[str](), set[str](), set[UUID]()
    for _one in range(most):
        delivery = deliveries.claim(channel=channel, at=now(), besides=frozenset(left))
        if delivery is None:
            break
        if _way(delivery) in closed:
            left.add(delivery.pk)
            deliveries.leave(delivery=delivery, at=now())
            continue
        failed = send_claimed(delivery, now)
        if failed is None:
            sent += 1
            if _way(delivery) not in opened:
                opened.add(_way(delivery))
                deliveries.way_is_open(delivery=delivery, at=now())
        elif failed.way_is_closed:
            closed.add(_way(delivery))
    return sent


def send_claimed(delivery: Delivery, now: Callable[[], datetime]) -> Failed | None:
    """Try a claimed delivery once, note how it went, and return what failed. now: reads the clock."""
    try:
        is_acknowledged = SENDERS[delivery.channel](delivery, now())
    except Failed as failed:
        deliveries.note_failed(
            delivery=delivery, failure=failed.failure, at=now(), again=failed.again
        )
        if failed.failure == Delivery.Failure.GONE:
            subscriptions.forget(subscription=delivery.to)
        log.warning("delivery %s not sent: %s", delivery.pk, failed.failure)
        return failed
    except Exception as error:  # noqa: BLE001 - whatever one delivery does, the others must leave
        deliveries.note_failed(delivery=delivery, failure=Delivery.Failure.BROKEN, at=now())
        log.error("delivery %s failed: %s", delivery.pk, type(error).__name__)
        return Failed(Delivery.Failure.BROKEN)
    deliveries.note_sent(delivery=delivery, at=now())
    if is_acknowledged:
        # Where it cannot be noted (Django logs that) the alarm goes on, and so do the other deliveries.
        signals.acknowledged.send_robust(sender=Delivery, key=delivery.key, at=now())
    return None


def _way(delivery: Delivery) -> str:
    """Return what several deliveries share on their way: the mail server, a gateway, one browser."""
    if delivery.channel == Channel.MAIL:
        return "mail"
    if delivery.channel == Channel.WEBHOOK:
        return str(delivery.organisation)
    return delivery.to
