"""Web push: sealed for one browser as the standards say, signed as coming from us."""

import json
from base64 import urlsafe_b64decode
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from outbox.models import Channel, Delivery, PushSubscription
from outbox.operations import deliveries, subscriptions
from tests.outbox.conftest import OtherSide, says
from tests.outbox.test_mail import NOON, now, sweep
from vault import push

SECRET = bytes(range(16))


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """A browser's side of web push (RFC 8291)."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.public = self.key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )

    def opened(self, body: bytes) -> dict[str, Any]:
        """Open what a push service would hand over."""
        salt, length = body[:16], body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        shared = self.key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        )
        keying = derived(shared, SECRET, b"WebPush: info\x00" + self.public + theirs, 32)
        key = derived(keying, salt, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = derived(keying, salt, b"Content-Encoding: nonce\x00", 12)
        plain = AESGCM(key).decrypt(nonce, sealed, None)
        assert plain.endswith(b"\x02")
        said: dict[str, Any] = json.loads(plain[:-1])
        return said


def derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def test_the_example_of_rfc_8291_comes_out_byte_for_byte() -> None:
    sealed = push.seal_for_browser(
        b"When I grow up, I want to be a watermelon",
        public=decoded(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        secret=decoded("BTBZMqHH6r4Tts7J_aSIgg"),
        own=ec.derive_private_key(
            int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"),
            ec.SECP256R1(),
        ),
        salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert sealed == decoded(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
        "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@pytest.fixture
def browser(other_side: OtherSide, db: None) -> Browser:
    """Lea's browser, subscribed at the other side."""
    browser = Browser()
    subscriptions.keep(
        owner=uuid4(),
        endpoint=f"{other_side.url}/push/abc",
        public_key=browser.public,
        secret=SECRET,
        at=NOON,
    )
    return browser


def promise() -> Delivery:
    return deliveries.promise(
        key="alarm:1",
        channel=Channel.PUSH,
        to=str(PushSubscription.objects.get().pk),
        subject="Bitte jetzt bei Lotse nachsehen",
        body="Nordhafen",
        at=NOON,
    )


def test_a_browser_reads_what_was_promised_and_the_push_service_cannot(
    browser: Browser, other_side: OtherSide, settings: Any
) -> None:
    settings.DEFAULT_FROM_EMAIL = "Lotse <lotse@nordhafen.example.org>"
    promised = promise()
    other_side.answer = says(201, b"")
    assert sweep(channel=Channel.PUSH) == 1
    ((path, headers, body),) = other_side.calls
    assert path == "/push/abc"
    assert b"Lotse" not in body
    assert browser.opened(body) == {
        "title": "Bitte jetzt bei Lotse nachsehen",
        "body": "Nordhafen",
        "tag": promised.pk.hex,
    }
    assert (headers["Topic"], headers["Urgency"]) == (promised.pk.hex, "high")
    assert len(headers["Topic"]) <= 32
    signed_by_us(headers["Authorization"], other_side.url)


def signed_by_us(header: str, audience: str) -> None:
    """Check the header as a push service does (RFC 8292)."""
    kind, _space, rest = header.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert kind == "vapid"
    head, claims, mark = parts["t"].split(".")
    said = json.loads(decoded(claims))
    assert said["aud"] == audience
    assert said["sub"] == "mailto:lotse@nordhafen.example.org"
    assert 0 < said["exp"] - NOON.timestamp() <= 24 * 3600
    assert decoded(parts["k"]) == push.public_key()
    raw = decoded(mark)
    pair = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(parts["k"]))
    pair.verify(
        encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")),
        f"{head}.{claims}".encode(),
        ec.ECDSA(hashes.SHA256()),
    )


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(
    browser: Browser, other_side: OtherSide, status: int
) -> None:
    promised = promise()
    other_side.answer = says(status, b"")
    assert sweep(channel=Channel.PUSH) == 0
    assert now(promised).failure == Delivery.Failure.GONE
    assert not PushSubscription.objects.exists()


def test_a_push_service_in_trouble_is_asked_again(browser: Browser, other_side: OtherSide) -> None:
    promised = promise()
    other_side.answer = says(503, b"")
    assert sweep(channel=Channel.PUSH) == 0
    assert now(promised).state == Delivery.State.WAITING


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("endpoint", "key", "secret"),
    [
        ("https://127.0.0.1/push", None, SECRET),
        ("http://push.example.org/", None, SECRET),
        ("https://push.example.org/", b"\x04" + bytes(64), SECRET),
        ("https://push.example.org/", b"", SECRET),
        ("https://push.example.org/", None, b"short"),
        ("https://push.example.org/" + "x" * 1000, None, SECRET),
    ],
)
def test_a_subscription_that_could_never_be_served_is_refused(
    endpoint: str, key: bytes | None, secret: bytes
) -> None:
    with pytest.raises(subscriptions.Unusable):
        subscriptions.keep(
            owner=uuid4(),
            endpoint=endpoint,
            public_key=Browser().public if key is None else key,
            secret=secret,
            at=NOON,
        )


@pytest.mark.django_db
def test_a_browser_belongs_to_who_switched_it_on_last_and_nobody_forgets_anothers() -> None:
    katrin, lea, browser = uuid4(), uuid4(), Browser()
    for owner in (katrin, lea):
        row = subscriptions.keep(
            owner=owner,
            endpoint="https://push.example.org/1",
            public_key=browser.public,
            secret=SECRET,
            at=NOON,
        )
    subscriptions.forget(subscription=str(row.pk), owner=katrin)
    assert PushSubscription.objects.get().owner == lea
    subscriptions.forget(subscription=str(row.pk), owner=lea)
    assert not PushSubscription.objects.exists()
