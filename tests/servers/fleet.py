"""A fleet as real processes: `manage.py fleet` on PostgreSQL and Redis, over HTTPS only."""

import http.client
import json
import os
import socket
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.chat.test_real_sockets import PATIENCE, RawSocket
from tests.servers.lotse import Lotse, environment_of, free_port, manage
from tests.servers.plain_http import PlainBrowser
from tests.servers.prepared import copy_demo
from tests.servers.proxy import NAME, any_certificate

EACH = 2  # web, socket and worker processes
DEMO_ONLY = ("LOTSE_DEMO", "LOTSE_INSECURE_HTTP", "LOTSE_DEBUG")


@dataclass
class Fleet(Lotse):
    """A running fleet of two processes of each kind."""

    own_sockets_port: int = field(default_factory=free_port)
    sockets: int = EACH

    @property
    def sockets_port(self) -> int:
        """Return the port at which the socket processes listen."""
        return self.own_sockets_port

    @property
    def command(self) -> list[str]:
        """Return the arguments of manage.py that start the fleet."""
        counts = [f"--web={EACH}", f"--sockets={self.sockets}", f"--workers={EACH}"]
        ports = ["--port", str(self.port), "--sockets-port", str(self.sockets_port)]
        return ["fleet", *counts, *ports]

    def answers(self) -> bool:
        """Tell whether both kinds of servers are ready."""
        return all(self.signs(port) is not None for port in (self.port, self.sockets_port))

    def signs(self, port: int, path: str = "/ready/") -> "tuple[int, dict[str, str]] | None":
        """Return status and words of a sign of life, or None when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={"Host": NAME})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    @property
    def process_id(self) -> int:
        """Return the process of the command itself."""
        assert self.process is not None
        return self.process.pid

    def pids(self, part: str) -> set[int]:
        """Return the processes of a part (`web`, `sockets`, `worker`), by the name that `ps` shows."""
        found, waiting = set[int](), [self.process_id]
        while waiting:
            pid = waiting.pop()
            try:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                if Path(f"/proc/{pid}/comm").read_text().startswith(f"lotse {part}"):
                    found.add(pid)
            except OSError:
                continue
            waiting += map(int, children)
        return found - {self.process_id}


class FleetSocket(RawSocket):
    """A WebSocket through the proxy, over TLS, with the cookies of a browser."""

    def __init__(self, port: int, path: str, browser: PlainBrowser) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.tcp = any_certificate().wrap_socket(plain, server_hostname=NAME)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
        headers = [
            f"GET {path} HTTP/1.1",
            f"Host: {NAME}:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            f"Origin: https://{NAME}:{port}",
            f"Cookie: {cookies}",
        ]
        self.tcp.sendall("\r\n".join([*headers, "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.tcp.recv(1)
        self.status = int(head.split()[1])


@contextmanager
def running_fleet(data: Path, *, database_url: str, redis_url: str) -> Iterator[Fleet]:
    """Run a fleet on a copy of the demo's data, but as in earnest, and stop it at the end."""
    copy_demo(data, database_url, manage)
    with fleet_on(data, database_url=database_url, redis_url=redis_url) as fleet:
        yield fleet


@contextmanager
def fleet_on(
    data: Path,
    *,
    database_url: str,
    redis_url: str,
    sockets: int = EACH,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Fleet]:
    """Run a fleet on the data that is there, and stop it at the end.

    sockets: how many processes for them. more: further variables of the environment.
    """
    environment = {
        **environment_of(data, database_url),
        "LOTSE_PROFILE": "fleet",
        "LOTSE_REDIS_URL": redis_url,
        "LOTSE_ALLOWED_HOSTS": NAME,
        "LOTSE_PUBLIC_URL": f"https://{NAME}",
        "LOTSE_BEHIND_PROXY": "1",
        "LOTSE_DATABASE_POOL": "6",
        "LOTSE_LOG_FORMAT": "json",
        **more,
    }
    told = {k: v for k, v in environment.items() if k not in DEMO_ONLY}
    fleet = Fleet(data, told, sockets=sockets)
    fleet.start()
    try:
        yield fleet
    finally:
        fleet.stop(seconds=30)
