"""Calls to an organisation's SMS or paging gateway: one signed POST. docs/gateway.md is for its makers."""

import hmac
import json
from datetime import datetime
from hashlib import blake2b

from django.conf import settings

from outbox import wire
from outbox.failures import Failed, of_the_wire
from outbox.models import Delivery, Gateway


def send(delivery: Delivery, at: datetime) -> bool:
    """Call the gateway, and say whether its answer acknowledges. Raises Failed.

    An answer counts when its status is 2xx and it is empty or a JSON object; `{"acknowledged": true}`
    says that a human has confirmed.
    """
    gateway = _gateway(delivery)
    body = json.dumps(
        {
            "id": str(delivery.pk),
            "to": delivery.to,
            "subject": delivery.subject,
            "text": delivery.body,
            "promised_at": delivery.promised_at.isoformat(),
        }
    ).encode()
    stamp = str(int(at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Lotse",
        "Idempotency-Key": str(delivery.pk),
        "Lotse-Timestamp": stamp,
        "Lotse-Signature": signature(secret_of(gateway), stamp, body),
    }
    with of_the_wire():
        answer = wire.post(gateway.address, headers=headers, body=body)
    return _acknowledges(answer)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return the value of `Lotse-Signature`: HMAC-SHA256 over the time stamp, a dot and the body."""
    mac = hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256")
    return f"v1={mac.hex()}"


def secret_of(gateway: Gateway) -> str:
    """Return the secret shared with a gateway. It is made from the environment and stored nowhere."""
    key = blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"lotse-gateway").digest()
    return blake2b(
        bytes(gateway.salt) + gateway.organisation.bytes, key=key, digest_size=24
    ).hexdigest()


def _gateway(delivery: Delivery) -> Gateway:
    if delivery.organisation is not None:
        gateway = Gateway.objects.filter(organisation=delivery.organisation).first()
        if gateway is not None:
            return gateway
    raise Failed(Delivery.Failure.NOT_SET_UP, again=False)


def _acknowledges(answer: wire.Answer) -> bool:
    if not 200 <= answer.status < 300:
        # What the gateway will never accept is for a human; 408, 425 and 429 ask to come again.
        for_good = 400 <= answer.status < 500 and answer.status not in {
            401,
            403,
            404,
            408,
            425,
            429,
        }
        failure = Delivery.Failure.REFUSED if for_good else Delivery.Failure.ANSWER
        raise Failed(failure, again=not for_good)
    if not answer.body.strip():
        return False
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Failed(Delivery.Failure.ANSWER) from None
    if not isinstance(said, dict):
        raise Failed(Delivery.Failure.ANSWER)
    return said.get("acknowledged") is True
