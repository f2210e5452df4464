"""Web push to a browser that its owner has switched on."""

import json
from datetime import datetime
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings

from outbox import wire
from outbox.failures import Failed, of_the_wire
from outbox.models import Delivery, PushSubscription
from vault import push

LASTS = 3600  # seconds that a push service keeps it for a device that is off; others learn by mail


def send(delivery: Delivery, at: datetime) -> bool:
    """Wake one browser; nobody acknowledges by that. Raises Failed.

    The same delivery has the same topic and tag, so that what is sent twice shows once.
    """
    subscription = _subscription(delivery.to)
    if subscription is None:
        raise Failed(Delivery.Failure.GONE, again=False)
    message = json.dumps(
        {"title": delivery.subject, "body": delivery.body, "tag": delivery.pk.hex}
    ).encode()
    sealed = push.seal_for_browser(
        message, public=bytes(subscription.public_key), secret=bytes(subscription.secret)
    )
    proof = push.authorization(subscription.endpoint, contact=_contact(), at=at)
    with of_the_wire():
        answer = wire.post(
            subscription.endpoint,
            headers={
                "Authorization": proof,
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(LASTS),
                "Urgency": "high",
                "Topic": delivery.pk.hex,
            },
            body=sealed,
        )
    if answer.status in {404, 410}:
        raise Failed(Delivery.Failure.GONE, again=False)
    if not 200 <= answer.status < 300:
        again = answer.status >= 500 or answer.status == 429
        raise Failed(Delivery.Failure.REFUSED, again=again)
    return False


def _subscription(to: str) -> PushSubscription | None:
    try:
        return PushSubscription.objects.filter(pk=UUID(to)).first()
    except ValueError:
        return None


def _contact() -> str:
    return f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
