"""The browser does its work while somebody writes; without it there is always another way."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import SESSION
from tests.journeys.actors import Parent
from tests.journeys.conftest import OpenVisitor
from tests.servers.lotse import Lotse, running_lotse

QUESTION = "Unsere Tochter will nicht mehr in die Schule."
PATIENCE = 600  # seconds, the most there is: nobody gets through here by waiting, only by a proof


@pytest.fixture(scope="module")
def strict_lotse() -> Iterator[Lotse]:
    """A server that takes no form without a proof, and few with one."""
    more = {"LOTSE_FORM_MINIMUM_AGE": str(PATIENCE), "LOTSE_LIMITS_FACTOR": "0.2"}
    with running_lotse(SESSION.folder / "strict-lotse", **more) as lotse:
        yield lotse


def proven(page: Page) -> None:
    """Wait until the work is done."""
    expect(page.locator("input[name=altcha]")).not_to_have_value("", timeout=60_000)


def test_a_question_and_the_way_back_with_the_work_done_meanwhile(
    visit: OpenVisitor, device: str, strict_lotse: Lotse
) -> None:
    parent = Parent(visit(device, base_url=strict_lotse.url).page(), "de-du")
    page = parent.page
    parent.land()
    parent.open_form()
    assert page.locator("input[name=altcha]").input_value() == ""
    parent.fill_in(QUESTION)
    proven(page)
    code = parent.send()

    parent.note_code()
    parent.button("Gespräch auf diesem Gerät beenden").click()
    page.goto("/nordhafen/zurueck/")
    page.locator("#id_code").press_sequentially("7KQ4M")
    proven(page)
    page.locator("#id_code").fill(code)
    parent.button("Gespräch öffnen").click()
    expect(page.locator("ol.thread")).to_be_visible()


def test_a_second_try_has_a_fresh_proof(visit: OpenVisitor, strict_lotse: Lotse) -> None:
    parent = Parent(visit("phone", base_url=strict_lotse.url).page(), "de-du", None)
    page = parent.page
    page.goto("/nordhafen/zurueck/")
    page.locator("#id_code").fill("23456-789AB-CDEFG-HJKMN-PQRSS")
    proven(page)
    first = page.locator("input[name=altcha]").input_value()
    parent.button("Gespräch öffnen").click()
    # After a mistake the work begins at once.
    proven(page)
    assert page.locator("input[name=altcha]").input_value() != first


def test_whoever_is_faster_than_the_work_keeps_the_text_and_sends_again(
    visit: OpenVisitor, strict_lotse: Lotse
) -> None:
    visitor = visit("phone", base_url=strict_lotse.url)
    visitor.context.route("**/proof-worker*.js", lambda route: route.abort())
    parent = Parent(visitor.page(), "de-du", "-fast")
    page = parent.page
    parent.land()
    parent.open_form()
    parent.fill_in(QUESTION)
    parent.button("Frage absenden").click()
    expect(page.locator("#id_text-error, .field__error").first).to_contain_text("sehr schnell")
    expect(page.locator("#id_text")).to_have_value(QUESTION)
    parent.look("ask-too-fast")
    visitor.context.unroute("**/proof-worker*.js")
    page.reload()  # the same form once more: nothing typed is lost, the work is done this time
    expect(page.locator("#id_text")).to_have_value(QUESTION)
    proven(page)
    parent.send()


def test_too_many_questions_end_at_a_warm_page(visit: OpenVisitor, strict_lotse: Lotse) -> None:
    parent = Parent(visit("phone", base_url=strict_lotse.url).page(), "de-du", "-limited")
    page = parent.page
    for _question in range(6):
        parent.land()
        parent.open_form()
        parent.fill_in(QUESTION)
        proven(page)
        parent.button("Frage absenden").click()
        page.wait_for_load_state()
        if page.locator("#id_text").count():
            break
    full = page.locator("main .notice--warning[role=status]")  # beside it: a code not noted yet
    expect(full).to_contain_text("15 Minuten")
    expect(page.locator(".crisis-panel")).to_be_visible()
    expect(page.locator("#id_text")).to_have_value(QUESTION)
    parent.look("ask-too-often")
    page.set_viewport_size({"width": 1280, "height": 800})
    parent.look("ask-too-often")
