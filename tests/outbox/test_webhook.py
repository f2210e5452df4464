"""Calls to a gateway: signed, tried again, never for long, and nowhere they should not go."""

import hmac
import json
import socket
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from audit.trail import SYSTEM
from outbox import queries, signals, wire
from outbox.models import Channel, Delivery, Gateway
from outbox.operations import deliveries, gateways
from outbox.webhook import secret_of
from tests.outbox.conftest import OtherSide, says, writes
from tests.outbox.test_mail import NOON, NORDHAFEN, now, sweep

pytestmark = pytest.mark.django_db


def promise(key: str = "alarm:1", **more: Any) -> Delivery:
    """Promise a call to Lea's number."""
    return deliveries.promise(
        **{  # type: ignore[arg-type]
            "key": key,
            "channel": Channel.WEBHOOK,
            "to": "+4915123456789",
            "subject": "Bitte jetzt bei Lotse nachsehen",
            "body": "Nordhafen: Bitte jetzt nachsehen.",
            "at": NOON,
            "organisation": NORDHAFEN,
        }
        | more
    )


@pytest.fixture
def gateway(other_side: OtherSide) -> Gateway:
    """Nordhafen's gateway is the other side."""
    return gateways.connect(
        organisation=NORDHAFEN, address=f"{other_side.url}/sms?key=1", by=SYSTEM, at=NOON
    )


def call(at: datetime = NOON) -> int:
    return sweep(at, Channel.WEBHOOK)


def test_a_call_is_signed_and_carries_a_number_and_no_content(
    other_side: OtherSide, gateway: Gateway
) -> None:
    promised = promise()
    assert call() == 1
    ((path, headers, body),) = other_side.calls
    assert path == "/sms?key=1"
    assert json.loads(body) == {
        "id": str(promised.pk),
        "to": "+4915123456789",
        "subject": "Bitte jetzt bei Lotse nachsehen",
        "text": "Nordhafen: Bitte jetzt nachsehen.",
        "promised_at": NOON.isoformat(),
    }
    assert headers["Idempotency-Key"] == str(promised.pk)
    assert headers["Lotse-Timestamp"] == str(int(NOON.timestamp()))
    # As docs/gateway.md tells the makers of gateways to check it.
    signed = headers["Lotse-Timestamp"].encode() + b"." + body
    mac = hmac.new(secret_of(gateway).encode(), signed, "sha256").hexdigest()
    assert headers["Lotse-Signature"] == f"v1={mac}"


def test_a_renewed_secret_signs_from_then_on(other_side: OtherSide, gateway: Gateway) -> None:
    before = secret_of(gateway)
    gateways.renew_secret(organisation=NORDHAFEN, by=SYSTEM, at=NOON)
    gateway.refresh_from_db()
    assert secret_of(gateway) != before


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        pytest.param(says(500, b"oops"), "answer", id="500"),
        pytest.param(says(302, b""), "answer", id="a redirect, which is not followed"),
        pytest.param(says(429, b""), "answer", id="429"),
        pytest.param(says(200, b"<html>Welcome</html>"), "answer", id="a page instead of JSON"),
        pytest.param(says(200, b"[1, 2]"), "answer", id="JSON of another shape"),
        pytest.param(says(200, b"[" * 60_000), "answer", id="JSON without an end"),
        pytest.param(says(200, b" " * 70_000), "answer", id="too much"),
        pytest.param(writes(b"\x00\xff garbage\r\n\r\n"), "answer", id="no HTTP at all"),
        pytest.param(writes(b""), "unreachable", id="hung up"),
        pytest.param(
            writes(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"), "answer", id="half an answer"
        ),
    ],
)
def test_garbage_is_no_answer_and_is_tried_again_under_the_same_id(
    other_side: OtherSide, gateway: Gateway, answer: Any, failure: str
) -> None:
    promised = promise()
    other_side.answer = answer
    assert call() == 0
    assert (now(promised).state, now(promised).failure) == ("waiting", failure)
    other_side.answer = says(200, b'{"ok": true}')
    assert call(NOON + timedelta(seconds=15)) == 1
    assert len({headers["Idempotency-Key"] for _path, headers, _body in other_side.calls}) == 1


