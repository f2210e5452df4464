"""The protecting headers, exactly, for each class of answer; and cookies only where there must be one."""

import http.client
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Role
from config.headers import NOT_NEEDED
from tests import factories
from tests.counselling.pages import come_back, hidden
from tests.factories.sessions import signed_in
from tests.servers.lotse import Lotse
from tests.servers.proxy import NAME

pytestmark = pytest.mark.django_db

PAGE_POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
NOTHING = {
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
}
# Every answer over HTTPS, whatever it is.
ALWAYS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), "
        "encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), "
        "idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), "
        "picture-in-picture=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"
    ),
}
PAGE = {**ALWAYS, "Cache-Control": "no-store", "X-Frame-Options": "DENY"}
# What would tell strangers about us, or have browsers tell strangers about our visitors.
NEVER = (
    "Server",
    "X-Powered-By",
    "Report-To",
    "Reporting-Endpoints",
    "NEL",
    "Access-Control-Allow-Origin",
    "Content-Security-Policy-Report-Only",
)


@pytest.fixture
def over_https(settings: Settings) -> None:
    """Answer as in a real house. The middleware reads this when a browser is first used."""
    settings.SECURE_HSTS_SECONDS = 63072000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SECURE_SSL_REDIRECT = True


def policy(headers: Any) -> set[str]:
    """Return the directives of a content security policy."""
    return {directive.strip() for directive in headers["Content-Security-Policy"].split(";")}


def exactly(headers: Any, wanted: dict[str, str]) -> None:
    assert {name: headers.get(name) for name in wanted} == wanted
    assert not [name for name in NEVER if name in headers]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert not re.search(r"report-uri|report-to", headers["Content-Security-Policy"])


@pytest.mark.usefixtures("over_https")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nordhafen/", 200),
        ("/nordhafen/frage/", 200),
        ("/nordhafen/zurueck/", 200),
        ("/en/nordhafen/", 200),
        ("/team/anmelden/", 200),
        ("/health/", 200),
        ("/ready/", 200),
        ("/team/", 302),
        ("/nordhafen/gespraech/", 302),
        ("/gibt/es/nicht/", 404),
        ("/nordhafen/gibt-es-nicht/", 404),
    ],
)
def test_pages_redirections_and_error_pages(path: str, status: int) -> None:
    factories.staffed("nordhafen")
    answer = Client().get(path, secure=True)
    assert answer.status_code == status
    exactly(answer.headers, PAGE)
    assert policy(answer.headers) == PAGE_POLICY


@pytest.mark.usefixtures("over_https")
def test_a_page_of_staff_a_thread_and_refused_forms() -> None:
    here = factories.staffed("nordhafen")
    asked = factories.ask(here)
    counsellor = signed_in(factories.enrol(here, "Katrin"))
    parent, careless = Client(), Client(enforce_csrf_checks=True)
    parent.post("/nordhafen/zurueck/", {"code": asked.code.display()}, secure=True)
    answers = [
        counsellor.get("/team/", secure=True),
        counsellor.get(f"/team/faelle/{asked.pk}/", secure=True),
        signed_in(factories.enrol(here, "Ada", role=Role.ADMIN)).get(
            "/team/einstellungen/", secure=True
        ),
        parent.get("/nordhafen/gespraech/", secure=True),
        careless.post("/nordhafen/frage/", {"text": "Hallo"}, secure=True),
        Client().post("/nordhafen/frage/", {"text": "x" * 7_000_000}, secure=True),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 403, 413]
    for answer in answers:
        exactly(answer.headers, PAGE)
        assert policy(answer.headers) == PAGE_POLICY


@pytest.mark.usefixtures("over_https")
@pytest.mark.parametrize("form", ["", "?als=json"])
def test_a_file_to_save_may_do_nothing(form: str) -> None:
    asked = factories.ask(factories.staffed("nordhafen"))
    parent = Client()
    parent.post("/nordhafen/zurueck/", {"code": asked.code.display()}, secure=True)
    answer = parent.get(f"/nordhafen/gespraech/mitnehmen/{form}", secure=True)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    exactly(answer.headers, PAGE)
    assert policy(answer.headers) == NOTHING | {"sandbox"}


@pytest.mark.usefixtures("over_https")
def test_the_colours_may_be_kept_for_a_moment() -> None:
    factories.staffed("nordhafen")
    answer = Client().get("/nordhafen/farben.css", secure=True)
    exactly(answer.headers, {**PAGE, "Cache-Control": "public, max-age=300"})


@pytest.mark.usefixtures("over_https")
def test_plain_http_leads_to_https_and_nowhere_else() -> None:
    factories.staffed("nordhafen")
    answer = Client().get("/nordhafen/frage/?a=b")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://testserver/nordhafen/frage/?a=b"
    assert not answer.cookies


