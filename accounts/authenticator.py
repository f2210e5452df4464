"""The secret of an authenticator app while it is being set up."""

from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from uuid import UUID

import segno
from django_otp.util import random_hex

from vault import tickets

PURPOSE = "enrol"
LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Secret:
    """The secret of an authenticator app that is being set up: 40 hexadecimal digits.

    It travels in the form, sealed; nothing of it is stored before the app has shown a right code.
    """

    key: str
    ticket: str

    @classmethod
    def fresh(cls, subject: UUID, *, at: datetime) -> "Secret":
        """Return a new secret. subject: id of the invitation or person that it is for."""
        key = random_hex(20)
        payload = {"key": key, "subject": str(subject)}
        return cls(key, tickets.issue(payload, purpose=PURPOSE, at=at))

    @classmethod
    def read(cls, ticket: str, subject: UUID, *, at: datetime) -> "Secret | None":
        """Return the secret that a form brought back; None when too old or for something else."""
        try:
            payload = tickets.redeem(ticket, purpose=PURPOSE, at=at, lifetime=LIFETIME)
        except tickets.TicketInvalid:
            return None
        if payload["subject"] != str(subject):
            return None
        return cls(payload["key"], ticket)

    @property
    def base32(self) -> str:
        """Return the secret as apps want it typed."""
        return b32encode(bytes.fromhex(self.key)).decode()

    @property
    def groups(self) -> list[str]:
        """Return the secret in groups of four, for typing."""
        return [self.base32[i : i + 4] for i in range(0, len(self.base32), 4)]

    def qr(self, label: str) -> str:
        """Return a QR code for the app as a `data:` address of an SVG image.

        label: whose code it is. The address is Google's key URI format.
        """
        query = urlencode({"secret": self.base32, "issuer": "Lotse"})
        address = f"otpauth://totp/Lotse:{quote(label, safe='')}?{query}"
        return segno.make(address, error="m", micro=False).svg_data_uri(scale=4, light="#fff")
