"""Passkeys as a second factor: what django-otp-webauthn must know about this house.

A passkey belongs to the name in the browser's address bar. The name comes from the request, which
Django has checked against LOTSE_ALLOWED_HOSTS, so that a move to another name needs no setting.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.http import HttpRequest
from django_otp_webauthn.helpers import WebAuthnHelper
from webauthn.helpers.structs import ResidentKeyRequirement


@dataclass(frozen=True, slots=True)
class Site:
    """Where the browser is: `origin` as in the address bar, `name` without scheme and port."""

    origin: str
    name: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Site":
        """Return where a request was sent to."""
        origin = f"{request.scheme}://{request.get_host()}"
        return cls(origin, urlsplit(origin).hostname or "")

    @property
    def can_have_passkeys(self) -> bool:
        """Say whether browsers make passkeys here: over HTTPS or on `localhost`, by name."""
        try:
            ip_address(self.name)
        except ValueError:
            return self.origin.startswith("https://") or self.name == "localhost"
        return False


class Passkeys(WebAuthnHelper):  # type: ignore[misc]  # the package brings no types
    """The ceremonies of one site. Registering and signing in are in `operations/passkeys.py`."""

    def __init__(self, site: Site) -> None:
        super().__init__(request=None)
        self.site = site

    def get_relying_party_domain(self) -> str:
        """Return the name that passkeys belong to."""
        return self.site.name

    def get_relying_party_name(self) -> str:
        """Return the words that a browser may show."""
        return "Lotse"

    def get_allowed_origins(self) -> list[str]:
        """Return the only page address that may ask."""
        return [self.site.origin]

    def get_discoverable_credentials_preference(self) -> ResidentKeyRequirement:
        """Leave it to the authenticator: whoever comes has said who they are by then."""
        return ResidentKeyRequirement.PREFERRED
