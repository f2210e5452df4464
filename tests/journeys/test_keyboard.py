"""With the keyboard alone: every step can be reached, and one always sees where one is."""

from playwright.sync_api import expect

from tests.journeys.actors import Colleague, Parent
from tests.journeys.conftest import OpenVisitor
from tests.journeys.keyboard import tab_to

QUESTION = "Mit der Tastatur geschrieben."


def test_ask_a_question(visit: OpenVisitor, device: str) -> None:
    parent = Parent(visit(device).page(), "de-du", None)
    page = parent.page
    parent.land()
    page.keyboard.press("Tab")
    expect(page.locator("a.skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.locator(".hero a[href$='/frage/']"))
    page.keyboard.press("Enter")

    # Sent empty: the focus is on what has to be corrected, and its link leads to the field.
    tab_to(page, parent.button("Frage absenden"))
    page.keyboard.press("Enter")
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    tab_to(page, summary.get_by_role("link").first)
    page.keyboard.press("Enter")
    expect(page.locator("#id_text")).to_be_focused()

    page.keyboard.type(QUESTION)
    tab_to(page, page.locator("input[name=danger]").first)
    page.keyboard.press("Space")
    tab_to(page, page.locator("details.more > summary"))
    page.keyboard.press("Space")
    tab_to(page, page.locator("select[name=topic]"))
    page.keyboard.press("ArrowDown")
    tab_to(page, parent.button("Frage absenden"))
    page.keyboard.press("Space")

    expect(page.locator("#access-code")).to_be_visible()
    tab_to(page, parent.button("Ich habe den Code notiert – weiter"))
    page.keyboard.press("Enter")
    expect(parent.messages.locator(".message__text")).to_have_text(QUESTION)


def test_claim_and_reply(visit: OpenVisitor) -> None:
    Parent(visit("phone").page(), "de-du", None).ask(QUESTION, danger="ja")
    colleague = Colleague(visit("desktop").page(), "de", None)
    page = colleague.page
    colleague.enter()
    colleague.open_live_queue()
    row = colleague.waiting.first
    tab_to(page, row.get_by_role("button"))
    page.keyboard.press("Enter")

    box = page.locator("#reply-text")
    send = colleague.button("Antwort senden")
    tab_to(page, send)
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    tab_to(page, page.locator(".error-summary").get_by_role("link").first)
    page.keyboard.press("Enter")
    expect(box).to_be_focused()
    page.keyboard.type("Rufen Sie bitte gleich an.")
    tab_to(page, colleague.button("Vorschau"))
    page.keyboard.press("Enter")
    expect(page.locator("#preview .prose")).to_be_visible()
    tab_to(page, send, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#thread .message--reply")).to_have_count(1)


def test_the_focus_survives_a_list_that_renews_itself(visit: OpenVisitor) -> None:
    colleague = Colleague(visit("desktop").page(), "de", None)
    colleague.enter()
    colleague.open_live_queue()
    before = colleague.waiting_ids()
    button = colleague.waiting.nth(1).get_by_role("button")
    held = button.get_attribute("id")
    tab_to(colleague.page, button)
    Parent(visit("phone").page(), "de-du", None).ask(QUESTION, topic="Baby und Schlaf")
    expect(colleague.waiting).to_have_count(len(before) + 1)
    expect(colleague.page.locator(f"#{held}")).to_be_focused()
