"""Whether an address on the web still answers. Asks the network, and only when somebody says so."""

import http.client
import ipaddress
import socket
import ssl
from contextlib import closing
from urllib.parse import urlsplit

AGENT = "Lotse-Verzeichnis (Linkpruefung)"
# A site that wants no robots or limits them is there.
THERE = frozenset([401, 403, 405, 406, 429, 503])


def problem_with(url: str, *, timeout: float, may_ask_own_network: bool = False) -> str:
    """Return a code for what is wrong with an address, nothing when it answers.

    timeout: seconds. may_ask_own_network: also ask addresses inside the own network; an imported link
    must not make the server knock on its neighbours' doors.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "no-link"
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)[0][4][0]
    except (OSError, ValueError):
        return "unknown-host"
    if not may_ask_own_network and not ipaddress.ip_address(address).is_global:
        return "own-network"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = _connection(parts.scheme, parts.hostname, str(address), port, timeout)
        with closing(connection):
            connection.request("GET", path, headers={"User-Agent": AGENT})
            status = connection.getresponse().status
    except TimeoutError:
        return "timeout"
    except ssl.SSLError:
        return "certificate"
    except (OSError, http.client.HTTPException):
        return "no-answer"
    return "" if status < 400 or status in THERE else f"http-{status}"


def _connection(
    scheme: str, host: str, address: str, port: int, timeout: float
) -> http.client.HTTPConnection:
    """Connect to the address that was looked at, so that a second look-up cannot lead elsewhere."""
    made: http.client.HTTPConnection
    if scheme == "https":
        made = http.client.HTTPSConnection(host, port, timeout=timeout)
        plain = socket.create_connection((address, port), timeout=timeout)
        made.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        return made
    made = http.client.HTTPConnection(host, port, timeout=timeout)
    made.sock = socket.create_connection((address, port), timeout=timeout)
    return made
