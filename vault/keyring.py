"""Where case keys come from: make one, open one, drop one.

Callers pass a `Holder`, the person or process on whose behalf a key is opened. For now every holder
opens the wrap made for the server; when keys move into people's hands only this file and the code
that builds holders change.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.secret import Aead

from vault.models import KeyWrap
from vault.sealing import CaseKey, new_case_key


class KeyUnavailable(Exception):
    """The case's key is gone (deleted) or is not wrapped for this holder."""


@dataclass(frozen=True, slots=True)
class Holder:
    """On whose behalf a key is opened. `name`: the holder of the wrap."""

    name: str = KeyWrap.SERVER


SERVER = Holder()


def create_case_key(*, subject: UUID, at: datetime) -> CaseKey:
    """Make a case's key, store its wrap, and return the key for use within this request."""
    key = new_case_key()
    KeyWrap.objects.create(
        subject=subject,
        holder=KeyWrap.SERVER,
        sealed=bytes(Aead(_server_key(settings.VAULT_SERVER_KEY)).encrypt(key, subject.bytes)),
        created_at=at,
    )
    return key


def open_case_key(*, subject: UUID, holder: Holder) -> CaseKey:
    """Return a case's key. Raises KeyUnavailable when there is no wrap or it does not open."""
    sealed = (
        KeyWrap.objects.filter(subject=subject, holder=holder.name)
        .values_list("sealed", flat=True)
        .first()
    )
    if sealed is None:
        raise KeyUnavailable("no wrap for this holder")
    try:
        key = Aead(_server_key(settings.VAULT_SERVER_KEY)).decrypt(bytes(sealed), subject.bytes)
    except CryptoError:
        raise KeyUnavailable("the wrap does not open") from None
    return CaseKey(key)


def drop_case_key(*, subject: UUID) -> int:
    """Delete every wrap of a case's key, so that nothing sealed under it opens again.

    Returns the number of wraps dropped.
    """
    return KeyWrap.objects.filter(subject=subject).delete()[0]


@lru_cache(maxsize=4)
def _server_key(secret: str) -> bytes:
    return blake2b(secret.encode(), digest_size=32, person=b"lotse-server").digest()
