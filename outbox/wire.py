"""One request to an address that somebody typed in or a browser named: guarded, and never for long.

The name is looked up here, every address it has is judged, and the connection goes to one that was
judged, so that a name that changes its address in between leads nowhere else. Redirects are not
followed. A watch ends the whole exchange, also one that drips byte by byte.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

LONGEST = 10.0  # seconds for one exchange, looking up the name not counted
LARGEST = 64 * 1024  # bytes of an answer that are read
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(Exception):
    """The address may not be called. `why`: a code."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Unreachable(Exception):
    """Nobody answers there."""


class TooSlow(Unreachable):
    """The exchange took longer than allowed."""


class Unreadable(Exception):
    """What came back is no HTTP answer, or too large."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


def check(address: str) -> SplitResult:
    """Return an address in its parts if it may be called by its looks. Raises AddressRefused.

    `https` only, except in the demo and where the operator allows addresses of the own network; no
    user name, no fragment.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise AddressRefused("malformed") from None
    plain = settings.DEMO or settings.OUTBOX_PRIVATE
    if parts.scheme not in ({"https", "http"} if plain else {"https"}):
        raise AddressRefused("scheme")
    if not parts.hostname or parts.username or parts.password or parts.fragment or port == 0:
        raise AddressRefused("malformed")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in address):
        raise AddressRefused("malformed")
    literal = _literal(parts.hostname)
    if literal is not None and not may_call(literal):
        raise AddressRefused("private")
    return parts


def may_call(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Say whether an address is one of the internet, not of this machine or network."""
    if settings.OUTBOX_PRIVATE:
        return True
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if inside is None and address in _NAT64:
            inside = ipaddress.IPv4Address(address.packed[-4:])
        if inside is not None:
            return may_call(inside)
    return address.is_global and not address.is_multicast


def post(
    address: str, *, headers: Mapping[str, str], body: bytes, longest: float = LONGEST
) -> Answer:
    """Send one POST and return the answer. longest: seconds.

    Raises AddressRefused, Unreachable, TooSlow or Unreadable.
    """
    parts = check(address)
    connection = _Judged(parts, longest)
    watch = threading.Timer(longest, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        read = answer.read(LARGEST + 1)
        status = answer.status
    except AddressRefused:
        raise
    except (http.client.HTTPException, OSError, ValueError) as failed:
        if connection.was_cut or isinstance(failed, TimeoutError):
            raise TooSlow from None
        if isinstance(failed, OSError):
            raise Unreachable from None
        raise Unreadable from None
    finally:
        watch.cancel()
        connection.close()
    if connection.was_cut:
        raise TooSlow
    if len(read) > LARGEST:
        raise Unreadable
    return Answer(status, read)


class _Judged(http.client.HTTPConnection):
    """A connection to an address that was judged; the name is looked up once."""

    def __init__(self, parts: SplitResult, longest: float) -> None:
        self._tls = parts.scheme == "https"
        super().__init__(
            parts.hostname or "", parts.port or (443 if self._tls else 80), timeout=longest
        )
        self.was_cut = False

    def connect(self) -> None:
        """Connect to the first judged address that answers."""
        failed: OSError = OSError("no address")
        for family, kind, protocol, _name, place in self._places():
            plain = socket.socket(family, kind, protocol)
            plain.settimeout(self.timeout)
            try:
                plain.connect(place)
                self.sock = self._secured(plain) if self._tls else plain
            except OSError as error:
                plain.close()
                failed = error
            else:
                return
        raise failed

    def cut(self) -> None:
        """End whatever is going on: the time is over."""
        self.was_cut = True
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it had ended by itself

    def _secured(self, plain: socket.socket) -> ssl.SSLSocket:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)

    def _places(self) -> list[tuple[Any, Any, int, str, Any]]:
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise AddressRefused("malformed") from None
        # One of the own network among them, and none is called: it is not ours to choose.
        if not all(
            may_call(ipaddress.ip_address(str(place[4][0]).split("%")[0])) for place in found
        ):
            raise AddressRefused("private")
        return found


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return None
