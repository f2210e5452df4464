"""A socket opens for a page of ours and for nobody else, whatever cookie comes along."""

import http.client
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from config.origins import comes_from_here
from config.routing import websocket_urlpatterns
from counselling.uploads.kinds import LARGEST_BODY
from tests.conftest import SESSION
from tests.servers.lotse import Lotse
from tests.servers.plain_http import PlainBrowser
from tests.servers.proxy import NAME, Marked, Nginx, any_certificate

HERE = f"https://{NAME}"
ELSEWHERE = {
    "none": None,
    "empty": "",
    "opaque": "null",
    "another site": "https://evil.example",
    "ours at its front": f"https://{NAME}.evil.example",
    "ours at its end": f"https://evil{NAME}",
    "a name below ours": f"https://chat.{NAME}",
    "another port": f"https://{NAME}:8443",
    "without encryption": f"http://{NAME}",
    "ours as a user": f"https://{NAME}@evil.example",
    "a user at ours": f"https://evil@{NAME}",
    "with a path": f"https://{NAME}/",
    "another scheme": f"wss://{NAME}",
    "a file": "file://",
    "an extension": "chrome-extension://abcdefghijklmnop",
    "no port": f"https://{NAME}:x",
    "two in one": f"https://{NAME}, https://evil.example",
    "spaces": f"https://{NAME} ",
}

# A server takes the spaces around a header away, and an empty one altogether.
AS_SENT = {"empty", "spaces"}


def scope(*origins: str | None, host: str = NAME) -> dict[str, object]:
    headers = [(b"host", host.encode())]
    headers += [(b"origin", origin.encode()) for origin in origins if origin is not None]
    return {"type": "websocket", "headers": headers}


@pytest.fixture
def over_https(settings: Settings) -> None:
    settings.INSECURE_HTTP = False
    settings.ALLOWED_HOSTS = [NAME, "[::1]"]


@pytest.mark.usefixtures("over_https")
def test_our_own_page_opens_a_socket() -> None:
    assert comes_from_here(scope(HERE))
    assert comes_from_here(scope(f"{HERE}:8443", host=f"{NAME}:8443"))
    assert comes_from_here(scope("https://[::1]:1", host="[::1]:1"))


@pytest.mark.usefixtures("over_https")
@pytest.mark.parametrize("origin", ELSEWHERE.values(), ids=list(ELSEWHERE))
def test_nobody_else_does(origin: str | None) -> None:
    assert not comes_from_here(scope(origin))


@pytest.mark.usefixtures("over_https")
def test_a_host_that_is_not_ours_and_doubled_headers_are_refused() -> None:
    assert not comes_from_here(scope("https://evil.example", host="evil.example"))
    assert not comes_from_here(scope(HERE, HERE))
    assert not comes_from_here({"headers": [(b"origin", HERE.encode())]})
    twice = scope(HERE)
    twice["headers"] = [*twice["headers"], (b"host", b"evil.example")]  # type: ignore[misc]
    assert not comes_from_here(twice)


@pytest.mark.usefixtures("over_https")
def test_everybody_is_no_host_for_a_missing_origin(settings: Settings) -> None:
    """The demo answers under any name; a socket still needs its own page."""
    settings.ALLOWED_HOSTS = ["*"]
    assert comes_from_here(scope(HERE))
    assert not comes_from_here(scope(None))
    assert not comes_from_here(scope("https://evil.example"))


def socket_paths() -> list[str]:
    """Return an address for every socket of the house, from its routes."""
    thing = str(uuid4())
    paths = []
    for route in websocket_urlpatterns:
        converters = route.pattern.converters
        values = {
            name: thing if "UUID" in type(c).__name__ else "x" for name, c in converters.items()
        }
        path = str(route.pattern)
        for name in converters:
            kind = next(part for part in path.split("<") if f"{name}>" in part).split(">")[0]
            path = path.replace(f"<{kind}>", values[name])
        paths.append(f"/{path}")
    return paths


def handshake(lotse: Lotse, path: str, origin: str | None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", lotse.port, timeout=20)
    headers = {
        "Host": NAME,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "X-Forwarded-Proto": "https",
    }
    if origin is not None:
        headers["Origin"] = origin
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


@pytest.mark.browser
def test_every_socket_of_the_real_server_refuses_every_other_origin(
    guarded_lotse: Lotse, figures: list[str]
) -> None:
    paths = socket_paths()
    assert paths
    for path in paths:
        for name, origin in ELSEWHERE.items():
            if name in AS_SENT:
                continue
            answer = handshake(guarded_lotse, path, origin)
            # 400: an origin that is none at all does not even get as far as us.
            assert answer.status in {400, 403}, f"{path}: {name}"
            assert answer.headers.get("Server", "") == ""
            assert "Set-Cookie" not in answer.headers
        accepted = handshake(guarded_lotse, path, HERE)
        assert accepted.status == 101
        assert {n.lower() for n in accepted.headers} <= {
            "upgrade",
            "connection",
            "sec-websocket-accept",
            "server",
        }
    figures.append(
        f"sockets: {len(paths)} addresses × {len(ELSEWHERE) - len(AS_SENT)} wrong or missing origins "
        f"= {len(paths) * (len(ELSEWHERE) - len(AS_SENT))} handshakes refused"
    )


@pytest.mark.browser
def test_a_socket_opens_through_nginx_with_the_sample_configuration(guarded_lotse: Lotse) -> None:
    nginx = Nginx.start(SESSION.folder / "socket-nginx", guarded_lotse)
    try:
        base = f"https://{NAME}:{nginx.port}"
        for origin, status in ((base, 101), ("https://evil.example", 403)):
            connection = http.client.HTTPSConnection(
                "127.0.0.1", nginx.port, timeout=20, context=any_certificate()
            )
            connection.request(
                "GET",
                "/ws/queue/",
                headers={
                    "Host": f"{NAME}:{nginx.port}",
                    "Connection": "Upgrade",
                    "Upgrade": "websocket",
                    "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                    "Origin": origin,
                },
            )
            answer = connection.getresponse()
            assert answer.status == status
        visitor: PlainBrowser = Marked(nginx.port, address="127.0.0.1", headers={})
        assert visitor.get("/nordhafen/").status == 200
        assert visitor.post("/nordhafen/frage/", {"text": "x" * LARGEST_BODY}).status == 413
    finally:
        nginx.stop()


@pytest.mark.django_db
def test_a_form_from_another_origin_is_refused_even_with_a_token(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    careful = Client(enforce_csrf_checks=True)
    careful.get("/team/anmelden/", secure=True)
    token = careful.cookies[settings.CSRF_COOKIE_NAME].value
    form = {"csrfmiddlewaretoken": token, "email": "a@example.org", "password": "x"}

    def send(**headers: str) -> int:
        return careful.post("/team/anmelden/", form, secure=True, headers=headers).status_code

    assert send(origin="https://testserver") == 200
    for origin in ("null", "https://evil.example", "http://testserver", "https://x.testserver"):
        assert send(origin=origin) == 403, origin
    assert send(referer="https://evil.example/") == 403
    assert send() == 403
