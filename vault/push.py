"""Web push: what a push service carries is sealed for one browser, and signed as coming from us.

RFC 8291 (message encryption, `aes128gcm` of RFC 8188) and RFC 8292 (VAPID). The pair that signs is
made from the environment's secret: nothing to set up, nothing stored; a new secret means that browsers
subscribe anew, which their page does by itself.
"""

import json
import os
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
TOKEN_LASTS = timedelta(hours=12)  # RFC 8292: at most 24
LARGEST = 3000  # bytes of a message; push services take 4096 with everything around it


class KeyUnusable(ValueError):
    """What a browser gave as its key is none."""


def public_key() -> bytes:
    """Return the public half of the signing pair, as browsers want it: an uncompressed point."""
    return _point(_pair(settings.SECRET_KEY).public_key())


def check_key(public: bytes) -> None:
    """Raise KeyUnusable unless this is a point that a browser's public key can be."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, public)
    except ValueError:
        raise KeyUnusable from None
    if len(public) != 65:
        raise KeyUnusable


def authorization(endpoint: str, *, contact: str, at: datetime) -> str:
    """Return the `Authorization` header for one push service. contact: a `mailto:` or `https:` address."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((at + TOKEN_LASTS).timestamp()),
        "sub": contact,
    }
    head = _encoded(json.dumps({"typ": "JWT", "alg": "ES256"}).encode())
    body = _encoded(json.dumps(claims).encode())
    signed = _pair(settings.SECRET_KEY).sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(signed)
    mark = _encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={head}.{body}.{mark}, k={_encoded(public_key())}"


def seal_for_browser(
    message: bytes,
    *,
    public: bytes,
    secret: bytes,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Return a message sealed for one browser. own, salt: fresh ones, except for the RFC's example.

    public, secret: `p256dh` and `auth` of its subscription. Raises KeyUnusable or ValueError for a
    message that is too long.
    """
    if len(message) > LARGEST:
        raise ValueError("too long for a push message")
    check_key(public)
    browser = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, public)
    own = own or ec.generate_private_key(CURVE)
    salt = salt or os.urandom(16)
    mine = _point(own.public_key())
    shared = own.exchange(ec.ECDH(), browser)
    keying = _derived(shared, salt=secret, info=b"WebPush: info\x00" + public + mine, length=32)
    key = _derived(keying, salt=salt, info=b"Content-Encoding: aes128gcm\x00", length=16)
    nonce = _derived(keying, salt=salt, info=b"Content-Encoding: nonce\x00", length=12)
    sealed = AESGCM(key).encrypt(nonce, message + b"\x02", None)
    return salt + (4096).to_bytes(4, "big") + bytes([len(mine)]) + mine + sealed


def _derived(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


@lru_cache(maxsize=2)
def _pair(secret: str) -> ec.EllipticCurvePrivateKey:
    wide = blake2b(secret.encode(), digest_size=64, person=b"lotse-vapid").digest()
    return ec.derive_private_key(1 + int.from_bytes(wide, "big") % (_ORDER - 1), CURVE)


def _point(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