def ask_server(lotse: Lotse, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", lotse.port, timeout=20)
    connection.request("GET", path, headers={"Host": NAME, "X-Forwarded-Proto": "https", **headers})
    return connection.getresponse()


@pytest.mark.browser
def test_static_files_may_do_nothing_and_are_kept(guarded_lotse: Lotse) -> None:
    page = ask_server(guarded_lotse, "/nordhafen/frage/").read().decode()
    files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))
    assert {name.rsplit(".", 1)[1] for name in files} >= {"css", "js", "svg"}
    for name in sorted(files):
        answer = ask_server(guarded_lotse, name)
        assert answer.status == 200
        exactly(answer.headers, ALWAYS)
        assert policy(answer.headers) == NOTHING
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
    worker = ask_server(guarded_lotse, "/static/js/proof-worker.js")
    exactly(worker.headers, ALWAYS)


@pytest.mark.browser
def test_a_page_of_the_real_server_has_the_same_headers(guarded_lotse: Lotse) -> None:
    answer = ask_server(guarded_lotse, "/nordhafen/")
    exactly(answer.headers, PAGE)
    assert policy(answer.headers) == PAGE_POLICY


def test_no_feature_is_named_that_staff_need() -> None:
    needed = {"publickey-credentials-get", "publickey-credentials-create", "clipboard-write"}
    assert not needed & set(NOT_NEEDED)


# --- Cookies -----------------------------------------------------------------------------------------
def cookies(answer: Any) -> dict[str, str]:
    """Return the cookies that an answer sets, with their attributes in order."""
    return {
        name: " ".join(
            sorted(f"{key}={value}" for key, value in morsel.items() if value and key != "expires")
        )
        for name, morsel in answer.cookies.items()
    }


@pytest.mark.parametrize(
    "path",
    [
        "/nordhafen/",
        "/en/nordhafen/",
        "/nordhafen/?hinweis=geloescht",
        "/nordhafen/farben.css",
        "/nordhafen/weg/",
        "/nordhafen/gespraech/",
        "/nordhafen/code/",
        "/nordhafen/gibt-es-nicht/",
        "/",
        "/health/",
        "/ready/",
    ],
)
def test_before_a_form_is_opened_there_is_no_cookie(path: str) -> None:
    factories.staffed("nordhafen")
    answer = Client().get(path)
    # Leaving may only take one away.
    assert all(morsel["max-age"] == 0 for morsel in answer.cookies.values())
    if path != "/nordhafen/weg/":
        assert not answer.cookies


FORM_COOKIE, SESSION_COOKIE = "lotse-form", "lotse"
KEPT = "httponly=True path=/ samesite=Strict"


def test_a_form_sets_one_cookie_and_a_conversation_a_second_and_there_is_no_third() -> None:
    asked = factories.ask(factories.staffed("nordhafen"))
    parent = Client()
    for path in ("/nordhafen/frage/", "/nordhafen/zurueck/"):
        assert cookies(Client().get(path)) == {FORM_COOKIE: KEPT}
    come_back(parent, asked.code.display())
    for path in ("", "loeschen/", "mitnehmen/"):
        parent.get(f"/nordhafen/gespraech/{path}")
    assert set(parent.cookies) == {FORM_COOKIE, SESSION_COOKIE}
    assert parent.cookies[SESSION_COOKIE]["samesite"] == "Strict"
    assert parent.cookies[SESSION_COOKIE]["httponly"]
    # Gone when the browser is closed.
    assert not parent.cookies[SESSION_COOKIE]["max-age"]
    assert not parent.cookies[SESSION_COOKIE]["expires"]


def test_leaving_takes_cookies_session_and_storage_away() -> None:
    asked = factories.ask(factories.staffed("nordhafen"))
    parent = Client()
    token = hidden(parent.get("/nordhafen/zurueck/"), "csrfmiddlewaretoken")
    assert token
    come_back(parent, asked.code.display())
    session = parent.session
    assert session.session_key
    answer = parent.get("/nordhafen/weg/")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert {name: morsel["max-age"] for name, morsel in answer.cookies.items()} == {
        FORM_COOKIE: 0,
        SESSION_COOKIE: 0,
    }
    assert not session.exists(session.session_key)


def test_leaving_keeps_staff_signed_in_at_the_same_browser() -> None:
    here = factories.staffed("nordhafen")
    asked = factories.ask(here)
    katrin = signed_in(factories.enrol(here, "Katrin"))
    come_back(katrin, asked.code.display())
    katrin.get("/nordhafen/weg/")
    assert katrin.get("/team/").status_code == 200
    assert katrin.get("/nordhafen/gespraech/").status_code == 302


def test_a_neutral_title_hides_the_organisation_on_every_page_of_it() -> None:
    here = factories.staffed("nordhafen")
    here.neutral_title = True
    here.save()
    asked = factories.ask(here)
    parent = Client()
    come_back(parent, asked.code.display())
    for path in ("", "frage/", "zurueck/", "gespraech/", "gespraech/loeschen/"):
        source = parent.get(f"/nordhafen/{path}").content.decode()
        assert re.findall(r"<title>(.*?)</title>", source) == ["Start"], path
