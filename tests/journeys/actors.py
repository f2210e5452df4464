"""The people of the journeys: what a parent and a counsellor do with mouse and keys.

Elements are found by their role and their words, read from the message catalogues, or by ids and
attributes that hold in every language.
"""

import time
from dataclasses import dataclass, field

from django.utils import translation
from django_otp.oath import totp
from playwright.sync_api import Locator, Page, expect

from config.demo.seed import PASSWORD, totp_key
from tests.journeys.evidence import no_serious_axe, screenshot

STEP = 30  # seconds that a one-time code is valid


def words(language: str, message: str) -> str:
    """Return a message of the catalogue in `de`, `de-du` or `en`."""
    with translation.override(language):
        return translation.gettext(message)


class Authenticator:
    """A person's authenticator app.

    A code counts once. That of the next half minute counts as well: with it somebody can sign in
    twice in a row without waiting. That of the last one would be too old if a page takes a moment.
    """

    _last: dict[str, int] = {}

    def code(self, key: str) -> str:
        """Return the next code that was not used yet. key: hexadecimal digits."""
        step = max(int(time.time()) // STEP, self._last.get(key, 0) + 1)
        while step > int(time.time()) // STEP + 1:
            time.sleep(0.5)
        self._last[key] = step
        return f"{totp(bytes.fromhex(key), t0=int(time.time()) - step * STEP):06d}"


@dataclass
class Person:
    """Somebody in front of a page. `evidence`: goes behind the names of their screenshots."""

    page: Page
    language: str = "de"
    evidence: str | None = ""

    def say(self, message: str) -> str:
        """Return what a message of the catalogue reads for this person."""
        return words(self.language, message)

    def address(self, path: str) -> str:
        """Return an address in this person's language."""
        return f"/en{path}" if self.language == "en" else path

    def look(self, name: str) -> None:
        """Look at the page as it stands: nothing serious for axe, and a picture of it."""
        no_serious_axe(self.page)
        if self.evidence is not None:
            screenshot(self.page, f"{name}{self.evidence}")

    def button(self, message: str) -> Locator:
        """Return the button with these words."""
        return self.page.get_by_role("button", name=self.say(message))

    def link(self, message: str) -> Locator:
        """Return the first link with these words."""
        return self.page.get_by_role("link", name=self.say(message)).first


@dataclass
class Parent(Person):
    """A mother or a father at the pages of one organisation."""

    slug: str = "nordhafen"
    code: str = ""

    def land(self) -> None:
        """Open the organisation's landing page."""
        self.page.goto(self.address(f"/{self.slug}/"))
        expect(self.page.locator(".hero h1")).to_be_visible()

    def open_form(self) -> None:
        """Go from the landing page to the form for a question."""
        self.page.locator(f".hero a[href$='/{self.slug}/frage/']").click()
        expect(self.page.locator("#id_text")).to_be_visible()
        self.page.wait_for_load_state()  # from then on the page keeps what is typed

    def fill_in(self, text: str, *, topic: str = "", danger: str = "nein") -> None:
        """Fill in the form. danger: `ja`, `nein` or `unklar`."""
        self.page.locator("#id_text").fill(text)
        self.page.locator(f"input[name=danger][value={danger}]").check()
        if topic:
            self.page.locator("details.more > summary").click()
            self.page.locator("select[name=topic]").select_option(label=topic)
            self.page.locator("select[name=age_band]").select_option(index=2)
            self.page.locator("input[name=postcode]").fill("24103")

    def send(self) -> str:
        """Send the question, and return the access code that is shown."""
        self.button("Frage absenden").click()
        shown = self.page.locator("#access-code")
        expect(shown).to_be_visible()
        self.code = "".join(shown.inner_text().split())
        return self.code

    def ask(self, text: str, *, topic: str = "", danger: str = "nein") -> str:
        """Ask a question from the landing page on, and return the access code."""
        self.land()
        self.open_form()
        self.fill_in(text, topic=topic, danger=danger)
        return self.send()

    def note_code(self) -> None:
        """Say that the code is noted, and go on to the conversation."""
        self.button("Ich habe den Code notiert – weiter").click()
        expect(self.page.locator("ol.thread")).to_be_visible()

    def come_back(self, typed: str) -> None:
        """Go from the landing page to the code entry and type a code, well or badly."""
        self.land()
        self.page.locator(f".hero a[href$='/{self.slug}/zurueck/']").click()
        self.page.locator("#id_code").fill(typed)
        self.button("Gespräch öffnen").click()

    def write(self, text: str) -> None:
        """Write a further message."""
        self.page.locator("#id_text").first.fill(text)
        self.button("Nachricht senden").click()
        expect(self.messages.last).to_contain_text(text)

    def rate(self, stars: int, text: str) -> None:
        """Rate the answer."""
        self.page.locator("#bewerten > summary").click()
        self.page.locator(f"#bewerten input[name=stars][value='{stars}']").check()
        self.page.locator("#bewerten textarea").fill(text)
        self.button("Bewertung senden").click()
        expect(self.page.locator("#messages .notice--success")).to_be_visible()

    def download(self, *, as_json: bool) -> str:
        """Save everything, and return what is in the file."""
        ending = "?als=json" if as_json else ""
        with self.page.expect_download() as started:
            self.page.locator(f"a[href$='/mitnehmen/{ending}']").click()
        return started.value.path().read_text()

    @property
    def messages(self) -> Locator:
        """The parent's own messages in the conversation."""
        return self.page.locator("ol.thread .message--client")

    @property
    def replies(self) -> Locator:
        """The answers in the conversation."""
        return self.page.locator("ol.thread .message--reply")


@dataclass
class Colleague(Person):
    """A member of staff."""

    email: str = "jonna.petersen@nordhafen.example.org"
    authenticator: Authenticator = field(default_factory=Authenticator)

    def sign_in(self) -> None:
        """Sign in with password and one-time code, as in the real house."""
        self.page.goto(self.address("/team/anmelden/"))
        self.look("login")
        self.page.locator("#id_email").fill(self.email)
        self.page.locator("#id_password").fill(PASSWORD)
        self.button("Weiter").click()
        expect(self.page.locator("#id_code")).to_be_visible()
        self.look("login-code")
        self.page.locator("#id_code").fill(self.authenticator.code(totp_key(self.email)))
        self.button("Anmelden").click()
        expect(self.page.locator(".staff-nav")).to_be_visible()

    def enter(self) -> None:
        """Come in by the demo's page, with one click."""
        self.page.goto(self.address("/demo/"))
        mine = self.page.locator("li").filter(has_text=self.email)
        mine.get_by_role("button").click()
        expect(self.page.locator(".staff-header")).to_be_visible()

    def open_from_menu(self, group: str, entry: str) -> None:
        """Open a page that stands in the second row of the menu."""
        menu = self.page.locator(".staff-nav")
        menu.get_by_role("link", name=self.say(group)).click()
        below = self.page.locator(".staff-nav--below")
        below.get_by_role("link", name=self.say(entry)).click()

    def open_queue(self) -> None:
        """Open the list of what waits."""
        self.page.goto(self.address("/team/"))
        expect(self.page.locator("#queue-live")).to_be_visible()

    def open_live_queue(self) -> None:
        """Open the list, and wait until it is connected and renews itself."""
        self.open_queue()
        expect(self.page.locator("[data-live-state=open]")).to_be_attached()

    @property
    def waiting(self) -> Locator:
        """The rows of those who wait."""
        return self.page.locator("section[aria-labelledby=waiting] .queue-row")

    def waiting_ids(self) -> set[str]:
        """Return the ids of the rows of those who wait."""
        ids: list[str] = self.waiting.evaluate_all("rows => rows.map(row => row.id)")
        return set(ids)

    def claim(self, row: str) -> None:
        """Claim a case in the list. row: id of its row."""
        self.page.locator(f"#{row}-action").click()
        expect(self.page.locator("#reply-text")).to_be_visible()

    def preview(self, text: str) -> Locator:
        """Write a reply, look at its preview, and return that."""
        self.page.locator("#reply-text").fill(text)
        self.button("Vorschau").click()
        shown = self.page.locator("#preview .prose")
        expect(shown).to_be_visible()
        return shown

    def insert_module(self, title: str, *, js: bool = True) -> None:
        """Put a text module into the reply."""
        self.page.locator("#reply-module").select_option(label=title)
        self.button("Einfügen" if js else "Textbaustein unten anfügen").click()

    def write_note(self, text: str) -> None:
        """Write an internal note."""
        self.page.locator("details.case-note > summary").click()
        self.page.locator("#note-text").fill(text)
        self.button("Notiz speichern").click()
        expect(self.page.locator("#thread .message--note").last).to_contain_text(text)

    def send_reply(self) -> None:
        """Send the reply that stands in the box."""
        answers = self.page.locator("#thread .message--reply")
        before = answers.count()
        self.button("Antwort senden").click()
        expect(answers).to_have_count(before + 1)
