"""nginx in front of Lotse, with the very file from `deploy/`, and a browser whose traces can be told."""

import re
import socket
import ssl
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from functools import cache, partial
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

from tests.servers.lotse import ROOT, Lotse, free_port
from tests.servers.plain_http import PlainBrowser
from tests.servers.programs import program

NAME = "beratung.example.org"
CONFIGURATION = ROOT / "deploy" / "nginx.conf"
# Around the file as Debian's nginx.conf would be; its own logs are kept and searched too.
MAIN = """\
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log notice;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log {folder}/access.log;
    include {folder}/lotse.conf;
}}
"""


@dataclass
class Nginx:
    """A running nginx. `folder`: where its configuration and logs are."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @classmethod
    def start(cls, folder: Path, lotse: Lotse, *, careless: bool = False) -> "Nginx":
        """Start nginx in front of a server. careless: with the access log that it has by default.

        Raises MissingProgram.
        """
        executable = program("nginx", "/usr/sbin/nginx", package="nginx-light")
        folder.mkdir(parents=True)
        port = free_port()
        certificate(folder)
        text = CONFIGURATION.read_text()
        for pattern, value in (
            (r"\n *listen \[::\].*", ""),
            (r"listen 80;", f"listen 127.0.0.1:{free_port()};"),
            (r"listen 443", f"listen 127.0.0.1:{port}"),
            (r"server 127\.0\.0\.1:8000", f"server 127.0.0.1:{lotse.port}"),
            (r"server 127\.0\.0\.1:8001", f"server 127.0.0.1:{lotse.sockets_port}"),
            (r"/etc/letsencrypt/live/[^;]*/", f"{folder}/"),
            (r"/opt/lotse/deploy", str(CONFIGURATION.parent)),
        ):
            text, changed = re.subn(pattern, value, text)
            assert changed, pattern
        if careless:
            text = text.replace("access_log off;", "")
        (folder / "lotse.conf").write_text(text)
        user = "user root;" if Path("/root").stat().st_uid == 0 and is_root() else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
        command = [str(executable), "-c", f"{folder}/nginx.conf", "-p", str(folder)]
        subprocess.run([*command, "-t", "-q"], check=True)
        server = cls(folder, port, subprocess.Popen(command))
        server._wait()
        return server

    def stop(self) -> None:
        """Stop the server at once."""
        self.process.terminate()
        self.process.wait(10)

    def _wait(self, seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError((self.folder / "error.log").read_text())


def is_root() -> bool:
    """Say whether we may become anybody."""
    return Path("/proc/self").stat().st_uid == 0


def certificate(folder: Path) -> None:
    """Make a certificate that nobody trusts."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={NAME}"),
            *("-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )


@cache
def any_certificate() -> ssl.SSLContext:
    """Return a context that trusts everybody. Made once: reading the world's certificates takes long."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Marked(PlainBrowser):
    """A browser that can be told by its address and by what it says of itself.

    address: one of 127.0.0.0/8, from which it connects. headers: sent with every request.
    """

    def __init__(self, port: int, *, address: str, headers: dict[str, str]) -> None:
        base = f"https://{NAME}:{port}"
        super().__init__(base)

        class FromHere(HTTPSConnection):
            def connect(self) -> None:
                plain = socket.create_connection(
                    ("127.0.0.1", port), timeout=20, source_address=(address, 0)
                )
                self.sock = any_certificate().wrap_socket(plain, server_hostname=NAME)

        class Handler(urllib.request.HTTPSHandler):
            def https_open(self, request: urllib.request.Request) -> Any:
                return self.do_open(FromHere, request, context=any_certificate())

        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            Handler(),
            urllib.request.HTTPCookieProcessor(self.cookies),
        )
        self._opener.addheaders = [*headers.items(), ("Origin", base)]
        self._connect = partial(FromHere, context=any_certificate())

    def handshake(self, path: str) -> int:
        """Try to open a socket with the same marks, and return the status of the answer."""
        headers = {
            **dict(self._opener.addheaders),
            "Host": self.base.removeprefix("https://"),
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        connection = self._connect(NAME)
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
