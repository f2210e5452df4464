"""The one writer of push subscriptions: a person's browsers that may be woken."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from outbox import wire
from outbox.models import PushSubscription
from vault import push

MOST = 10  # browsers of one person; the oldest goes


class Unusable(ValueError):
    """What the browser sent is no subscription that could be served."""


@transaction.atomic
def keep(
    *, owner: UUID, endpoint: str, public_key: bytes, secret: bytes, at: datetime
) -> PushSubscription:
    """Keep a browser's subscription for a person; the same browser again is the same row.

    Whoever is signed in there now owns it. Raises Unusable.
    """
    try:
        wire.check(endpoint)
        push.check_key(public_key)
    except (wire.AddressRefused, push.KeyUnusable):
        raise Unusable from None
    if len(secret) != 16 or len(endpoint) > 1000:
        raise Unusable
    row, _is_new = PushSubscription.objects.update_or_create(
        endpoint=endpoint,
        defaults={"owner": owner, "public_key": public_key, "secret": secret, "created_at": at},
    )
    of_owner = PushSubscription.objects.filter(owner=owner).order_by("-created_at", "pk")
    for old in of_owner[MOST:]:
        old.delete()
    return row


@transaction.atomic
def forget(*, subscription: str, owner: UUID | None = None) -> None:
    """Forget a browser. owner: only if it is theirs."""
    try:
        rows = PushSubscription.objects.filter(pk=UUID(subscription))
    except ValueError:
        return
    (rows if owner is None else rows.filter(owner=owner)).delete()


@transaction.atomic
def forget_all_of(*, owner: UUID) -> int:
    """Forget every browser of a person, who has left. Returns how many."""
    return PushSubscription.objects.filter(owner=owner).delete()[0]
