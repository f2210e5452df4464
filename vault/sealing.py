"""Seal and open what a client or a counsellor wrote.

XChaCha20-Poly1305 (`nacl.secret.Aead`) under a random key per case. The associated data binds a text
to its version, case, place, role and the sender's message id, so that a row moved elsewhere does not
open. Texts are padded to steps of 256 bytes (ISO/IEC 7816-4), so that their length tells little.
"""

import struct
from dataclasses import dataclass
from typing import NewType
from uuid import UUID

from nacl.exceptions import CryptoError
from nacl.secret import Aead
from nacl.utils import random

from vault import alerts

VERSION = 1
PADDING_STEP = 256  # bytes; design.md, "Content is sealed"

FILE_PADDING_STEP = 64 * 1024  # bytes: a file's length tells more than a text's

CaseKey = NewType("CaseKey", bytes)
FileKey = NewType("FileKey", bytes)


class SealBroken(Exception):
    """A sealed text does not open: wrong key, wrong place, or altered bytes. Carries no content."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed text belongs; it opens nowhere else.

    case: the case's id. seq: the message's number in the case, 0 for what has none (draft, facts).
    role: who wrote it or what it is (`client`, `reply`, `note`, `draft`, `facts`, `rating`).
    token: the sender's message id, or the id of whom it belongs to; None where there is none.
    """

    case: UUID
    seq: int
    role: str
    token: UUID | None = None

    def associated_data(self) -> bytes:
        """Return the bytes that the seal binds, unambiguous because every part has a fixed length."""
        role = self.role.encode("ascii")
        if len(role) > 16:
            raise ValueError("a role has at most 16 ASCII letters")
        return struct.pack(
            ">B16sQ16s16s",
            VERSION,
            self.case.bytes,
            self.seq,
            role.ljust(16, b"\0"),
            self.token.bytes if self.token else bytes(16),
        )


def new_case_key() -> CaseKey:
    """Return a fresh random key of 32 bytes."""
    return CaseKey(random(Aead.KEY_SIZE))


def new_file_key() -> FileKey:
    """Return a fresh random key for one file; it is kept sealed under the case's key."""
    return FileKey(random(Aead.KEY_SIZE))


def seal(text: str, *, key: CaseKey, place: Place) -> bytes:
    """Seal a text for one place: version byte, nonce and ciphertext.

    Raises UnicodeEncodeError for text that is no valid Unicode (lone surrogates).
    """
    data = _pad(text.encode("utf-8"), PADDING_STEP)
    return bytes([VERSION]) + bytes(Aead(key).encrypt(data, place.associated_data()))


def open_sealed(sealed: bytes, *, key: CaseKey, place: Place) -> str:
    """Open a sealed text.

    Raises SealBroken when it was altered, moved or sealed under another key; that is also noted for
    the trail (`alerts`).
    """
    return _opened_or_noted(sealed, key, place).decode("utf-8")


def seal_file(data: bytes, *, key: FileKey, place: Place) -> bytes:
    """Seal a file's bytes for one place, padded to steps of 64 kB."""
    padded = _pad(data, FILE_PADDING_STEP)
    return bytes([VERSION]) + bytes(Aead(key).encrypt(padded, place.associated_data()))


def open_file(sealed: bytes, *, key: FileKey, place: Place) -> bytes:
    """Open a sealed file. Raises SealBroken as `open_sealed` does."""
    return _opened_or_noted(sealed, key, place)


def _opened_or_noted(sealed: bytes, key: bytes, place: Place) -> bytes:
    try:
        return _unpad(_opened(sealed, key, place))
    except SealBroken:
        alerts.note(place.role, place.case, place.seq)
        raise


def _opened(sealed: bytes, key: bytes, place: Place) -> bytes:
    if not sealed or sealed[0] != VERSION:
        raise SealBroken("unknown version")
    try:
        return bytes(Aead(key).decrypt(sealed[1:], place.associated_data()))
    except (CryptoError, ValueError, TypeError):
        # `from None`: the cause's traceback would carry the arguments.
        raise SealBroken("does not open here") from None


def _pad(data: bytes, step: int) -> bytes:
    padded = data + b"\x80"
    return padded + bytes(-len(padded) % step)


def _unpad(data: bytes) -> bytes:
    stripped = data.rstrip(b"\0")
    if not stripped.endswith(b"\x80"):
        raise SealBroken("padding")
    return stripped[:-1]
