"""Which page may open a socket: one of ours, never one without an origin."""

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

DEFAULT_PORTS = {"http": 80, "https": 443}


class SameOrigin:
    """Pass on a socket that a page of this very address opens; refuse every other with 403.

    Channels' own validator compares with ALLOWED_HOSTS, which says nothing about the port and, where
    it is `*` as in the demo, lets in everybody, also without an origin. A cookie alone must not open a
    socket: any page may try to.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        answer: Any = self.application if comes_from_here(scope) else WebsocketDenier()
        return await answer(scope, receive, send)


def comes_from_here(scope: dict[str, Any]) -> bool:
    """Say whether a handshake has exactly one origin, and that is the address it was sent to.

    Other origins are those of LOTSE_TRUSTED_ORIGINS. Over HTTPS an origin without it is refused.
    """
    origins, hosts = _headers(scope, b"origin"), _headers(scope, b"host")
    if len(origins) != 1 or len(hosts) != 1:
        return False
    if origins[0] in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        origin, host = urlsplit(origins[0]), urlsplit(f"//{hosts[0]}")
        port = DEFAULT_PORTS[origin.scheme]
        same = (origin.hostname, origin.port or port) == (host.hostname, host.port or port)
    except (KeyError, ValueError):
        return False
    if not (settings.INSECURE_HTTP or origin.scheme == "https"):
        return False
    bare = f"{origin.scheme}://{origin.netloc}" == origins[0] and "@" not in origin.netloc
    domain, _port = split_domain_port(hosts[0])
    return same and bare and validate_host(domain, settings.ALLOWED_HOSTS)


def _headers(scope: dict[str, Any], name: bytes) -> list[str]:
    return [value.decode("latin1") for key, value in scope.get("headers", []) if key == name]
