"""The main job in a real browser: asked, sealed, queued, claimed, answered, read, deleted."""

import json
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.actors import Colleague, Parent
from tests.journeys.conftest import OpenVisitor
from tests.servers.lotse import Lotse

QUESTION = "Meine Tochter schläft seit drei Wochen nicht durch.\nIch kann nicht mehr."
NOTE = "Im Team besprochen: nach Entlastung fragen."
ANSWER = "Das klingt **sehr** anstrengend.\n\n- Wer kann helfen?\n- Was tut gut?"
AGAIN = "Danke. Meine Schwester kommt am Samstag."
THANKS = "Das hat mir Mut gemacht."


@dataclass(frozen=True)
class Scene:
    """Where a journey plays. `module`: one of the organisation's text modules."""

    device: str
    language: str
    slug: str
    topic: str
    counsellor: str
    colleague: str
    module: str

    def __str__(self) -> str:
        return f"{self.device}-{self.language}"

    def email(self, name: str) -> str:
        """Return the address of one of the organisation's staff."""
        return f"{name}@{self.slug}.example.org"


NORDHAFEN = (
    *("nordhafen", "Baby und Schlaf"),
    *("jonna.petersen", "mehmet.aydin", "Ich brauche noch etwas Zeit"),
)
LINDENTAL = (
    *("lindental", "Sorgerecht"),
    *("veronika.huber", "thomas.reindl", "Zwischennachricht: Antwort folgt"),
)
SCENES = [
    Scene("phone", "de-du", *NORDHAFEN),
    Scene("desktop", "en", *LINDENTAL),
    pytest.param(Scene("desktop", "de-du", *NORDHAFEN), marks=pytest.mark.long),
    pytest.param(Scene("phone", "en", *LINDENTAL), marks=pytest.mark.long),
]


@pytest.mark.parametrize("scene", SCENES, ids=str)
def test_a_question_goes_all_the_way(visit: OpenVisitor, scene: Scene) -> None:
    evidence = "-en" if scene.language == "en" else ""
    staff_language = "en" if scene.language == "en" else "de"
    colleague = Colleague(
        visit("desktop").page(), staff_language, None, scene.email(scene.colleague)
    )
    colleague.enter()
    colleague.open_live_queue()
    before = colleague.waiting_ids()
    colleague.page.evaluate("document.body.dataset.notReloaded = 'yes'")

    parent = Parent(visit(scene.device).page(), scene.language, evidence, scene.slug)
    parent.land()
    parent.look("landing")
    parent.open_form()
    parent.look("ask")
    parent.fill_in(QUESTION, topic=scene.topic)
    parent.look("ask-filled")
    code = parent.send()
    for tool in ("data-copy", "data-print", "data-download-code"):
        expect(parent.page.locator(f"button[{tool}]")).to_be_visible()
    parent.look("code")
    parent.note_code()
    expect(parent.messages.locator(".message__text")).to_have_text(QUESTION)
    parent.look("thread-waiting")

    # A colleague has the list open: it renews itself.
    expect(colleague.waiting).to_have_count(len(before) + 1)
    (row,) = colleague.waiting_ids() - before
    assert colleague.page.evaluate("document.body.dataset.notReloaded") == "yes"

    counsellor = Colleague(
        visit(scene.device).page(), staff_language, evidence, scene.email(scene.counsellor)
    )
    counsellor.sign_in()
    counsellor.open_queue()
    counsellor.look("queue")
    expect(counsellor.page.locator(f"#{row}")).to_contain_text(scene.topic)
    counsellor.claim(row)
    counsellor.look("case-claimed")
    expect(colleague.page.locator(f"#{row}")).to_have_count(0)
    answer(counsellor, scene.module)

    again = Parent(visit(scene.device).page(), scene.language, evidence, scene.slug)
    again.come_back(f"  {code.lower().replace('-', '  ')} ")
    read_and_go(again, code)


def answer(counsellor: Colleague, module: str) -> None:
    """Preview, insert a text module, write a note, and send the reply."""
    page = counsellor.page
    shown = counsellor.preview(ANSWER)
    expect(shown.locator("strong")).to_have_text("sehr")
    expect(shown.locator("li")).to_have_count(2)
    counsellor.look("case-preview")
    page.locator("#reply-text").press("Control+End")
    page.locator("#reply-text").press("Enter")
    page.locator("#reply-text").press("Enter")
    counsellor.insert_module(module)
    box = page.locator("#reply-text")
    text = box.input_value()
    assert text.startswith(ANSWER)
    assert len(text) > len(ANSWER) + 40
    assert "{{" not in text, "a placeholder was not filled"
    # The draft is kept by itself, also while a note is written.
    expect(page.locator("#draft-status")).to_have_attribute("data-state", "saved")
    counsellor.write_note(NOTE)
    expect(box).to_have_value(text)
    counsellor.look("case-note")
    counsellor.send_reply()
    counsellor.look("case-answered")


