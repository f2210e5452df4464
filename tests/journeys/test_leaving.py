"""Out of the page at once: by the button, by Escape twice, and nothing stays behind."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.journeys.actors import Parent
from tests.journeys.conftest import OpenVisitor
from tests.journeys.test_main_job import QUESTION, stored
from tests.servers.lotse import Lotse
from vault.sessions import row_id

HARMLESS = "<!doctype html><title>Wetter</title><h1>Das Wetter von morgen</h1>"


def by_button(page: Page) -> None:
    page.locator("a[data-quick-exit]").click()


def by_escape(page: Page) -> None:
    page.wait_for_load_state()  # before that nobody listens to keys yet
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


WAYS = [by_button, by_escape]


def harmless_world(context: BrowserContext) -> None:
    """Let the way out end at a harmless page: the tests have no network, and Playwright cannot
    answer for the address that a redirection leads to. Cookies are dropped as the server says.
    """

    def answer(route: Route) -> None:
        response = route.fetch(max_redirects=0)
        assert response.status == 302
        assert response.headers["location"].startswith("https://")
        route.fulfill(
            status=200,
            headers={**response.headers, "content-type": "text/html; charset=utf-8"},
            body=HARMLESS,
        )

    context.route("**/weg/", answer)


@pytest.fixture
def parent(visit: OpenVisitor, device: str) -> Parent:
    """A parent who may have to leave."""
    visitor = visit(device)
    harmless_world(visitor.context)
    return Parent(visitor.page(), "de-du")


@pytest.mark.parametrize("leave", WAYS)
def test_what_is_being_typed_is_gone(parent: Parent, leave: Callable[[Page], None]) -> None:
    page = parent.page
    parent.land()
    parent.open_form()
    parent.fill_in(QUESTION)
    assert stored(page) == 1
    leave(page)
    expect(page.locator("h1")).to_have_text("Das Wetter von morgen")
    nothing_is_left(parent)


@pytest.mark.parametrize("leave", WAYS)
def test_an_open_conversation_is_gone(parent: Parent, leave: Callable[[Page], None]) -> None:
    page = parent.page
    parent.ask(QUESTION)
    parent.note_code()
    leave(page)
    expect(page.locator("h1")).to_have_text("Das Wetter von morgen")
    nothing_is_left(parent)
    page.goto("/nordhafen/gespraech/")
    expect(page.locator("#id_code")).to_be_visible()


@pytest.mark.parametrize("leave", WAYS)
def test_the_server_forgets_the_session_and_no_way_leads_back(
    parent: Parent, leave: Callable[[Page], None], live_lotse: Lotse
) -> None:
    page = parent.page
    page.goto("/demo/")  # where somebody was before
    parent.ask(QUESTION)
    parent.note_code()
    (cookie,) = [c["value"] for c in page.context.cookies() if c["name"] == "lotse"]
    assert sessions(live_lotse, cookie) == 1
    leave(page)
    expect(page.locator("h1")).to_have_text("Das Wetter von morgen")
    assert sessions(live_lotse, cookie) == 0
    # Back and back again, through the browser's memory or the server: no page has the words.
    for _step in range(4):
        page.go_back()
        page.wait_for_load_state()
        assert QUESTION.splitlines()[0] not in page.content()
        assert not page.locator("ol.thread").count()
        assert page.evaluate("!document.documentElement.hidden")


def sessions(lotse: Lotse, cookie: str) -> int:
    """Return how many sessions the server keeps for a cookie."""
    with closing(sqlite3.connect(lotse.data / "lotse.sqlite3", timeout=20)) as database:
        found = database.execute(
            "SELECT COUNT(*) FROM django_session WHERE session_key = ?", [row_id(cookie)]
        )
        return int(found.fetchone()[0])


def nothing_is_left(parent: Parent) -> None:
    """Look for what was typed: in the cookies, behind the Back button, in the browser's stores."""
    page = parent.page
    assert not page.context.cookies(), "a cookie is left"
    page.go_back()
    expect(page.locator(".client-header")).to_be_visible()
    assert QUESTION.splitlines()[0] not in page.content()
    for box in page.locator("textarea").all():
        expect(box).to_have_value("")
    assert stored(page) == 0


def test_escape_once_is_an_accident(parent: Parent) -> None:
    parent.land()
    parent.open_form()
    parent.fill_in(QUESTION)
    parent.page.keyboard.press("Escape")
    parent.page.keyboard.press("a")
    expect(parent.page.locator("#id_text")).to_be_visible()


def test_the_button_is_a_plain_link_without_javascript(visit: OpenVisitor) -> None:
    visitor = visit("phone", js=False)
    harmless_world(visitor.context)
    parent = Parent(visitor.page(), "de-du", None)
    parent.ask(QUESTION)
    parent.note_code()
    by_button(parent.page)
    expect(parent.page.locator("h1")).to_have_text("Das Wetter von morgen")
    assert not parent.page.context.cookies()
    parent.page.go_back()
    assert QUESTION.splitlines()[0] not in parent.page.content()


def test_leaving_the_conversation_forgets_it(visit: OpenVisitor) -> None:
    parent = Parent(visit("phone").page(), "de-du", None)
    parent.ask(QUESTION)
    parent.note_code()
    parent.page.locator("#id_text").fill("noch ein Satz")
    parent.button("Gespräch auf diesem Gerät beenden").click()
    expect(parent.page.locator(".hero")).to_be_visible()
    assert not parent.page.context.cookies()
    assert stored(parent.page) == 0
    parent.page.go_back()
    expect(parent.page.locator("#id_code")).to_be_visible()
