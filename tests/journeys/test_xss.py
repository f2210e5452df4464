"""Every field is given texts that want to run, every page that shows them is opened: nothing runs.

The short form puts many of them into each field at once; `make test-long` puts in each by itself.
"""

import json
import re
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from accounts.text import clean
from tests.conftest import LONG, SESSION
from tests.journeys.conftest import OpenVisitor, Visitor
from tests.security.xss import CORPUS
from tests.servers.lotse import Lotse, running_lotse
from tests.servers.plain_http import PlainBrowser, PlainParent, code_on

# Whatever runs, or would have run but for the content security policy, is told to the test.
LISTENER = """
    document.addEventListener("securitypolicyviolation", (event) => {
        told(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
    });
    for (const name of ["alert", "confirm", "prompt", "print"]) {
        window[name] = (...words) => told(`${name}(${words})`);
    }
"""
# What must be in no page of ours, run or not.
SUSPICIOUS = r"""() => {
    const found = [];
    for (const element of document.querySelectorAll("*")) {
        for (const { name, value } of element.attributes) {
            const address = ["href", "src", "action", "formaction", "data", "xlink:href"].includes(name);
            const bad = address && /^\s*(javascript|vbscript|data):/i.test(value.replace(/[\s\0]/g, ""));
            const picture = element.localName === "img" && value.startsWith("data:image/svg+xml");
            const handler = /^(on|hx-on|data-hx-on)/i.test(name);
            if (handler || (bad && !picture) || name === "srcdoc") {
                found.push(element.outerHTML.slice(0, 160));
            }
            if (address && value.includes("evil.example") && element.localName !== "a") {
                found.push(element.outerHTML.slice(0, 160));
            }
        }
    }
    const elements = "script:not([src^='/static/']), iframe, frame, object, embed, base, marquee, " +
        "svg script, svg animate, math, isindex, form[action*='//'], meta[http-equiv=refresh i], style";
    for (const element of document.querySelectorAll(elements)) {
        found.push(element.outerHTML.slice(0, 160));
    }
    return found;
}"""
JONNA, SOEREN, KATRIN = "jonna.petersen", "soeren.claasen", "katrin.voss"
ROUND = 1 if LONG else 32  # payloads in a long text at once
SHORT = 60  # characters that every short field takes


@pytest.fixture(scope="module")
def target() -> Iterator[Lotse]:
    """A server of its own: nobody else wants to see what is written here."""
    with running_lotse(SESSION.folder / "xss-lotse") as lotse:
        yield lotse


