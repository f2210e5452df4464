"""The one writer of gateways: where an organisation's alarms leave for phones and pagers."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit import trail
from outbox import wire
from outbox.models import Gateway


@transaction.atomic
def connect(*, organisation: UUID, address: str, by: trail.Actor, at: datetime) -> Gateway:
    """Set an organisation's gateway, with a fresh secret when its address is another.

    Raises wire.AddressRefused.
    """
    wire.check(address)
    row = Gateway.objects.filter(organisation=organisation).first()
    if row is None:
        row = Gateway(organisation=organisation, created_at=at)
    elif row.address != address:
        row.salt = secrets.token_bytes(16)
    row.address = address
    row.save()
    trail.record("gateway.connected", by=by, at=at, organisation=organisation)
    return row


@transaction.atomic
def renew_secret(*, organisation: UUID, by: trail.Actor, at: datetime) -> None:
    """Give an organisation's gateway a fresh secret; the old one counts no more."""
    Gateway.objects.filter(organisation=organisation).update(salt=secrets.token_bytes(16))
    trail.record("gateway.secret_renewed", by=by, at=at, organisation=organisation)


@transaction.atomic
def disconnect(*, organisation: UUID, by: trail.Actor, at: datetime) -> None:
    """Take an organisation's gateway away."""
    gone, _by_kind = Gateway.objects.filter(organisation=organisation).delete()
    if gone:
        trail.record("gateway.disconnected", by=by, at=at, organisation=organisation)
