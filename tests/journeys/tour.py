"""A tour: whoever looks at a page looks at it as it is on a phone and on a desktop."""

from playwright.sync_api import Page, expect

from tests.journeys.actors import Colleague
from tests.journeys.conftest import SIZES
from tests.journeys.evidence import no_serious_axe, screenshot

# The outermost elements that make the page wider than the window.
TOO_WIDE = """() => {
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const wide = [...document.querySelectorAll("body *")].filter(
        (element) => element.getBoundingClientRect().right > page.clientWidth
    );
    return wide.map((element) => element.outerHTML.slice(0, 120)).slice(0, 12);
}"""


class Tour:
    """Somebody who looks at every page in turn, at the width of a phone and of a desktop.

    axe checks by every rule at the phone, in dark colours; at the desktop, in light ones, by the rules of
    what is seen there.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def go(self, path: str, name: str) -> None:
        """Open a page and look at it."""
        self.page.goto(path)
        self.look(name)

    def follow(self, link: str, name: str) -> None:
        """Click the first link of a selector and look at the page it leads to."""
        self.page.locator(link).first.click()
        self.look(name)

    def send(self, name: str, form: str = "main form") -> None:
        """Send a form as it stands and look at the answer."""
        self.page.locator(f"{form} button[type=submit]").first.click()
        self.look(name)

    def look(self, name: str) -> None:
        """Look at the page as it stands."""
        self.page.wait_for_load_state()
        expect(self.page.locator("h1").first).to_be_visible()
        self._look_at("desktop", name, seen_only=True)
        self.page.emulate_media(color_scheme="dark")
        self._look_at("phone", name, seen_only=False)

    def _look_at(self, device: str, name: str, *, seen_only: bool) -> None:
        width, height = SIZES[device]
        self.page.set_viewport_size({"width": width, "height": height})
        too_wide: list[str] = self.page.evaluate(TOO_WIDE)
        assert not too_wide, f"{self.page.url} is too wide:\n" + "\n".join(too_wide)
        no_serious_axe(self.page, seen_only=seen_only)
        self.page.emulate_media(color_scheme="light")
        self.page.evaluate("window.scrollTo(0, 0)")  # bars that stay in sight belong on top
        screenshot(self.page, f"page-{name}")


def enter(page: Page, name: str) -> None:
    """Come in as somebody of Nordhafen, without a password, as the demo lets one."""
    Colleague(page, "de", None, f"{name}@nordhafen.example.org").enter()
