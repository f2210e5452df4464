"""What a journey leaves behind or asserts on every page: a screenshot, no serious finding of axe."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCREENSHOTS = Path(__file__).resolve().parent.parent.parent / "build" / "screenshots"

# In a page without JavaScript an evaluated script runs but its timers never fire, and axe would
# wait for ever. Short timers fire at once here; long ones are axe's time limits.
TIMERS_WITHOUT_JAVASCRIPT = """() => {
    window.setTimeout = (run, delay) => {
        if (!delay || delay < 50) Promise.resolve().then(run);
        return 0;
    };
}"""


def screenshot(page: Page, name: str) -> None:
    """Write the whole page to build/screenshots/<name>-<width>.png, if somebody wants to look at them.

    LOTSE_SCREENSHOTS=1: somebody does. Pictures take a quarter of a tour's time.
    """
    if not os.environ.get("LOTSE_SCREENSHOTS"):
        return
    assert page.viewport_size is not None
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}-{page.viewport_size['width']}.png"
    page.screenshot(path=path, full_page=True, animations="disabled")


AXE = Axe().axe_script
RUN_AXE = "options => axe.run(options).then(results => results.violations)"
# What axe may find at one width or in one set of colours and not in another.
SEEN_ONLY = ["color-contrast", "scrollable-region-focusable", "target-size"]


def no_serious_axe(page: Page, *, seen_only: bool = False) -> None:
    """Fail if axe-core finds something serious or critical on the page as it stands.

    seen_only: the same page is checked by every rule in other colours; here by those of colours and width.
    """
    scripting: bool = page.evaluate("matchMedia('(scripting: enabled)').matches")
    if not scripting:
        page.evaluate(TIMERS_WITHOUT_JAVASCRIPT)
    options: dict[str, object] = {"resultTypes": ["violations"], "preload": scripting}
    if seen_only:
        options["runOnly"] = SEEN_ONLY
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    violations = page.evaluate(RUN_AXE, options)
    found = [
        f"{violation['id']} ({violation['impact']}): {violation['help']}\n    "
        + "\n    ".join(node["html"] for node in violation["nodes"][:5])
        for violation in violations
        if violation["impact"] in ("serious", "critical")
    ]
    assert not found, f"{page.url}\n" + "\n".join(found)
