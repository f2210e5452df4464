"""What is read about deliveries."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Case, Count, F, Min, Q, When

from outbox.models import Channel, Delivery, Gateway, PushSubscription

LISTED = 100
LATE = timedelta(minutes=10)  # that something should have left


def dead(organisation: UUID) -> list[Delivery]:
    """Return what could not be delivered for an organisation, the latest first, at most 100."""
    return list(
        Delivery.objects.filter(organisation=organisation, state=Delivery.State.DEAD).order_by(
            "-touched_at", "pk"
        )[:LISTED]
    )


def dead_count(organisation: UUID) -> int:
    """Return how much could not be delivered for an organisation."""
    return Delivery.objects.filter(organisation=organisation, state=Delivery.State.DEAD).count()


def delivery_of(organisation: UUID, delivery: UUID) -> Delivery | None:
    """Return an organisation's delivery, whatever became of it, or None."""
    return Delivery.objects.filter(pk=delivery, organisation=organisation).first()


def next_due(channel: Channel) -> datetime | None:
    """Return when the next delivery over a channel is due, or None."""
    return (
        Delivery.objects.filter(channel=channel, due_at__isnull=False)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )


def counts() -> dict[tuple[str, str], int]:
    """Return how many deliveries are open or dead, by channel and state."""
    counted = Delivery.objects.filter(Q(due_at__isnull=False) | Q(state=Delivery.State.DEAD))
    rows = counted.order_by().values_list("channel", "state").annotate(count=Count("pk"))
    return {(channel, state): count for channel, state, count in rows}


def first_due() -> dict[str, datetime]:
    """Return since when the first delivery is due that is still to be sent, by channel.

    What found its way closed has been due since it was promised, whenever it is tried again.
    """
    stuck = When(failure__in=Delivery.Failure.way_is_closed(), then=F("promised_at"))
    rows = (
        Delivery.objects.filter(state__in=Delivery.State.open(), due_at__isnull=False)
        .order_by()
        .values_list("channel")
        .annotate(first=Min(Case(stuck, default=F("due_at"))))
    )
    return dict(rows)


def trouble(*, at: datetime) -> str:
    """Say how deliveries go: `ok`, `late` (one should have left ten minutes ago), `dead` (one waits for a human)."""
    if Delivery.objects.filter(state=Delivery.State.DEAD).exists():
        return "dead"
    return "late" if any(since < at - LATE for since in first_due().values()) else "ok"


def browsers_of(owner: UUID) -> list[PushSubscription]:
    """Return the browsers in which a person may be woken, the oldest first."""
    return list(PushSubscription.objects.filter(owner=owner))


def browsers_by_owner(owners: Iterable[UUID]) -> dict[UUID, list[PushSubscription]]:
    """Return the browsers of several people, by person."""
    found: dict[UUID, list[PushSubscription]] = {}
    for row in PushSubscription.objects.filter(owner__in=list(owners)):
        found.setdefault(row.owner, []).append(row)
    return found


def gateway_of(organisation: UUID) -> Gateway | None:
    """Return an organisation's gateway, or None."""
    return Gateway.objects.filter(organisation=organisation).first()
