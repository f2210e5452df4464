"""Seal a key for one purpose and one recipient: the only two ways in which keys are stored.

Every sealed key carries its binding, so that a row that was swapped, moved to another recipient or
taken from an older generation does not pass for another one. Under a shared key the binding is the
associated data; a `SealedBox` knows none, so there it is sealed together with the key.
"""

import hmac
import struct
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import Aead

VERSION = 1
KEY_SIZE = 32  # bytes of every key in the house
_BINDING_SIZE = 32


class BoxBroken(Exception):
    """A sealed key does not open: altered, cut, swapped, for somebody else or of another generation."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a sealed key is, whose, and for whom; it opens as nothing else.

    purpose: `case-code`, `case-team`, `case-staff`, `team-staff` and the like. subject: whose key it is.
    recipient: who may open it. number: the generation, 0 for what has none.
    """

    purpose: str
    subject: UUID
    recipient: UUID
    number: int = 0

    def data(self) -> bytes:
        """Return the bytes that are bound, unambiguous because every part has a fixed length."""
        purpose = self.purpose.encode("ascii")
        if len(purpose) > 16:
            raise ValueError("a purpose has at most 16 ASCII letters")
        return struct.pack(
            ">B16s16s16sQ",
            VERSION,
            purpose.ljust(16, b"\0"),
            self.subject.bytes,
            self.recipient.bytes,
            self.number,
        )

    def digest(self) -> bytes:
        """Return 32 bytes that stand for the binding inside a SealedBox."""
        return blake2b(self.data(), digest_size=_BINDING_SIZE, person=b"lotse-binding").digest()


def lock(secret: bytes, *, key: bytes, binding: Binding) -> bytes:
    """Seal a secret under a shared key of 32 bytes."""
    return bytes([VERSION]) + bytes(Aead(key).encrypt(secret, binding.data()))


def unlock(sealed: bytes, *, key: bytes, binding: Binding) -> bytes:
    """Open what `lock` sealed. Raises BoxBroken."""
    if not sealed or sealed[0] != VERSION:
        raise BoxBroken("unknown version")
    try:
        return bytes(Aead(key).decrypt(sealed[1:], binding.data()))
    except (CryptoError, ValueError, TypeError):
        # `from None`: the cause's traceback would carry the arguments.
        raise BoxBroken("does not open here") from None


def post(secret: bytes, *, to: bytes, binding: Binding) -> bytes:
    """Seal a secret so that only the owner of a public key (32 bytes) opens it."""
    return bytes([VERSION]) + bytes(SealedBox(PublicKey(to)).encrypt(binding.digest() + secret))


def collect(sealed: bytes, *, secret: bytes, binding: Binding) -> bytes:
    """Open what `post` sealed. secret: the recipient's secret half. Raises BoxBroken."""
    if not sealed or sealed[0] != VERSION:
        raise BoxBroken("unknown version")
    try:
        opened = bytes(SealedBox(PrivateKey(secret)).decrypt(sealed[1:]))
    except (CryptoError, ValueError, TypeError):
        raise BoxBroken("does not open here") from None
    if not hmac.compare_digest(opened[:_BINDING_SIZE], binding.digest()):
        raise BoxBroken("belongs elsewhere")
    return opened[_BINDING_SIZE:]


def new_pair() -> tuple[bytes, bytes]:
    """Return a fresh key pair: the secret and the public half."""
    secret = PrivateKey.generate()
    return bytes(secret), bytes(secret.public_key)


def public_half(secret: bytes) -> bytes:
    """Return the public half that belongs to a secret half."""
    return bytes(PrivateKey(secret).public_key)