class Reader:
    """Somebody who opens pages in a real browser. `heard`: what ran or wanted to."""

    def __init__(self, visitor: Visitor) -> None:
        self.heard: list[str] = []
        self.opened = 0
        visitor.context.expose_function("told", self._hear)
        visitor.context.add_init_script(LISTENER)
        self.page: Page = visitor.page()
        self.page.on("dialog", self._dialog)

    def _hear(self, words: str) -> None:
        self.heard.append(words)

    def _dialog(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":  # ours: an unsaved draft
            self.heard.append(dialog.type)
        dialog.accept()

    def open(self, path: str) -> None:
        """Open a page and look it over."""
        self.page.goto(path)
        self.look()

    def look(self) -> None:
        """Look the page over as it stands."""
        self.page.wait_for_load_state()
        self.page.evaluate(
            "document.querySelectorAll('main details').forEach(box => { box.open = true; })"
        )
        self.opened += 1
        assert not self.heard, f"{self.page.url}: {self.heard}"
        suspicious = self.page.evaluate(SUSPICIOUS)
        assert not suspicious, f"{self.page.url}: {suspicious}"

    def enter(self, name: str) -> None:
        """Come in as one of the staff."""
        self.page.goto("/demo/")
        mine = self.page.locator("li").filter(has_text=f"{name}@nordhafen.example.org")
        mine.get_by_role("button").click()
        expect(self.page.locator(".staff-header")).to_be_visible()


def texts() -> Iterator[str]:
    """Yield long texts with all payloads in them, without what a form asks to send again without."""
    for start in range(0, len(CORPUS), ROUND):
        yield clean("\n\n".join(CORPUS[start : start + ROUND])).text


def staff(lotse: Lotse, name: str) -> PlainBrowser:
    browser = PlainBrowser(lotse.url)
    demo = browser.get("/demo/")
    place = demo.text.rindex("/demo/als/", 0, demo.text.index(f"{name}@"))
    action = demo.text[place : demo.text.index('"', place)]
    browser.post(action, demo.hidden(action))
    return browser


def conversation(lotse: Lotse, counsellor: PlainBrowser, text: str) -> tuple[str, str]:
    """Write a text into every field of a conversation; return its code and its case's address."""

    def waiting() -> set[str]:
        found = re.findall(r'action="([^"]+/uebernehmen/)"', counsellor.get("/team/").text)
        return set(found)

    parent = PlainParent(PlainBrowser(lotse.url))
    before = waiting()
    code = code_on(parent.send(parent.form(), text, danger="ja"))
    assert code
    (claim,) = waiting() - before
    case = counsellor.post(claim, counsellor.get("/team/").hidden(claim))
    actions = case.url.removesuffix("/")
    reply = case.hidden('id="reply-form"')
    note = {**case.hidden("/notiz/"), "text": text}
    for action, form in (
        ("notiz", note),
        ("antwort", {**reply, "text": text}),
    ):
        assert counsellor.post(f"{actions}/{action}/", form).status == 200
    draft = counsellor.get(case.url).hidden('id="reply-form"')
    assert counsellor.post(f"{actions}/entwurf/", {**draft, "text": text}).status == 200
    assert counsellor.post(f"{actions}/vorschau/", {**draft, "text": text}).status == 200
    urgency = counsellor.get(case.url).hidden("/dringlichkeit/")
    counsellor.post(
        f"{actions}/dringlichkeit/",
        {**urgency, "urgency": "1", "reason": "other", "note": text[:900]},
    )
    parent.open(code)
    thread = parent.browser.get("/nordhafen/gespraech/")
    form = {**thread.hidden("/schreiben/"), "text": text, "danger": "ja"}
    assert parent.browser.post("/nordhafen/gespraech/schreiben/", form).status == 200
    rating = {**thread.hidden("/bewerten/"), "stars": "4", "text": text[:1900]}
    assert parent.browser.post("/nordhafen/gespraech/bewerten/", rating).status == 200
    return code, case.url.removeprefix(lotse.url)


def short_texts() -> Iterator[str]:
    """Yield payloads for short fields, without end."""
    return cycle([payload for payload in CORPUS if len(payload) <= SHORT and "\n" not in payload])


def fill_settings(reader: Reader, words: Iterator[str]) -> int:
    """Give every field of the settings a text that wants to run; return how many there were."""
    page, filled = reader.page, 0
    reader.enter(SOEREN)
    for path, form in (
        ("/team/einstellungen/", "main form"),
        ("/team/einstellungen/themen/neu/", "main form"),
        ("/team/einstellungen/textbausteine/neu/", "main form"),
        ("/team/personen/einladen/", "main form"),
        ("/team/einstellungen/notfall/", "main form"),
    ):
        page.goto(path)
        boxes = page.locator(f"{form} input[type=text], {form} textarea, {form} input:not([type])")
        for box in boxes.all():
            name = box.get_attribute("name") or ""
            if re.search(r"accent|number|position|hours|ORDER|_url|target|triage", name):
                continue
            long = box.evaluate("element => element.localName === 'textarea'")
            box.fill("\n\n".join(CORPUS)[:1900] if long else next(words))
            filled += 1
        for choice in ("input[name=role][value=counsellor]", "input[name=teams]"):
            if page.locator(choice).count():
                page.locator(choice).first.check()
        if page.locator("select[name=team]").count():
            page.locator("select[name=team]").select_option(index=1)
        page.locator(f"{form} button[type=submit]:not([name=preview])").last.click()
        reader.look()
    return filled


STAFF_PAGES = {
    JONNA: ["/team/", "/team/meine/", "/team/faelle/", "/team/pruefen/", "/team/start/"],
    KATRIN: ["/team/verpasst/", "/team/modelle/", "/team/personen/", "/team/faelle/"],
    SOEREN: [
        "/team/einstellungen/",
        "/team/einstellungen/notfall/",
        "/team/einstellungen/themen/",
        "/team/einstellungen/textbausteine/",
        "/team/personen/",
        "/team/organisation/",
        "/en/team/personen/",
    ],
}


def read_as_parent(reader: Reader, code: str, folder: Path) -> None:
    page = reader.page
    reader.open("/nordhafen/zurueck/")
    page.locator("#id_code").fill(code)
    page.locator("form[action$='/zurueck/'] button[type=submit]").click()
    expect(page.locator("ol.thread")).to_be_visible()
    reader.look()
    for ending in ("", "?als=json"):
        with page.expect_download() as started:
            page.locator(f"a[href$='/mitnehmen/{ending}']").click()
        saved = folder / f"saved{'.json' if ending else '.html'}"
        started.value.save_as(saved)
    assert json.loads((folder / "saved.json").read_text())["messages"]
    # As the parent finds it on their disk, without a header.
    reader.open(f"file://{folder}/saved.html")


def test_nothing_runs(
    target: Lotse, visit: OpenVisitor, tmp_path: Path, figures: list[str]
) -> None:
    visitor = visit("desktop", base_url=target.url)
    reader = Reader(visitor)
    filled = fill_settings(reader, short_texts())
    counsellor = staff(target, JONNA)
    written = [conversation(target, counsellor, text) for text in texts()]

    for code, case in written:
        read_as_parent(reader, code, tmp_path)
        reader.enter(JONNA)
        reader.open(case)
        page = reader.page
        with page.expect_response("**/vorschau/"):
            page.get_by_role("button", name="Vorschau").click()
        expect(page.locator("#preview .prose")).to_be_visible()
        reader.look()
    for name, pages in STAFF_PAGES.items():
        reader.enter(name)
        for path in pages:
            reader.open(path)
    for path in ("/nordhafen/", "/en/nordhafen/", "/nordhafen/frage/", "/nordhafen/gibt-es-nicht/"):
        reader.open(path)
    fields_with_mistakes(reader)
    figures.append(
        f"XSS: {len(CORPUS)} payloads in {len(written)} conversations × 8 fields and {filled} fields "
        f"of settings, {reader.opened} pages and files opened in a browser: nothing ran"
    )


def fields_with_mistakes(reader: Reader) -> None:
    """Send payloads where something else belongs: the page shows what was typed, and no more."""
    page, words = reader.page, short_texts()
    for payload in (next(words) for _field in range(3 if not LONG else len(CORPUS))):
        reader.open("/nordhafen/frage/")
        page.locator("input[name=postcode]").fill(payload)
        page.locator("form[data-draft-keep] button[type=submit]").click()
        reader.look()
        reader.open("/nordhafen/zurueck/?hinweis=%22%3E%3Csvg/onload=alert(1)%3E")
        page.locator("#id_code").fill(payload)
        page.locator("form[action$='/zurueck/'] button[type=submit]").click()
        reader.look()


def test_the_listener_hears_what_would_run(target: Lotse, visit: OpenVisitor) -> None:
    visitor = visit("desktop", base_url=target.url)
    reader = Reader(visitor)
    reader.open("/nordhafen/")
    add = "html => document.body.insertAdjacentHTML('beforeend', html)"
    reader.page.evaluate(add, "<img src=x onerror=alert(1)>")
    with pytest.raises(AssertionError):
        reader.look()
    end = time.monotonic() + 10
    while not any("policy: script-src-attr" in words for words in reader.heard):
        assert time.monotonic() < end, reader.heard
        reader.page.wait_for_timeout(50)  # the browser tells of it a moment later
    reader.heard.clear()
    reader.page.evaluate("window.alert(1)")
    assert reader.heard == ["alert(1)"]
    visitor.problems.clear()
