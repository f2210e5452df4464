"""What makes a browser a known device: a random key in a cookie that no script can read.

One per browser, whoever signs in there; for each person it opens only their own keys, and only together
with their password.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse

KEY_SIZE = 32  # bytes
LIFETIME = 400 * 24 * 3600  # seconds; browsers keep no cookie longer. Renewed at every sign-in.


@dataclass(frozen=True, slots=True)
class DeviceCookie:
    """A browser's name for itself and its key."""

    device: UUID
    key: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> "DeviceCookie":
        """Return a new one."""
        return cls(uuid4(), secrets.token_bytes(KEY_SIZE))

    @classmethod
    def read(cls, request: HttpRequest) -> "DeviceCookie | None":
        """Return what the browser has shown, or None when there is nothing or it is damaged."""
        name, _dot, key = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "").partition(".")
        try:
            read = cls(UUID(hex=name), urlsafe_b64decode(key))
        except ValueError:
            return None
        return read if len(read.key) == KEY_SIZE else None

    def write(self, response: HttpResponse) -> None:
        """Let the browser keep it."""
        response.set_cookie(
            settings.DEVICE_COOKIE_NAME,
            f"{self.device.hex}.{urlsafe_b64encode(self.key).decode()}",
            max_age=LIFETIME,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )
