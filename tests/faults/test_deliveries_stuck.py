"""The mail server is away for an hour, an entry is poisoned: everything else arrives, once, by itself."""

import socket
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Role
from config import watching
from outbox import queries
from outbox.models import Channel, Delivery, PushSubscription
from outbox.operations import deliveries, sending
from tests.factories import enrol, organisation
from tests.factories.sessions import signed_in
from tests.servers.post_office import open_post_office

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HOURS = 1
EVERY = timedelta(seconds=30)  # sweeps, with the hints in between


@pytest.fixture
def port(settings: Any) -> int:
    """The mail server's port. Nobody listens there yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", number, False
    return number


def sweep(at: datetime, channel: Channel = Channel.MAIL) -> int:
    return sending.sweep(channel=channel, now=lambda: at)


def promise(key: str, at: datetime, **more: Any) -> Delivery:
    return deliveries.promise(
        **{  # type: ignore[arg-type]
            "key": key,
            "channel": Channel.MAIL,
            "to": "lea@nordhafen.example",
            "subject": "Bitte bei Lotse nachsehen",
            "body": "Guten Tag.",
            "at": at,
        }
        | more
    )


def test_after_an_hour_without_a_mail_server_all_arrive_once_by_themselves(
    port: int, figures: list[str]
) -> None:
    began = at = timezone.now()
    said = Counter[str]()
    while at < began + HOURS * 60 * MINUTE:
        if (at - began) % (2 * MINUTE) == timedelta():
            promise(f"mail {at}", at)
        assert sweep(at) == 0
        said[watching.signs(at=at)["deliveries"]] += 1
        at += EVERY
    promised = Delivery.objects.count()
    tries = sum(Delivery.objects.values_list("attempts", flat=True))
    overdue = at - queries.first_due()[Channel.MAIL]
    assert overdue == at - began, "Prometheus sees how long the first one has waited"
    assert said["ok"] == 1 + deliveries_late(), "whoever watches /ready/ is told after ten minutes"

    back, last = at, at
    with open_post_office(port) as office:
        while at <= back + 15 * MINUTE:
            if sweep(at):
                last = at
            at += EVERY
        again = promise("afterwards", at)
        assert sweep(at) == 1
    assert len(office.letters) == promised + 1
    names = [letter["Message-ID"] for letter in office.letters]
    assert len(set(names)) == len(names), "something came twice"
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    assert last - back <= deliveries.LONGEST_CLOSED
    assert again.attempts == 0
    assert watching.signs(at=at)["deliveries"] == "ok"
    figures.append(
        f"mail server away for {HOURS} h: {promised} mails promised, {tries} tries meanwhile, {promised} "
        f"arrived once, the last {(last - back).total_seconds():.0f} s after it was back; none dead"
    )


def deliveries_late() -> int:
    """Return how many sweeps pass before something counts as late."""
    return int(queries.LATE / EVERY)


def test_after_a_day_without_a_mail_server_a_lead_sees_what_nobody_got(
    port: int, client: Any
) -> None:
    nordhafen = organisation("nordhafen")
    lea = enrol(nordhafen, "Lea Voss", role=Role.SUPERVISOR)
    katrin = enrol(nordhafen, "Katrin Petersen")
    words = "1 Nachricht konnte nicht zugestellt werden."
    page = signed_in(lea)
    assert words not in page.get("/team/").content.decode()
    began = at = timezone.now()
    early = promise("early", at, organisation=nordhafen.pk)
    while at <= began + deliveries.CLOSED_FOR_GOOD:
        assert sweep(at) == 0
        at += deliveries.LONGEST_CLOSED
    late = promise("late", at, organisation=nordhafen.pk)
    sweep(at)
    states = dict(Delivery.objects.values_list("key", "state"))
    assert states == {early.key: "dead", late.key: "waiting"}
    assert watching.signs(at=at)["deliveries"] == "dead"
    assert words in page.get("/team/").content.decode()
    assert words not in signed_in(katrin).get("/team/").content.decode(), "she leads nobody"
    with open_post_office(port) as office:
        deliveries.try_again(delivery=early.pk, by=lea.actor, at=at)
        at += deliveries.LONGEST_CLOSED
        assert sweep(at) == 2
    assert len(office.letters) == 2
    assert words not in page.get("/team/").content.decode()


def test_an_entry_with_a_broken_payload_ends_dead_and_holds_up_nobody(figures: list[str]) -> None:
    nordhafen = organisation("nordhafen")
    lea = enrol(nordhafen, "Lea Voss", role=Role.SUPERVISOR)
    at = timezone.now()
    browser = PushSubscription.objects.create(
        owner=lea.user_id,
        endpoint="https://push.example/x",
        public_key=bytes(65),  # no point of the curve
        secret=bytes(16),
        created_at=at,
    )
    poisoned = promise(
        "poisoned", at, channel=Channel.PUSH, to=str(browser.pk), organisation=nordhafen.pk
    )
    others, swept = 0, 0
    while Delivery.objects.get(pk=poisoned.pk).state != "dead":
        # What cannot arrive for good still shows that it was this one's turn.
        other = promise(f"other {swept}", at, channel=Channel.PUSH, to="nobody")
        sweep(at, Channel.PUSH)
        others += Delivery.objects.get(pk=other.pk).failure == Delivery.Failure.GONE
        swept += 1
        at += 5 * MINUTE
    assert others == swept, "somebody waited behind it"
    assert Delivery.objects.get(pk=poisoned.pk).failure == Delivery.Failure.BROKEN
    assert watching.signs(at=at)["deliveries"] == "dead"
    page = signed_in(lea).get("/team/alarme/zustellung/").content.decode()
    assert "Beim Senden ist ein Fehler aufgetreten." in page
    figures.append(
        f"poisoned delivery: dead after {len(deliveries.BACKOFF) + 1} tries, {others} of {swept} others went on"
    )


def test_an_entry_that_kills_every_worker_ends_dead_too(port: int) -> None:
    at = timezone.now()
    poisoned = promise("poisoned", at)
    killed = 0
    with open_post_office(port) as office:
        while Delivery.objects.get(pk=poisoned.pk).state != "dead":
            mine = deliveries.claim(channel=Channel.MAIL, at=at)
            # The worker that has claimed it ends here, and notes nothing.
            killed += mine is not None
            promise(f"other {at}", at)
            assert sweep(at) == 1, "somebody waited behind it"
            assert killed <= len(deliveries.BACKOFF) + 1
            at += 2 * deliveries.BACKOFF[-1]
        assert killed == len(deliveries.BACKOFF) + 1
        assert sweep(at) == 0
    assert poisoned.pk.hex not in " ".join(letter["Message-ID"] for letter in office.letters)
    assert Delivery.objects.get(pk=poisoned.pk).failure == Delivery.Failure.BROKEN
