"""Open pages of the team that ask by themselves: at rest nothing moves, and what is new still comes."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.actors import Colleague, Parent
from tests.journeys.conftest import OpenVisitor
from tests.servers.lotse import Lotse

QUEUE, BOARD, CASE = r"/team/\?", r"/team/alarme/jetzt/$", r"/team/faelle/[-0-9a-f]+/\?seen"
TRIES = 4  # a minute may end between two of them
ASK = "name => document.body.dispatchEvent(new CustomEvent(name, {detail: {type: 'poll'}}))"
NOTE = "part => { document.querySelector(part).noted = true }"
IS_NOTED = "part => document.querySelector(part).noted === true"


def asked(page: Page, event: str, address: str) -> int:
    """Let the page ask by itself, and return how it was answered."""
    with page.expect_response(re.compile(address)) as answer:
        page.evaluate(ASK, event)
    return answer.value.status


def at_rest(page: Page, part: str, event: str, address: str) -> None:
    """Ask until nothing is new; then the part is still the one that it was, and not empty."""
    for _ in range(TRIES):
        page.evaluate(NOTE, part)
        if asked(page, event, address) == 204:
            break
        page.wait_for_timeout(500)  # the part is put in place
    else:
        raise AssertionError(f"{part} is never at rest")
    page.wait_for_timeout(500)
    assert page.evaluate(IS_NOTED, part)


def test_nothing_moves_until_something_is_new(visit: OpenVisitor, live_lotse: Lotse) -> None:
    katrin = Colleague(visit("desktop", base_url=live_lotse.url).page(), "de", None)
    katrin.enter()
    page = katrin.page
    page.goto("/team/")
    expect(page.locator("[data-live-state=open]")).to_be_attached()
    at_rest(page, "#queue-live", "lotse:changed", QUEUE)
    at_rest(page, "#alarm-board", "lotse:alarm", BOARD)
    expect(page.locator("#queue-live .queue-row").first).to_be_visible()

    before = page.locator("#queue-live .queue-counts").inner_text()
    Parent(visit("phone", base_url=live_lotse.url).page(), "de-du", None).ask("Er schläft nicht.")
    expect(page.locator("#queue-live .queue-counts")).not_to_have_text(before, use_inner_text=True)
    assert not page.evaluate(IS_NOTED, "#queue-live")

    page.locator("section[aria-labelledby=waiting] .queue-row__title a").last.click()
    expect(page.locator("[data-live-state=open]")).to_be_attached()
    shown = page.locator("#case-facts").inner_text()
    at_rest(page, "#case-live", "lotse:changed", CASE)
    expect(page.locator("#case-facts")).to_contain_text(shown.splitlines()[0])

    # A page that brings no mark gets all that can be said without opening the case, each piece in its place.
    page.evaluate("document.querySelector('#case-live').setAttribute('hx-headers', '{}')")
    page.evaluate("document.querySelector('#case-facts').textContent = ''")
    assert asked(page, "lotse:changed", CASE) == 200
    expect(page.locator("#case-facts dl")).to_have_count(1)
    expect(page.locator("#case-facts")).to_contain_text(shown.splitlines()[0])
    expect(page.locator("#case-standing > .case-standing > #case-due")).to_have_count(1)
    at_rest(page, "#case-live", "lotse:changed", CASE)
