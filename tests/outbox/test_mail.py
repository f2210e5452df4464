"""Promised mails leave once, wait while the server is away, and end where a human sees them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from audit.models import TrailEntry
from audit.trail import SYSTEM
from outbox import queries
from outbox.models import Channel, Delivery
from outbox.operations import deliveries, sending
from tests.servers.post_office import PostOffice, text_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)
NORDHAFEN = UUID("00000000-0000-4000-8000-000000000001")


def promise(key: str = "swap:1", to: str = "lea@nordhafen.example", **more: object) -> Delivery:
    """Promise Lea a mail."""
    return deliveries.promise(
        **{  # type: ignore[arg-type]
            "key": key,
            "channel": Channel.MAIL,
            "to": to,
            "subject": "Bitte bei Lotse nachsehen",
            "body": "Guten Tag, im Team wartet etwas auf Sie.",
            "at": NOON,
            "organisation": NORDHAFEN,
        }
        | more
    )


def sweep(at: datetime = NOON, channel: Channel = Channel.MAIL) -> int:
    return sending.sweep(channel=channel, now=lambda: at)


def now(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


def test_a_promised_mail_arrives_once_and_its_text_is_gone(post_office: PostOffice) -> None:
    promised = promise()
    assert promise().pk == promised.pk, "the same key is the same delivery"

    assert sweep() == 1
    assert sweep(NOON + timedelta(hours=1)) == 0

    (letter,) = post_office.letters
    assert letter["To"] == "lea@nordhafen.example"
    assert letter["Subject"] == "Bitte bei Lotse nachsehen"
    assert letter["Message-ID"] == f"<{promised.pk}@nordhafen.example.org>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "im Team wartet" in text_of(letter)
    after = now(promised)
    assert (after.state, after.subject, after.body, after.sent_at) == ("sent", "", "", NOON)
    assert promise().state == Delivery.State.SENT, "what was sent is not promised anew"


def test_what_is_promised_for_the_morning_leaves_in_the_morning(post_office: PostOffice) -> None:
    promise(not_before=NOON + timedelta(hours=8))
    assert sweep(NOON + timedelta(hours=7)) == 0
    assert sweep(NOON + timedelta(hours=8)) == 1
    assert len(post_office.letters) == 1


def test_what_was_taken_back_does_not_leave(post_office: PostOffice) -> None:
    promised = promise()
    promise("swap:2")
    assert deliveries.withdraw(key="swap:1", at=NOON)
    assert not deliveries.withdraw(key="swap:1", at=NOON)
    assert sweep() == 1
    assert now(promised).state == Delivery.State.WITHDRAWN
    assert now(promised).body == ""


def test_a_promise_of_a_transaction_that_fails_was_never_made(post_office: PostOffice) -> None:
    with transaction.atomic():
        promise()
        transaction.set_rollback(True)
    assert sweep() == 0


def test_while_the_server_is_away_nothing_is_lost_and_one_try_is_enough_to_know(
    post_office: PostOffice, settings: Any
) -> None:
    first, second = promise("a"), promise("b")
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert sweep() == 0
    tried, left = sorted([now(first), now(second)], key=lambda row: -row.attempts)
    assert [tried.attempts, left.attempts] == [1, 0], "the way is closed for both"
    assert tried.failure == Delivery.Failure.UNREACHABLE
    assert tried.body, "it is still needed"

    settings.EMAIL_PORT = port
    assert sweep(NOON + timedelta(seconds=14)) == 0
    assert sweep(NOON + timedelta(seconds=15)) == 2
    assert len(post_office.letters) == 2


def test_a_mail_that_never_gets_through_is_dead_and_a_human_tries_again(
    post_office: PostOffice, settings: Any
) -> None:
    promised = promise()
    at = NOON
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    while now(promised).state == Delivery.State.WAITING:
        at += deliveries.LONGEST_CLOSED
        assert sweep(at) == 0
    assert now(promised).state == Delivery.State.DEAD
    assert at == NOON + deliveries.CLOSED_FOR_GOOD, "the way was closed for a day"
    assert queries.dead(NORDHAFEN) == [promised]
    assert queries.dead(uuid4()) == []
    assert TrailEntry.objects.get(action="delivery.dead").detail["failure"] == "unreachable"

    settings.EMAIL_PORT = port
    assert sweep(at + timedelta(days=1)) == 0, "nobody tries by himself any more"
    deliveries.try_again(delivery=promised.pk, by=SYSTEM, at=at)
    assert sweep(at) == 1
    assert len(post_office.letters) == 1
    with pytest.raises(deliveries.NotDead):
        deliveries.try_again(delivery=promised.pk, by=SYSTEM, at=at)


def test_an_address_that_the_server_refuses_is_not_tried_again(post_office: PostOffice) -> None:
    post_office.refusals["weg@nordhafen.example"] = "550 no such user"
    post_office.refusals["voll@nordhafen.example"] = "452 mailbox full"
    gone, full, fine = (
        promise("a", "weg@nordhafen.example"),
        promise("b", "voll@nordhafen.example"),
        promise("c"),
    )
    assert sweep() == 1, "one bad address holds up nobody else"
    assert now(gone).state == Delivery.State.DEAD
    assert now(full).state == Delivery.State.WAITING
    assert now(fine).state == Delivery.State.SENT


def test_without_a_mail_server_a_mail_is_dead_at_once_and_never_called_sent(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    promised = promise()
    assert sweep() == 0
    assert now(promised).state == Delivery.State.DEAD
    assert now(promised).failure == Delivery.Failure.NOT_SET_UP


def test_a_killed_worker_leaves_a_claim_that_runs_out_and_the_mail_keeps_its_name(
    post_office: PostOffice,
) -> None:
    promised = promise()
    killed = deliveries.claim(channel=Channel.MAIL, at=NOON)  # then its worker was killed
    assert killed is not None
    assert sweep(NOON + timedelta(seconds=119)) == 0, "it may still be at it"
    assert sweep(NOON + timedelta(seconds=120)) == 1
    assert post_office.letters[0]["Message-ID"] == f"<{promised.pk}@nordhafen.example.org>"

    # It was not killed after all, only slow: what it says now changes nothing.
    deliveries.note_failed(
        delivery=killed, failure=Delivery.Failure.BROKEN, at=NOON + timedelta(seconds=130)
    )
    deliveries.note_sent(delivery=killed, at=NOON + timedelta(seconds=130))
    assert now(promised).sent_at == NOON + timedelta(seconds=120)


def test_a_slow_worker_that_did_send_ends_the_repetition(post_office: PostOffice) -> None:
    promised = promise()
    slow = deliveries.claim(channel=Channel.MAIL, at=NOON)
    later = NOON + timedelta(seconds=121)
    second = deliveries.claim(channel=Channel.MAIL, at=later)
    assert slow is not None
    assert second is not None
    deliveries.note_sent(delivery=slow, at=later)
    deliveries.note_failed(delivery=second, failure=Delivery.Failure.BROKEN, at=later)
    assert now(promised).state == Delivery.State.SENT


def test_a_clock_that_is_set_back_two_hours_delays_nothing(post_office: PostOffice) -> None:
    promise("at once")
    promise("in an hour", not_before=NOON + timedelta(hours=1))
    back = NOON - timedelta(hours=2)
    assert sweep(back) == 1
    assert sweep(back + timedelta(minutes=59)) == 0
    assert sweep(back + timedelta(minutes=60)) == 1


def test_a_clock_that_jumps_ahead_two_hours_sends_nothing_twice(post_office: PostOffice) -> None:
    promise()
    assert sweep(NOON + timedelta(hours=2)) == 1
    assert sweep(NOON) == 0
    assert len(post_office.letters) == 1


def test_what_is_long_done_is_forgotten_and_what_is_dead_for_a_week_is_dropped(
    post_office: PostOffice, settings: Any
) -> None:
    sent = promise("sent")
    sweep()
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    dead = promise("dead")
    sweep()
    deliveries.clean(at=NOON + timedelta(days=8))
    assert (now(dead).state, now(dead).body) == (Delivery.State.DROPPED, "")
    deliveries.clean(at=NOON + timedelta(days=31))
    assert not Delivery.objects.filter(pk=sent.pk).exists()
    assert Delivery.objects.filter(pk=dead.pk).exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"key": ""},
        {"key": "k" * 201},
        {"to": "  "},
        {"subject": "zwei\nZeilen"},
        {"to": "lea@example.org\nBcc: alle@example.org"},
        {"channel": Channel.WEBHOOK, "organisation": None},
    ],
    ids=str,
)
def test_what_could_never_be_sent_is_refused_when_it_is_promised(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"delivery|line|gateway"):
        promise(**bad)  # type: ignore[arg-type]


def test_a_sweep_asks_as_often_for_one_waiting_mail_as_for_many_that_are_not_due(
    post_office: PostOffice, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    promise("later:0", not_before=NOON + timedelta(days=1))
    with django_assert_num_queries(6):  # the clock and the claim, a savepoint around each
        sweep()
    for number in range(1, 40):
        promise(f"later:{number}", not_before=NOON + timedelta(days=1))
    with django_assert_num_queries(6):
        sweep()


def test_two_workers_and_a_third_in_the_middle_send_everything_once(
    post_office: PostOffice,
) -> None:
    for number in range(6):
        promise(f"swap:{number}")
    workers = [deliveries.claim(channel=Channel.MAIL, at=NOON) for _worker in range(2)]
    assert sweep() == 4, "the third takes what nobody has"
    for claimed in workers:
        assert claimed is not None
        sending.send_claimed(claimed, lambda: NOON)
    assert len({letter["Message-ID"] for letter in post_office.letters}) == 6
    assert len(post_office.letters) == 6
