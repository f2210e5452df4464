"""The one writer of deliveries: promised, claimed, sent, failed, tried again, given up.

Nothing is sent here: `sending.py` does that between claiming a row and noting how it went, outside any
transaction. Whoever is killed in between leaves a claim that expires; then it is sent again under the
same id (ADR 0012).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from audit import trail
from outbox import signals
from outbox.models import Channel, Delivery

CLAIM = timedelta(minutes=2)  # how long one try may take before somebody else may try
# How long to wait after each failed try; after the last one it is for a human to try again. A way that
# is closed is not the delivery's fault: it is tried again at least every LONGEST_CLOSED, for a day.
BACKOFF = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=3),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
)
LONGEST_CLOSED = timedelta(minutes=10)
CLOSED_FOR_GOOD = timedelta(days=1)  # since the promise
KEPT_DEAD = timedelta(days=7)  # then nobody wants it any more
KEPT_SENT = timedelta(days=30)
CLOCK_SLACK = timedelta(minutes=1)  # by which the clocks of two machines may differ


class NotDead(Exception):
    """Only what could not be delivered can be tried again or dropped."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to be sent. The same key is the same delivery.

    to: a mail address, the id of a push subscription, or a number for the organisation's gateway.
    subject, body: neutral, never content; wiped as soon as they are not needed. not_before: when it
    may leave at the earliest.
    """

    key: str
    channel: str
    to: str
    subject: str
    body: str
    not_before: datetime | None = None


@transaction.atomic
def promise(
    *,
    key: str,
    channel: Channel,
    to: str,
    subject: str,
    body: str,
    at: datetime,
    not_before: datetime | None = None,
    organisation: UUID | None = None,
) -> Delivery:
    """Promise to send one thing, and return its delivery. Arguments and exceptions as `promise_all`."""
    wanted = Wanted(key, channel, to, subject, body, not_before)
    promise_all([wanted], at=at, organisation=organisation)
    return Delivery.objects.get(key=key)


@transaction.atomic
def promise_all(
    wanted: Sequence[Wanted], *, at: datetime, organisation: UUID | None = None
) -> None:
    """Promise to send some things, in the caller's transaction. What was promised before stays as it was.

    organisation: whose supervisors see it if it cannot be delivered; needed for the gateway. Raises
    ValueError for a key, recipient or subject that cannot be one.
    """
    Delivery.objects.bulk_create(
        [_row(one, at=at, organisation=organisation) for one in wanted], ignore_conflicts=True
    )
    for channel in {one.channel for one in wanted}:
        _hint(channel)


def _row(wanted: Wanted, *, at: datetime, organisation: UUID | None) -> Delivery:
    key, to, subject, body = wanted.key, wanted.to, wanted.subject, wanted.body
    if not key or len(key) > 200 or not to.strip() or len(subject) > 200:
        raise ValueError("a delivery has a key, a recipient and a short subject")
    if any(letter in subject + to for letter in "\r\n\0") or "\0" in body:
        raise ValueError("a subject and a recipient are one line")
    if wanted.channel == Channel.WEBHOOK and organisation is None:
        raise ValueError("a gateway belongs to an organisation")
    return Delivery(
        key=key,
        organisation=organisation,
        channel=wanted.channel,
        to=to.strip(),
        subject=subject,
        body=body,
        promised_at=at,
        due_at=max(at, wanted.not_before or at),
        touched_at=at,
    )


@transaction.atomic
def withdraw(*, key: str, at: datetime) -> bool:
    """Take back what was not sent, and say whether there was anything. In flight it may still arrive."""
    return bool(
        Delivery.objects.filter(key=key, state__in=Delivery.State.with_text()).update(
            state=Delivery.State.WITHDRAWN, due_at=None, touched_at=at, subject="", body=""
        )
    )


@transaction.atomic
def withdraw_all(*, prefix: str, at: datetime) -> int:
    """Take back everything not yet sent whose key begins so. Returns how many."""
    return Delivery.objects.filter(
        key__startswith=prefix, state__in=Delivery.State.with_text()
    ).update(state=Delivery.State.WITHDRAWN, due_at=None, touched_at=at, subject="", body="")


@transaction.atomic
def claim(
    *, channel: Channel, at: datetime, besides: frozenset[UUID] = frozenset()
) -> Delivery | None:
    """Claim the delivery that is due longest, or return None when there is none.

    A compare-and-swap on the row as it was seen: of any number of workers one wins. What ends every
    worker that tries it never fails: its claims expire, ever later, and after as many tries as anything
    else has it is dead. besides: ids that this sweep leaves for the next one.
    """
    due = Delivery.objects.filter(channel=channel, due_at__lte=at).exclude(pk__in=besides)
    for seen in due.order_by("due_at", "pk")[:20]:
        expired = seen.state == Delivery.State.SENDING
        if expired and not seen.failure and _is_last(seen.attempts):
            note_failed(delivery=seen, failure=Delivery.Failure.BROKEN, at=at)
            continue
        mine = Delivery.objects.filter(
            pk=seen.pk, state=seen.state, due_at=seen.due_at, attempts=seen.attempts
        ).update(
            state=Delivery.State.SENDING,
            due_at=at + (max(CLAIM, _wait(seen.attempts)) if expired else CLAIM),
            touched_at=at,
            attempts=F("attempts") + 1,
        )
        if mine:
            seen.attempts += 1
            return seen
    return None


@transaction.atomic
def note_sent(*, delivery: Delivery, at: datetime) -> None:
    """Note that it was sent, and wipe its text. Also when the claim has expired meanwhile."""
    Delivery.objects.filter(pk=delivery.pk, state__in=Delivery.State.open()).update(
        state=Delivery.State.SENT,
        sent_at=at,
        due_at=None,
        touched_at=at,
        failure="",
        subject="",
        body="",
    )


@transaction.atomic
def note_failed(
    *, delivery: Delivery, failure: Delivery.Failure, at: datetime, again: bool = True
) -> None:
    """Note that a try failed: it is tried again later, or is dead after the last one.

    again: whether another try could help. Nothing is noted once somebody else has claimed it.
    """
    wait = _wait(delivery.attempts)
    gives_up = not again or _is_last(delivery.attempts)
    if again and failure in Delivery.Failure.way_is_closed():
        wait = min(wait, LONGEST_CLOSED)
        gives_up = at >= delivery.promised_at + CLOSED_FOR_GOOD
    mine = Delivery.objects.filter(
        pk=delivery.pk, state=Delivery.State.SENDING, attempts=delivery.attempts
    ).update(
        state=Delivery.State.DEAD if gives_up else Delivery.State.WAITING,
        failure=failure,
        due_at=None if gives_up else at + wait,
        touched_at=at,
    )
    if mine and gives_up:
        _record("delivery.dead", delivery, by=trail.SYSTEM, at=at, failure=str(failure))


@transaction.atomic
def way_is_open(*, delivery: Delivery, at: datetime) -> None:
    """Let what found the way of a delivery closed leave now: that one has got through."""
    stuck = Delivery.objects.filter(
        channel=delivery.channel,
        state=Delivery.State.WAITING,
        failure__in=Delivery.Failure.way_is_closed(),
        due_at__gt=at,
    )
    if delivery.channel == Channel.WEBHOOK:
        stuck = stuck.filter(organisation=delivery.organisation)
    elif delivery.channel == Channel.PUSH:
        stuck = stuck.filter(to=delivery.to)
    stuck.update(due_at=at, touched_at=at)


@transaction.atomic
def leave(*, delivery: Delivery, at: datetime) -> None:
    """Put a claimed delivery back untried: its way is closed for now."""
    Delivery.objects.filter(
        pk=delivery.pk, state=Delivery.State.SENDING, attempts=delivery.attempts
    ).update(
        state=Delivery.State.WAITING,
        due_at=at + BACKOFF[0],
        touched_at=at,
        attempts=F("attempts") - 1,
    )


@transaction.atomic
def try_again(*, delivery: UUID, by: trail.Actor, at: datetime) -> None:
    """Try a dead delivery again, from the first try on. Raises NotDead."""
    won = Delivery.objects.filter(pk=delivery, state=Delivery.State.DEAD).update(
        state=Delivery.State.WAITING, attempts=0, failure="", due_at=at, touched_at=at
    )
    if not won:
        raise NotDead
    row = Delivery.objects.get(pk=delivery)
    _record("delivery.tried_again", row, by=by, at=at)
    _hint(row.channel)


@transaction.atomic
def drop(*, delivery: UUID, by: trail.Actor, at: datetime) -> None:
    """Give a dead delivery up for good, and wipe it. Raises NotDead."""
    won = Delivery.objects.filter(pk=delivery, state=Delivery.State.DEAD).update(
        state=Delivery.State.DROPPED, touched_at=at, subject="", body=""
    )
    if not won:
        raise NotDead
    _record("delivery.dropped", Delivery.objects.get(pk=delivery), by=by, at=at)


@transaction.atomic
def clean(*, at: datetime) -> int:
    """Drop what is dead for a week and forget what ended a month ago. Returns how many rows."""
    dropped = Delivery.objects.filter(
        state=Delivery.State.DEAD, touched_at__lt=at - KEPT_DEAD
    ).update(state=Delivery.State.DROPPED, touched_at=at, subject="", body="")
    forgotten, _by_kind = (
        Delivery.objects.filter(due_at__isnull=True, touched_at__lt=at - KEPT_SENT)
        .exclude(state=Delivery.State.DEAD)
        .delete()
    )
    return dropped + forgotten


@transaction.atomic
def settle_clock(*, at: datetime) -> int:
    """Bring forward what a clock that ran ahead has put too far off. Returns how many rows.

    What was touched in the future was touched under a wrong clock; its waiting time counts from now.
    """
    ahead = Delivery.objects.filter(due_at__isnull=False, touched_at__gt=at + CLOCK_SLACK)
    settled = 0
    for seen in ahead[:200]:
        assert seen.due_at is not None  # the filter says so
        settled += Delivery.objects.filter(pk=seen.pk, touched_at=seen.touched_at).update(
            due_at=seen.due_at - (seen.touched_at - at), touched_at=at
        )
    return settled


def _wait(attempts: int) -> timedelta:
    """Return how long to wait after so many tries."""
    return BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]


def _is_last(attempts: int) -> bool:
    return attempts > len(BACKOFF)


def _record(what: str, row: Delivery, *, by: trail.Actor, at: datetime, **more: str) -> None:
    trail.record(
        what,
        by=by,
        at=at,
        organisation=row.organisation,
        case=None,  # the outbox knows none
        delivery=str(row.pk),
        channel=row.channel,
        **more,
    )


def _hint(channel: str) -> None:
    # robust: the row is committed and the sweep finds it; a queue that is down costs a minute.
    transaction.on_commit(
        lambda: signals.promised.send(sender=Delivery, channel=str(channel)) and None, robust=True
    )