def read_and_go(parent: Parent, code: str) -> None:
    """Read the answer, write again, rate, take everything along, delete everything."""
    page = parent.page
    expect(parent.replies.locator("strong").first).to_have_text("sehr")
    assert NOTE not in page.content()
    parent.look("thread-answered")
    parent.write(AGAIN)
    parent.rate(5, THANKS)
    parent.look("thread-rated")

    saved = parent.download(as_json=False)
    assert "<strong>sehr</strong>" in saved
    assert NOTE not in saved
    everything = json.loads(parent.download(as_json=True))
    mine = [entry["text"] for entry in everything["messages"] if entry["from"] == "client"]
    assert mine == [QUESTION, AGAIN]
    assert everything["rating"] == {"stars": 5, "text": THANKS}
    assert NOTE not in json.dumps(everything, ensure_ascii=False)

    parent.link("Alles löschen").click()
    expect(page.locator("form.confirm")).to_be_visible()
    parent.look("delete")
    parent.button("Ja, alles löschen").click()
    expect(page.locator(".hero")).to_be_visible()
    expect(page.locator(".notice--success")).to_be_visible()
    parent.look("landing-deleted")
    assert not page.context.cookies()
    parent.come_back(code)
    expect(page.locator(".error-summary")).to_be_visible()
    parent.look("return-refused")


def test_the_same_without_javascript(visit: OpenVisitor, device: str) -> None:
    parent = Parent(visit(device, js=False).page(), "de-du", "-no-js")
    colleague = Colleague(
        visit(device, js=False).page(), "de", "-no-js", "mehmet.aydin@nordhafen.example.org"
    )
    colleague.sign_in()
    colleague.open_queue()
    before = colleague.waiting_ids()

    parent.land()
    parent.open_form()
    parent.look("ask")
    parent.fill_in(QUESTION, topic="Baby und Schlaf")
    code = parent.send()
    parent.look("code")
    with parent.page.expect_download() as started:
        parent.button("Code als Datei speichern").click()
    assert code in started.value.path().read_text()
    parent.note_code()

    colleague.link("Liste neu laden").click()
    expect(colleague.waiting).to_have_count(len(before) + 1)
    (row,) = colleague.waiting_ids() - before
    colleague.look("queue")
    colleague.claim(row)
    expect(colleague.preview(ANSWER).locator("strong")).to_have_text("sehr")
    colleague.insert_module("Ich brauche noch etwas Zeit", js=False)
    text = colleague.page.locator("#reply-text").input_value()
    assert text.startswith(ANSWER)
    assert len(text) > len(ANSWER) + 40
    colleague.button("Entwurf speichern").click()
    colleague.write_note(NOTE)
    expect(colleague.page.locator("#reply-text")).to_have_value(text)
    colleague.look("case")
    colleague.send_reply()

    parent.come_back(code.lower().replace("-", " "))
    parent.look("thread")
    read_and_go(parent, code)


def test_on_postgresql_and_redis(visit: OpenVisitor, live_fleet: Lotse) -> None:
    at_fleet = {"base_url": live_fleet.url}
    colleague = Colleague(visit("desktop", **at_fleet).page(), "de", None)
    colleague.enter()
    colleague.open_live_queue()
    before = colleague.waiting_ids()
    parent = Parent(visit("phone", **at_fleet).page(), "de-du", None)
    code = parent.ask(QUESTION, topic="Baby und Schlaf")
    parent.note_code()
    expect(colleague.waiting).to_have_count(len(before) + 1)
    (row,) = colleague.waiting_ids() - before
    colleague.claim(row)
    colleague.page.locator("#reply-text").fill(ANSWER)
    colleague.send_reply()
    parent.come_back(code)
    expect(parent.replies.locator("strong")).to_have_text("sehr")


