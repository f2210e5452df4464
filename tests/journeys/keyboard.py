"""The keyboard alone: whether everything can be reached, and one always sees where one is."""

from playwright.sync_api import Locator, Page, expect

FOCUS = """() => {
    const style = getComputedStyle(document.activeElement);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return document.activeElement.matches(":focus-visible") && (
        outlined || style.boxShadow !== "none"
    );
}"""
MOST = 250  # presses of Tab that lead through any page


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until the target has the focus; at each stop the focus must be visible."""
    expect(target).to_be_attached()
    for _press in range(MOST):
        page.keyboard.press(key)
        where: str = page.evaluate(
            "document.activeElement.outerHTML.slice(0, 200).replace(/\\s+/g, ' ')"
        )
        if not where.startswith(("<body", "<html")):
            assert page.evaluate(FOCUS), f"the focus cannot be seen on {where}"
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} is not reached by {key}")
