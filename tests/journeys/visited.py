"""Which of the house's addresses a browser has shown."""

from contextlib import suppress
from urllib.parse import urlsplit

from django.urls import Resolver404, get_resolver
from django.utils import translation
from playwright.sync_api import BrowserContext, Response

from config.demo.urls import urlpatterns as demo_patterns
from tests.architecture.addresses import page_addresses


def all_names() -> set[str]:
    """Return the names of all addresses, those of the demo too."""
    return {address.name for address in page_addresses()} | {
        pattern.name for pattern in demo_patterns if pattern.name
    }


def name_of(url: str) -> str:
    """Return the name of an address, or nothing."""
    path = urlsplit(url).path
    with suppress(Resolver404):
        if path.startswith("/demo/"):  # only there with LOTSE_DEMO, which the tests do not set
            match = get_resolver("config.demo.urls").resolve(path.removeprefix("/demo"))
        else:
            with translation.override("en" if path.startswith("/en/") else "de"):
                match = get_resolver().resolve(path)
        return match.url_name or ""
    return ""


class Visited:
    """The names of the addresses that a browser has opened, and of those that showed a page."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.shown: set[str] = set()

    def watch(self, context: BrowserContext) -> None:
        """Note every page that opens in a browser context from now on."""
        context.on("response", self._note)

    def _note(self, response: Response) -> None:
        request = response.request
        opened = request.is_navigation_request() and request.method == "GET"
        if (
            opened
            and response.status < 400
            and "text/html" in response.headers.get("content-type", "")
        ):
            self.names.add(name_of(response.url))
            if response.ok:  # one that leads on shows nothing
                self.shown.add(name_of(response.url))