def test_danger_shows_help_at_once(visit: OpenVisitor, device: str) -> None:
    parent = Parent(visit(device).page(), "de-du")
    parent.ask("Er hat mich geschlagen.", danger="ja")
    panel = parent.page.locator(".crisis-panel--urgent")
    expect(panel).to_be_in_viewport()
    expect(panel.locator("a[href='tel:112']")).to_be_visible()
    parent.look("code-danger")
    parent.note_code()
    expect(panel).to_be_visible()
    parent.look("thread-danger")


@pytest.mark.parametrize(
    ("slug", "language", "html"),
    [("nordhafen", "de-du", "de"), ("lindental", "de", "de"), ("nordhafen", "en", "en")],
)
def test_each_house_speaks_its_way(visit: OpenVisitor, slug: str, language: str, html: str) -> None:
    parent = Parent(visit("phone").page(), language, None, slug)
    question = {parent.say("Was beschäftigt Sie?")}
    question |= {Parent(parent.page, other).say("Was beschäftigt Sie?") for other in ("de", "en")}
    assert len(question) == (3 if language == "de-du" else 2), "the catalogues say the same twice"
    parent.land()
    expect(parent.page.locator("html")).to_have_attribute("lang", html)
    parent.open_form()
    expect(parent.page.get_by_label(parent.say("Was beschäftigt Sie?"))).to_be_visible()
    # The language holds on the way through, also after an answer with errors.
    parent.button("Frage absenden").click()
    expect(parent.page.locator(".error-summary")).to_be_visible()
    expect(parent.page.get_by_label(parent.say("Was beschäftigt Sie?"))).to_be_visible()


def test_a_draft_survives_a_reload_and_nothing_else(visit: OpenVisitor, device: str) -> None:
    parent = Parent(visit(device).page(), "de-du")
    page, box = parent.page, parent.page.locator("#id_text")
    parent.land()
    parent.open_form()
    parent.fill_in(QUESTION)
    page.reload()
    expect(box).to_have_value(QUESTION)
    expect(page.locator("[data-draft-notice]")).to_be_visible()
    expect(page.locator("input[name=danger][value=nein]")).to_be_checked()
    parent.look("ask-restored")

    page.locator(".client-header a.brand").click()
    parent.open_form()
    expect(box).to_have_value("")
    assert stored(page) == 0

    box.fill(QUESTION)
    assert stored(page) == 1
    parent.send()
    assert stored(page) == 0
    page.goto("/nordhafen/frage/")
    expect(box).to_have_value("")


def stored(page: Page) -> int:
    """Return how much the browser keeps for the page."""
    kept: int = page.evaluate("sessionStorage.length + localStorage.length")
    return kept


def test_a_note_that_is_being_typed_survives_the_reply(visit: OpenVisitor) -> None:
    Parent(visit("phone").page(), "de-du", None).ask("Er trotzt den ganzen Tag.")
    colleague = Colleague(visit("desktop").page(), "de", None)
    page = colleague.page
    colleague.enter()
    colleague.open_live_queue()
    colleague.waiting.last.get_by_role("button").click()
    page.locator(".case-note > summary").click()
    note = page.locator(".case-note textarea")
    note.fill("Beim nächsten Mal nach der Kita fragen.")
    page.locator("#reply-text").fill("Trotz gehört in dieses Alter.")
    colleague.button("Antwort senden").click()
    expect(page.locator("#thread .message--reply")).to_have_count(1)
    expect(note).to_be_visible()
    expect(note).to_have_value("Beim nächsten Mal nach der Kita fragen.")
    colleague.button("Notiz speichern").click()
    expect(page.locator("#thread .message--note")).to_have_count(1)
    expect(note).to_have_value("")
    assert page.evaluate("sessionStorage.getItem('note-typed')") is None


def test_a_double_click_and_the_back_button_make_one_case(visit: OpenVisitor) -> None:
    colleague = Colleague(visit("desktop").page(), "de", None)
    colleague.enter()
    colleague.open_queue()
    before = colleague.waiting_ids()
    parent = Parent(visit("phone").page(), "de-du", None)
    parent.land()
    parent.open_form()
    parent.fill_in(QUESTION)
    parent.button("Frage absenden").dblclick()
    code = parent.page.locator("#access-code")
    expect(code).to_be_visible()
    shown = code.inner_text()
    parent.page.go_back()
    expect(parent.page.locator("#id_text")).to_have_value("")
    parent.button("Frage absenden").click()
    expect(parent.page.locator(".error-summary")).to_be_visible()
    parent.page.goto("/nordhafen/code/")
    expect(code).to_have_text(shown, use_inner_text=True)
    colleague.open_queue()
    assert len(colleague.waiting_ids() - before) == 1
