"""Real servers on the other side: a mail server and a gateway."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.servers.post_office import PostOffice, open_post_office


@pytest.fixture
def post_office(settings: Any) -> Iterator[PostOffice]:
    """A real mail server, to which Lotse sends."""
    with open_post_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        settings.EMAIL_USE_TLS = False
        settings.DEFAULT_FROM_EMAIL = "Lotse <lotse@nordhafen.example.org>"
        yield office


class OtherSide:
    """A real HTTP server that answers as a test says. `calls`: what it was sent."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = says(200, b"")
        self.over = threading.Event()  # lets those who answer late give up
        side = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                side.calls.append((self.path, dict(self.headers), self.rfile.read(length)))
                try:
                    side.answer(self)
                except OSError:
                    pass  # who called has hung up

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def said(self) -> list[dict[str, Any]]:
        """Return the bodies of the calls."""
        return [json.loads(body) for _path, _headers, body in self.calls]


def says(status: int, body: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return an answer with a status and a body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def writes(raw: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return an answer of these bytes, whatever they are."""
    return lambda handler: handler.wfile.write(raw) and None  # type: ignore[return-value]


@pytest.fixture
def other_side(settings: Any) -> Iterator[OtherSide]:
    """A gateway or push service on loopback, which Lotse may call here."""
    settings.OUTBOX_PRIVATE = True
    side = OtherSide()
    thread = threading.Thread(target=side.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield side
    side.over.set()
    side.server.shutdown()
    thread.join()
    side.server.server_close()
