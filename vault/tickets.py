"""Sealed tickets: what the server wants back from a form without storing it meanwhile.

A ticket travels in a hidden field. Only the server can read or make one; it carries its purpose and
its time, so that one made for another form, or too old, is refused.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.secret import Aead


class TicketInvalid(ValueError):
    """The ticket was not made here, not for this purpose, or was altered."""


class TicketExpired(TicketInvalid):
    """The ticket is older than its purpose allows."""


def issue(payload: dict[str, Any], *, purpose: str, at: datetime) -> str:
    """Return a sealed ticket with a payload (JSON types) for one purpose."""
    body = json.dumps({"at": at.timestamp(), "payload": payload}).encode()
    return urlsafe_b64encode(bytes(_box().encrypt(body, purpose.encode()))).decode()


def redeem(ticket: str, *, purpose: str, at: datetime, lifetime: timedelta) -> dict[str, Any]:
    """Return a ticket's payload. Raises TicketInvalid or TicketExpired."""
    try:
        body = json.loads(_box().decrypt(urlsafe_b64decode(ticket), purpose.encode()))
    except (CryptoError, ValueError, TypeError):
        raise TicketInvalid("not a ticket for this purpose") from None
    if not -60 <= at.timestamp() - body["at"] <= lifetime.total_seconds():
        raise TicketExpired("too old")
    payload: dict[str, Any] = body["payload"]
    return payload


def _box() -> Aead:
    key = blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"lotse-ticket").digest()
    return Aead(key)
