"""A real browser for the journeys: phone and desktop, with and without JavaScript."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    Response,
    expect,
)

from tests.conftest import LONG
from tests.servers.chromium import chromium
from tests.servers.lotse import Lotse

SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
# How long something may take to appear, in milliseconds. No promise of ours: only so long that a busy
# machine is not taken for a broken page.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
CSP_VIOLATION = re.compile(r"Content Security Policy|Content-Security-Policy")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every journey, so that it runs in a pytest without asynchronous tests."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    with chromium() as browser:
        yield browser


class Visitor:
    """One person at one device: a browser context of its own and what went wrong in its pages.

    home: the server's address. also: another site that shows ours. A request to any other is a problem,
    too.
    """

    def __init__(self, context: BrowserContext, home: str, also: str = "") -> None:
        self.context = context
        self.home = home
        self.problems: list[str] = []
        self.requests = 0
        sites = [home, home.replace("http", "ws", 1), *([also] if also else [])]
        self._home = (*sites, "data:", "blob:", "about:", "file:")
        context.on("page", self._watch)
        context.on("request", self._ask)
        context.on("response", self._check)

    def page(self) -> Page:
        """Open a new page (a tab)."""
        return self.context.new_page()

    def _watch(self, page: Page) -> None:
        page.on("websocket", lambda socket: self._home_only(socket.url))
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: (
                self.problems.append(f"{page.url}: {message.text}")
                if CSP_VIOLATION.search(message.text)
                else None
            ),
        )

    def _home_only(self, url: str) -> None:
        if not url.startswith(self._home):
            self.problems.append(f"a request to somebody else: {url}")

    def _ask(self, request: Request) -> None:
        self.requests += 1
        self._home_only(request.url)

    def _check(self, response: Response) -> None:
        # A page may well answer 404; a stylesheet, script or picture of ours may not.
        is_part = response.request.resource_type in ("stylesheet", "script", "image", "font")
        if response.status >= 500 or (response.status >= 400 and is_part):
            self.problems.append(f"{response.url}: status {response.status}")


OpenVisitor = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenVisitor]:
    """Return a function that opens a context: `visit("phone", js=False, dark=True)`.

    Paths given to `page.goto` are relative to the server: the shared one, or that of `base_url=`. At the end the test fails on any error of
    a page, any violation of the content security policy and any missing part.
    """
    visitors: list[Visitor] = []
    logs: set[Path] = set()

    def open_visitor(
        device: str = "desktop",
        *,
        js: bool = True,
        dark: bool = False,
        also: str = "",
        **options: Any,
    ) -> Visitor:
        width, height = SIZES[device]
        if "base_url" not in options:
            lotse: Lotse = request.getfixturevalue("live_lotse")
            options["base_url"] = lotse.url
            logs.add(lotse.log)
        context = browser.new_context(
            **{
                "viewport": {"width": width, "height": height},
                "has_touch": device == "phone",
                "java_script_enabled": js,
                "color_scheme": "dark" if dark else "light",
                "locale": "de-DE",
                "timezone_id": "Europe/Berlin",
                "accept_downloads": True,
                **options,
            }
        )
        context.set_default_timeout(PATIENCE_MS)
        visitors.append(Visitor(context, options["base_url"], also))
        return visitors[-1]

    yield open_visitor
    problems = [problem for visitor in visitors for problem in visitor.problems]
    for visitor in visitors:
        visitor.context.close()
    for log in logs:
        problems += (
            [f"The end of {log.name}:", log.read_text(errors="replace")[-2000:]] if problems else []
        )
    assert not problems, "\n".join(problems)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for a device on one of them, which one is left to its name; on both in the long form.

    How pages look is compared at both widths in any case (test_every_page.py).
    """
    if "device" in metafunc.fixturenames:
        names = list(SIZES)
        one = crc32(metafunc.function.__name__.encode()) % len(names)
        metafunc.parametrize("device", names if LONG else [names[one]], scope="function")


@pytest.fixture
def page(visit: OpenVisitor, device: str) -> Page:
    """A page of a visitor with this device."""
    return visit(device).page()


@pytest.fixture
def no_js_page(visit: OpenVisitor, device: str) -> Page:
    """The same without JavaScript."""
    return visit(device, js=False).page()
