"""Somebody on the way in: what the sealed session keeps between the steps of signing in."""

from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from accounts.holders import packed, unpacked
from vault.staff_keys import Stretched, Unlocked
from vault.stretching import Cost

KEY = "signing-in"
BETWEEN_FACTORS = timedelta(minutes=5)
FOR_A_DEVICE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who has shown the password, and what has come of it so far.

    began_at: of the present step. unlocked: the key pair, as far as password and device open it.
    stretched: the password after Argon2id, where keys have yet to be wrapped with it. device: which
    known device it is. weak: the password alone is too easy to guess for an organisation without device
    keys. factor: the second factor that was shown. request, secret: of a new device that waits.
    """

    user: UUID
    began_at: float
    next_page: str = ""
    unlocked: Unlocked | None = None
    stretched: Stretched | None = None
    device: UUID | None = None
    weak: bool = False
    factor: str = ""
    request: UUID | None = None
    secret: bytes = b""

    @classmethod
    def read(cls, request: HttpRequest) -> "Arrival | None":
        """Return what the session keeps, or None."""
        kept: dict[str, Any] | None = request.session.get(KEY)
        if kept is None:
            return None
        return cls(
            user=UUID(kept["user"]),
            began_at=kept["at"],
            next_page=kept["next"],
            unlocked=unpacked(kept["key"]),
            stretched=_unpacked_password(kept["stretched"]),
            device=_uuid(kept["device"]),
            weak=kept["weak"],
            factor=kept["factor"],
            request=_uuid(kept["request"]),
            secret=b64decode(kept["secret"]),
        )

    def write(self, request: HttpRequest) -> None:
        """Let the session keep it."""
        request.session[KEY] = {
            "user": str(self.user),
            "at": self.began_at,
            "next": self.next_page,
            "key": packed(self.unlocked),
            "stretched": _packed_password(self.stretched),
            "device": str(self.device) if self.device else None,
            "weak": self.weak,
            "factor": self.factor,
            "request": str(self.request) if self.request else None,
            "secret": b64encode(self.secret).decode(),
        }

    def is_fresh(self, at: datetime) -> bool:
        """Say whether the next step still counts."""
        lifetime = FOR_A_DEVICE if self.request else BETWEEN_FACTORS
        return 0 <= at.timestamp() - self.began_at <= lifetime.total_seconds()

    def waiting(self, *, factor: str, request: UUID, secret: bytes, at: datetime) -> "Arrival":
        """Return the arrival at a new device, past both factors."""
        return replace(self, factor=factor, request=request, secret=secret, began_at=at.timestamp())


def forget(request: HttpRequest) -> None:
    """Forget who was on the way in."""
    request.session.pop(KEY, None)


def _uuid(kept: str | None) -> UUID | None:
    return UUID(kept) if kept else None


def _packed_password(stretched: Stretched | None) -> dict[str, Any] | None:
    if stretched is None:
        return None
    return {
        "salt": b64encode(stretched.salt).decode(),
        "cost": [stretched.cost.memory_kib, stretched.cost.passes],
        "key": b64encode(stretched.key).decode(),
    }


def _unpacked_password(kept: dict[str, Any] | None) -> Stretched | None:
    if kept is None:
        return None
    return Stretched(b64decode(kept["salt"]), Cost(*kept["cost"]), b64decode(kept["key"]))