def test_a_gateway_that_answers_too_late_is_cut_off_also_when_it_drips(
    other_side: OtherSide, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire.post, "__kwdefaults__", {"longest": 0.5})

    def late(handler: BaseHTTPRequestHandler) -> None:
        other_side.over.wait(30)
        says(200, b"")(handler)

    def drips(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not other_side.over.wait(0.1):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    for number, answer in enumerate((late, drips)):
        promised = promise(f"alarm:{number}")
        other_side.answer = answer
        assert call() == 0
        assert now(promised).failure == Delivery.Failure.TOO_SLOW
        deliveries.withdraw(key=promised.key, at=NOON)


def test_one_dead_gateway_is_asked_once_and_holds_up_nobody_else(
    other_side: OtherSide, gateway: Gateway, settings: Any
) -> None:
    elsewhere = uuid4()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    gateways.connect(organisation=elsewhere, address=address, by=SYSTEM, at=NOON)
    stuck = [promise(f"stuck:{n}", organisation=elsewhere) for n in range(3)]
    fine = promise("fine", at=NOON + timedelta(seconds=1))
    assert call(NOON + timedelta(seconds=1)) == 1
    assert now(fine).state == Delivery.State.SENT
    assert sorted(now(one).attempts for one in stuck) == [0, 0, 1]


def test_what_a_gateway_refuses_for_good_is_dead_at_once_and_a_lead_tries_again(
    other_side: OtherSide, gateway: Gateway
) -> None:
    promised = promise()
    other_side.answer = says(400, b"no such number")
    assert call() == 0
    assert queries.dead(NORDHAFEN) == [promised]
    other_side.answer = says(204, b"")
    deliveries.try_again(delivery=promised.pk, by=SYSTEM, at=NOON)
    assert call() == 1


def test_without_a_gateway_a_call_is_dead(settings: Any) -> None:
    promised = promise()
    assert call() == 0
    assert now(promised).failure == Delivery.Failure.NOT_SET_UP


def test_an_answer_that_a_human_confirmed_is_passed_on(
    other_side: OtherSide, gateway: Gateway
) -> None:
    heard: list[str] = []

    def listen(*, key: str, **_signal: Any) -> None:
        heard.append(key)

    signals.acknowledged.connect(listen)
    try:
        for number, said in enumerate((b'{"acknowledged": true}', b'{"acknowledged": "yes"}', b"")):
            other_side.answer = says(200, said)
            promise(f"alarm:{number}")
            call()
    finally:
        signals.acknowledged.disconnect(listen)
    assert heard == ["alarm:0"]


def test_a_confirmation_that_cannot_be_noted_holds_up_no_other_call(
    other_side: OtherSide, gateway: Gateway
) -> None:
    def fail(**_signal: Any) -> None:
        raise OperationalError

    other_side.answer = says(200, b'{"acknowledged": true}')
    promise("alarm:1")
    promise("alarm:2")
    signals.acknowledged.connect(fail)
    try:
        assert call() == 2
    finally:
        signals.acknowledged.disconnect(fail)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://gateway.example.org/", "scheme"),
        ("ftp://gateway.example.org/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("https://", "malformed"),
        ("https://user:word@gateway.example.org/", "malformed"),
        ("https://gateway.example.org:99999/", "malformed"),
        ("https://gateway.example.org/\r\nHost: x", "malformed"),
        ("https://127.0.0.1/", "private"),
        ("https://[::1]/", "private"),
        ("https://10.0.0.7/", "private"),
        ("https://192.168.1.1/", "private"),
        ("https://169.254.169.254/latest/meta-data/", "private"),
        ("https://0.0.0.0/", "private"),
        ("https://100.64.0.1/", "private"),
        ("https://224.0.0.1/", "private"),
        ("https://[fd00::1]/", "private"),
        ("https://[fe80::1%25eth0]/", "private"),
        ("https://[::ffff:127.0.0.1]/", "private"),
        ("https://[64:ff9b::7f00:1]/", "private"),
        ("https://[2002:7f00:1::]/", "private"),
    ],
)
def test_an_address_of_the_own_network_is_refused_by_its_looks(
    address: str, why: str, settings: Any
) -> None:
    settings.DEMO = False
    with pytest.raises(wire.AddressRefused) as refused:
        wire.check(address)
    assert refused.value.why == why


def test_a_name_that_leads_into_the_own_network_is_refused_when_it_is_called(
    other_side: OtherSide, gateway: Gateway, settings: Any
) -> None:
    settings.OUTBOX_PRIVATE = False
    settings.DEMO = True  # plain HTTP is fine there, this machine is not
    Gateway.objects.update(address=other_side.url.replace("127.0.0.1", "localhost"))
    promised = promise()
    assert call() == 0
    assert now(promised).failure == Delivery.Failure.ADDRESS
    assert other_side.calls == []


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_mind(
    other_side: OtherSide, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, *arguments: Any, **named: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1", *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    port = other_side.url.rpartition(":")[2]
    answer = wire.post(f"http://gateway.example.org:{port}/", headers={}, body=b"")
    assert answer.status == 200
    assert asked == ["gateway.example.org"]
    assert other_side.calls[0][1]["Host"] == f"gateway.example.org:{port}"


def test_a_certificate_of_nobody_is_not_believed(settings: Any) -> None:
    """A server that answers TLS with garbage is unreachable, not an answer."""
    settings.OUTBOX_PRIVATE = True
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            connection, _address = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(wire.Unreachable):
            wire.post(f"https://127.0.0.1:{port}/", headers={}, body=b"")
        thread.join(10)
