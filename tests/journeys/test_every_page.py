"""Every page of the product at both widths: a picture, and nothing for axe in light or dark."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from config.demo import partners
from tests.journeys.actors import Colleague, Parent
from tests.journeys.conftest import OpenVisitor
from tests.journeys.evidence import no_serious_axe, screenshot
from tests.journeys.test_handoff import BY_LINK, consent, suggest
from tests.journeys.visited import Visited, all_names
from tests.servers.lotse import Lotse

# Addresses that show no page, and why.
NO_PAGE = {
    "home": "leads on",
    "desk": "leads on",
    "keep": "POST, leads on; with the notice on the page `thread`",
    "health": "JSON for whoever watches the server",
    "ready": "JSON for whoever watches the server",
    "metrics": "text for Prometheus",
    "supervision-export": "a file to save; see tests/reporting",
    "organisation-colours": "a style sheet",
    "quick-exit": "leads out of the house",
    "download": "a file to save; looked at in test_main_job",
    "attachment": "a file to save; see test_attachments",
    "case-attachment": "a file to save; see test_attachments",
    "entry-leaflet": "a file to save; looked at in test_directory",
    "demo-enter": "POST, leads on",
    "logout": "POST, leads on",
    "login-passkey": "POST, leads on",
    "login-device": "only for who waits on a new device; looked at in test_access",
    "leave": "POST, leads on",
    "write": "POST, leads on; with errors it shows the page `thread`",
    "rate": "POST, leads on; with errors it shows the page `thread`",
    "invitation-revoke": "POST, leads on",
    "case-claim": "POST, leads on",
    "case-release": "POST, leads on",
    "case-hand-over": "POST, leads on",
    "case-urgency": "POST, leads on",
    "case-close": "POST, leads on",
    "case-reopen": "POST, leads on",
    "case-reply": "POST, leads on; with errors it shows the page `case`",
    "case-note": "POST, leads on; with errors it shows the page `case`",
    "case-draft": "POST, 204 or leads on",
    "case-preview": "POST, a part of the page `case`",
    "alarm-board": "a part of every page of the team",
    "alarm-link": "its secret is only in a mail; looked at in test_alarm",
    "alarm-acknowledge": "POST, leads on",
    "delivery-try-again": "POST, leads on",
    "push-device": "POST, 204",
    "push-worker": "a script",
    "referral-box": "a part of the page `case`",
    "referral-letter": "a file to save; looked at in tests/referrals/handoff",
    "help-calendar": "a file to save; looked at in tests/referrals/handoff",
    "partner-fhir": "JSON for programs",
    "fhir-tasks": "JSON for programs",
    "fhir-referral": "JSON for programs",
    "handoff-link": "its secret is only in a mail; looked at in test_handoff",
    "handoff-open": "opens with a link only; looked at in test_handoff",
    "case-stay": "POST, leads on",
    "case-consultation-end": "POST, leads on",
    "case-submit": "POST, leads on; with errors it shows the page `case`",
    "case-decide": "POST, leads on; with errors it shows the page `case`",
    "case-withdraw": "POST, leads on",
    "chat-room": "only while one chats; looked at in test_chat",
    "chat-say": "POST, leads on; with errors it shows the page `chat-room`",
    "chat-go": "POST, leads on",
    "chat-poll": "JSON for who has no socket",
    "chat-take": "POST, leads on",
    "chat-write": "POST, leads on; with errors it shows the page `chat-desk`",
    "chat-pass-on": "POST, leads on; with errors it shows the page `chat-desk`",
    "chat-finish": "POST, leads on; with errors it shows the page `chat-desk`",
    "chat-team-poll": "JSON for who has no socket",
    "shift-take": "POST, leads on",
    "swap": "POST, leads on",
    "absence-drop": "POST, leads on",
    "pattern-end": "POST, leads on",
    "roster-feed": "a file for calendar programs; see tests/counselling/test_roster_pages.py",
    "directory-capacity": "POST, leads on",
    "directory-entry-confirm": "POST, leads on",
    "directory-undo": "POST, leads on",
    "directory-planning-table": "a file to save",
    "directory-confirm": "its secret is only in a mail; looked at in tests/referrals/test_upkeep.py",
    "hsds-base": "JSON for programs",
    "hsds-locations": "JSON for programs",
    "hsds-locations-one": "JSON for programs",
    "hsds-openapi": "JSON for programs",
    "hsds-organizations": "JSON for programs",
    "hsds-organizations-one": "JSON for programs",
    "hsds-profile": "JSON for programs",
    "hsds-service-at-locations": "JSON for programs",
    "hsds-service-at-locations-one": "JSON for programs",
    "hsds-services": "JSON for programs",
    "hsds-services-one": "JSON for programs",
    "hsds-taxonomies": "JSON for programs",
    "hsds-taxonomies-one": "JSON for programs",
    "hsds-taxonomy-terms": "JSON for programs",
    "hsds-taxonomy-terms-one": "JSON for programs",
}

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
    """Somebody who looks at every page in turn.

    `in_dark`: axe sees the dark colours, and checks by every rule; the others only by what is seen.
    """

    def __init__(self, page: Page, *, in_dark: bool = False) -> None:
        self.page = page
        self.in_dark = in_dark

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
        too_wide: list[str] = self.page.evaluate(TOO_WIDE)
        assert not too_wide, f"{self.page.url} is too wide:\n" + "\n".join(too_wide)
        if self.in_dark:
            self.page.emulate_media(color_scheme="dark")
        no_serious_axe(self.page, seen_only=not self.in_dark)
        self.page.emulate_media(color_scheme="light")
        self.page.evaluate("window.scrollTo(0, 0)")  # bars that stay in sight belong on top
        screenshot(self.page, f"page-{name}")


def test_every_page_looks_right(
    visit: OpenVisitor, device: str, live_lotse: Lotse, figures: list[str]
) -> None:
    visited = Visited()
    visitor = visit(device, reduced_motion="reduce")
    visited.watch(visitor.context)
    tour = Tour(visitor.page(), in_dark=device == "phone")  # the colours are the same at any width
    code = json.loads((live_lotse.data / "demo-codes.json").read_text())["nordhafen"]

    parents_pages(tour, code)
    tour.go("/demo/", "demo")
    tour.go("/demo/bausteine/", "demo-components")
    tour.go("/team/anmelden/", "login")
    tour.send("login-error")
    cases_pages(tour)
    triage_pages(tour)
    roster_pages(tour)
    staff_pages(tour)
    security_pages(tour)
    settings_pages(tour)
    alarm_pages(tour)
    directory_pages(tour)
    handoff_pages(tour)
    planner_page(tour)

    # The second step of signing in shows itself only between the two steps.
    stranger = Colleague(visit(device).page(), "de", None, "katrin.voss@nordhafen.example.org")
    visited.watch(stranger.page.context)
    stranger.sign_in()

    # That no request went to anybody else is checked of every visitor (conftest.Visitor).
    figures.append(
        f"requests: {visitor.requests} on {len(visited.names)} pages at the {device}, all to ourselves"
    )
    not_seen = all_names() - visited.names - set(NO_PAGE)
    assert not not_seen, f"nobody has looked at {sorted(not_seen)}"
    assert set(NO_PAGE) <= all_names(), "NO_PAGE names what is no address any more"
    wrong = sorted(set(NO_PAGE) & visited.shown)
    assert not wrong, f"NO_PAGE names what does show a page: {wrong}"


def parents_pages(tour: Tour, code: str) -> None:
    page = tour.page
    tour.go("/nordhafen/", "landing")
    page.locator(".crisis-bar summary").click()
    tour.look("landing-help-open")
    tour.go("/lindental/", "landing-lindental")
    tour.go("/en/nordhafen/", "landing-en")
    tour.go("/nordhafen/hilfe/", "directory")
    tour.go("/nordhafen/hilfe/?q=baby+schreit&ort=Bremerhaven", "directory-results")
    tour.follow(".result__name a", "directory-entry")
    tour.go("/nordhafen/hilfe/?q=xyzzy&alter=alt", "directory-nothing")
    tour.go("/nordhafen/hilfe/eingebettet/?q=schulden", "directory-widget")
    tour.go("/nordhafen/chat/", "chat-closed")
    tour.go("/nordhafen/frage/", "ask")
    page.locator("details.more > summary").click()
    page.locator("input[name=postcode]").fill("123")
    tour.send("ask-errors", "form[data-draft-keep]")
    parent = Parent(page, "de-du", None)
    parent.ask("Für ein Bild geschrieben.")
    tour.look("code")
    tour.go("/nordhafen/gespraech/", "thread-code-not-noted")
    tour.go("/nordhafen/zurueck/", "return")
    page.locator("#id_code").fill("7KQ4M XW2PA")
    tour.send("return-error", "form[action$='/zurueck/']")
    parent.come_back(code)
    expect(parent.replies.first).to_be_visible()
    page.locator("#bewerten > summary").click()
    tour.look("thread")
    tour.send("thread-errors", "form[action$='/schreiben/']")
    tour.go("/nordhafen/gespraech/loeschen/", "delete")
    page.goto("/nordhafen/gespraech/")
    parent.button("Gespräch auf diesem Gerät beenden").click()
    tour.look("landing-left")


def enter(page: Page, name: str) -> None:
    Colleague(page, "de", None, f"{name}@nordhafen.example.org").enter()


def cases_pages(tour: Tour) -> None:
    page = tour.page
    enter(page, "mehmet.aydin")
    tour.go("/team/hilfe/?q=trennung", "staff-directory")
    tour.follow(".result__name a", "staff-entry")
    tour.go("/team/chats/", "chat-desk-empty")
    tour.go("/team/", "queue")
    tour.follow("section[aria-labelledby=waiting] .queue-row__title a", "case-waiting")
    tour.go("/team/meine/", "my-cases")
    tour.follow("section[aria-labelledby=due] .queue-row__title a", "case-mine")
    page.locator("details.case-close > summary").click()
    page.locator("details.case-rate > summary").click()
    page.locator("details.case-note > summary.card__title").click()
    # Another draft than on the other device: only a changed one is saved.
    place = "unterwegs" if tour.in_dark else "im Büro"
    page.locator("#reply-text").fill(f"Ein **Wort** und eine Liste:\n\n- eins\n- {place}")
    page.get_by_role("button", name="Vorschau").click()
    expect(page.locator("#preview .prose")).to_be_visible()
    expect(page.locator("#draft-status[data-state=saved]")).to_be_visible()
    tour.look("case-mine-open")
    tour.send("case-note-error", "details.case-note")
    consultation_pages(tour)
    enter(page, "mehmet.aydin")
    tour.go("/team/faelle/", "team-cases")
    tour.follow(".queue-row__title a", "case-of-colleague")
    tour.go("/team/faelle/?zeige=abgeschlossen", "team-cases-closed")
    tour.follow(".queue-row__title a", "case-closed")
    tour.go("/team/organisation/", "choose-organisation")
    tour.go("/en/team/", "queue-en")


def consultation_pages(tour: Tour) -> None:
    """Let Mehmet ask Birte of the other team inside the case that he has open."""
    page = tour.page
    page.get_by_role("link", name="Um Rat fragen").click()
    page.locator("details.case-note > summary").click()
    tour.look("case-consult")
    tour.send("case-consult-errors", "#consult-form")
    page.locator("#consult-to").select_option(label="Birte Harms")
    page.locator("#consult-text").fill("Tochter Lena, 3, wacht seit dem 4. März auf. Was hilft?")
    page.get_by_role("button", name="Weiter").click()
    tour.look("case-consult-check")
    page.get_by_role("button", name="Frage senden").click()
    tour.look("case-consult-check-errors")
    for box in page.locator(".consultation__check input[type=checkbox]").all():
        box.check()
    page.get_by_role("button", name="Frage senden").click()
    tour.look("case-consulted")
    enter(page, "birte.harms")
    tour.go("/team/konsultationen/", "consultations")
    tour.follow(".rows__title a", "consultation")
    tour.send("consultation-errors", "#advice-form")
    page.locator("#advice-form textarea").fill("Eine feste Folge am Abend hilft.")
    page.get_by_role("button", name="Rat senden").click()
    tour.look("consultation-answered")


def triage_pages(tour: Tour) -> None:
    page = tour.page
    enter(page, "katrin.voss")
    tour.go("/team/pruefen/", "reviews")
    # A human finds a case more urgent than the triage did: that is a miss.
    page.goto("/team/")
    page.locator(".queue-row--normal .queue-row__title a").last.click()
    page.locator("details.case-rate > summary").click()
    page.locator("#rate-urgency").select_option(value="0")
    page.locator("#rate-reason").select_option(value="hidden")
    tour.send("case-raised", "details.case-rate")
    tour.go("/team/verpasst/", "misses")
    tour.follow(".rows__title a", "miss")
    tour.send("miss-errors")
    tour.go("/team/modelle/", "model-comparison")


def roster_pages(tour: Tour) -> None:
    page = tour.page
    enter(page, "katrin.voss")
    roster = "/team/dienst/"
    tour.go("/team/freigaben/", "approvals")
    tour.go(f"{roster}planen/", "roster-plan")
    tour.send("roster-plan-errors")
    page.locator("#id_team").select_option(index=1)
    day = timezone.localdate() + timedelta(days=1)
    page.locator("#id_day").fill(day.isoformat())
    page.locator("#id_begins").fill("09:00")
    page.locator("#id_ends").fill("17:00")
    tour.send("roster-planned")
    tour.go(f"{roster}?woche={day}", "shifts")
    tour.follow(".roster-shift a", "shift")
    tour.go(f"{roster}abwesenheit/", "absences")
    tour.send("absences-errors")
    tour.go(f"{roster}kalender/", "calendar-link")
    tour.send("calendar-link-made")
    tour.go(f"{roster}abdeckung/", "coverage")
    tour.go(f"{roster}rufbereitschaft/", "on-call")
    tour.send("on-call-errors", "form.roster-add")
    tour.go(f"{roster}regeln/", "working-rules")
    tour.follow(".roster-row a", "work-profile")


def staff_pages(tour: Tour) -> None:
    enter(tour.page, "soeren.claasen")
    tour.go("/team/personen/", "staff-list")
    tour.follow("a[href$='/beenden/']", "staff-end")
    tour.go("/team/personen/einladen/", "invite")
    tour.send("invite-error", "form[action$='/einladen/']")
    tour.page.locator("#id_name").fill("Wiebke Ohlsen")
    tour.page.locator("input[name=role][value=supervisor]").check()
    tour.page.get_by_label("Eltern und Erziehung").check()
    tour.send("invited", "form[action$='/einladen/']")
    link = tour.page.locator("#invite-link").input_value()
    tour.go("/team/personen/", "staff-list-invited")
    tour.go(link, "invitation-signed-in")
    tour.go("/team/einladung/gibt-es-nicht/", "invitation-closed")
    # Who is not signed in makes an account.
    tour.page.context.clear_cookies()
    tour.go(link, "invitation")
    tour.send("invitation-errors")


def security_pages(tour: Tour) -> None:
    # Two together; Katrin's link is only looked at, so that she can still sign in afterwards.
    page = tour.page
    enter(page, "soeren.claasen")
    tour.go("/team/personen/", "staff-list-recovery")
    row = page.locator(".rows__item").filter(has_text="birte.harms@")
    row.locator("a[href$='/neubeginn/']").click()
    tour.look("recovery")
    tour.send("recovery-started", "form.confirm")
    enter(page, "katrin.voss")
    tour.go("/team/personen/", "staff-list-recovery-waits")
    row = page.locator(".rows__item").filter(has_text="birte.harms@")
    row.locator("a[href$='/neubeginn/']").click()
    tour.look("recovery-to-confirm")
    tour.send("recovery-link", "form.confirm")
    link = page.locator("#recovery-link").input_value()
    page.locator("a[href$='/personen/']").last.click()
    row = page.locator(".rows__item").filter(has_text="birte.harms@")
    row.locator("a[href$='/neubeginn/']").click()
    tour.look("recovery-confirmed")
    for path, name in (
        ("", "security"),
        ("anmeldungen/", "sessions"),
        ("app/", "authenticator"),
        ("passkeys/", "passkeys-by-number"),
        ("passwort/", "password"),
        ("geraete/", "devices"),
        ("karte/", "recovery-card"),
    ):
        tour.go(f"/team/sicherheit/{path}", name)
    for path, name in (("app/", "authenticator"), ("passwort/", "password"), ("karte/", "card")):
        page.goto(f"/team/sicherheit/{path}")
        tour.send(f"{name}-errors", "main form")
    tour.go(link, "recover")
    tour.send("recover-errors")
    enter(page, "soeren.claasen")
    page.goto("/team/personen/")
    row = page.locator(".rows__item").filter(has_text="birte.harms@")
    row.locator("a[href$='/neubeginn/']").click()
    page.locator("button[name=cancel]").click()
    tour.go(link, "recover-closed")


def alarm_pages(tour: Tour) -> None:
    enter(tour.page, "katrin.voss")
    tour.go("/team/alarme/", "alarms")
    tour.go("/team/alarme/zustellung/", "deliveries")
    tour.go("/team/alarme/meine/", "my-alarms")
    tour.page.locator("#id_number").fill("12")
    tour.send("my-alarms-error", "form:has(#id_number)")
    tour.go("/team/alarm/gibt-es-nicht/", "alarm-link-closed")
    enter(tour.page, "soeren.claasen")
    settings = "/team/einstellungen/alarme/"
    tour.go(settings, "ladders")
    tour.page.locator("#id_quiet_begins").fill("abends")
    tour.send("ladders-error")
    tour.go(f"{settings}0/", "ladder")
    tour.page.locator("#id_form-0-wait").fill("0")
    tour.send("ladder-error")
    tour.go(f"{settings}rufgeraet/", "gateway")
    tour.page.locator("#id_address").fill("ftp://sms.example.org/")
    tour.send("gateway-error")


def settings_pages(tour: Tour) -> None:
    enter(tour.page, "soeren.claasen")
    settings = "/team/einstellungen/"
    tour.go(settings, "settings")
    tour.page.locator("#id_accent").fill("#ffff00")
    tour.page.locator("button[name=preview]").click()
    tour.look("settings-colour")
    tour.go(f"{settings}notfall/", "crisis-lines")
    tour.page.locator("input[name$=number]").first.fill("")
    tour.send("crisis-lines-error")
    tour.go(f"{settings}arbeitszeiten/", "calendars")
    tour.follow("main .card a", "calendar")
    tour.page.locator("#id_monday").fill("12-9")
    tour.send("calendar-error")
    tour.page.locator("#id_monday").fill("9-12")
    tour.send("calendar-preview")
    tour.go(f"{settings}antwortzeiten/", "service-levels")
    tour.follow("main .card a", "service-level")
    tour.page.locator("#id_sofort_first").fill("0")
    tour.send("service-level-error")
    tour.go(f"{settings}chat/", "chat-rules")
    tour.page.locator("#id_keep_minutes").fill("0")
    tour.send("chat-rules-error")
    tour.go(f"{settings}themen/", "topics")
    tour.follow(".rows__title a", "topic")
    tour.go(f"{settings}themen/", "topics")
    tour.follow("a[href$='/loeschen/']", "topic-drop")
    tour.go(f"{settings}themen/neu/", "topic-new")
    tour.send("topic-new-error")
    tour.go(f"{settings}textbausteine/", "text-modules")
    tour.follow(".rows__title a", "text-module")
    tour.go(f"{settings}textbausteine/", "text-modules")
    tour.follow("a[href$='/loeschen/']", "text-module-drop")
    tour.go(f"{settings}textbausteine/neu/", "text-module-new")
    tour.send("text-module-new-error")


def directory_pages(tour: Tour) -> None:
    page = tour.page
    enter(page, "soeren.claasen")
    tour.go("/team/verzeichnis/", "directory-entries")
    page.get_by_role("button", name="Stimmt noch").first.click()
    tour.look("directory-entries-confirmed")
    tour.follow(".entry-row__title a", "directory-entry")
    page.locator("main a[href$='/versionen/']").click()
    tour.look("directory-versions")
    tour.go("/team/verzeichnis/neu/", "directory-entry-new")
    tour.send("directory-entry-errors")
    tour.go("/team/verzeichnis/suchworte/", "directory-phrases")
    tour.go("/team/verzeichnis/einlesen/", "directory-import")
    table = "name;plz;öffnungszeiten\nElterncafé;1067;Mo 25-26 Uhr\n;22761;\n"
    page.locator("#id_file").set_input_files(
        {"name": "angebote.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    tour.send("directory-import-run")


def handoff_pages(tour: Tour) -> None:
    page = tour.page
    page.context.clear_cookies()
    jonna, parent = Colleague(page, "de", None), Parent(page, "de-du", None)
    jonna.enter()
    suggest(parent, jonna, partners.SERVICE)
    case = page.url
    tour.go(f"{case}vermitteln/", "referral-suggest")
    tour.go(f"{case}gefahr/", "referral-necessity")
    tour.send("referral-necessity-errors", "main form")
    consent(parent, partners.SERVICE)
    jonna.enter()
    tour.go("/team/vermittlungen/", "referrals")
    tour.follow(".rows__title a", "referral")
    suggest(parent, jonna, BY_LINK)
    page.goto("/nordhafen/gespraech/")
    page.get_by_role("link", name="Ansehen und entscheiden").click()
    tour.look("help-consent")
    page.get_by_role("button", name="Nur einen Code mitnehmen").click()
    tour.look("help-card")
    tour.follow(".back-link", "help-referral")
    tour.go("/weitergabe/angekommen/", "arrival-code")
    tour.send("arrival-code-errors", "main form")
    Colleague(page, "de", None, partners.EMAIL).enter()
    tour.go("/team/stelle/", "partner-desk")
    tour.follow(".rows__title a", "partner-referral")
    tour.go("/team/stelle/personen/", "partner-people")
    tour.go("/team/stelle/programme/", "partner-programs")
    page.goto("/team/stelle/")
    tour.follow("a[href*='/stelle/eintrag/']", "partner-entry")
    enter(page, "soeren.claasen")
    page.goto("/team/verzeichnis/?q=Seepferdchen")
    page.locator(".entry-row__title a").first.click()
    tour.follow("a[href$='/postfach/']", "partner-let-in")
    tour.go("/team/vermittlungen/zahlen/", "referral-figures")


def planner_page(tour: Tour) -> None:
    enter(tour.page, "inken.brandt")
    tour.go("/team/zahlen/", "figures")
    enter(tour.page, "soeren.claasen")
    tour.go("/team/zahlen/leitung/", "supervision")
    tour.go("/team/zahlen/leitung/antwortzeiten/", "response-times")
    enter(tour.page, "inken.brandt")
    tour.go("/team/planung/", "directory-planning")


@contextmanager
def broken(lotse: Lotse, table: str) -> Iterator[None]:
    """Take a table away, so that pages which need it break."""
    with closing(sqlite3.connect(lotse.data / "lotse.sqlite3", timeout=20)) as database:
        database.execute("PRAGMA legacy_alter_table=ON")
        database.execute(f"ALTER TABLE {table} RENAME TO gone_for_a_test")
        try:
            yield
        finally:
            database.execute(f"ALTER TABLE gone_for_a_test RENAME TO {table}")


def test_error_pages_say_what_to_do(visit: OpenVisitor, device: str, live_lotse: Lotse) -> None:
    visitor = visit(device, reduced_motion="reduce")
    tour = Tour(visitor.page())
    page = tour.page
    tour.go("/nordhafen/gibt-es-nicht/", "error-404")
    page.goto("/nordhafen/frage/")
    page.context.clear_cookies()
    page.locator("#id_text").fill("Der Text bleibt im Browser.")
    tour.send("error-form-expired", "form[data-draft-keep]")
    page.goto("/nordhafen/frage/")
    page.evaluate("document.querySelector('#id_text').value = 'ä'.repeat(1_100_000)")
    tour.send("error-too-large", "form[data-draft-keep]")
    page.goto("/nordhafen/frage/")
    page.evaluate(
        """() => {
            const field = document.createElement("input");
            field.name = "x";
            const form = document.querySelector("form[data-draft-keep]");
            for (let i = 0; i < 300; i++) form.append(field.cloneNode());
        }"""
    )
    tour.send("error-bad-request", "form[data-draft-keep]")
    with broken(live_lotse, "counselling_topic"):
        answer = page.goto("/nordhafen/frage/")
        assert answer is not None
        assert answer.status == 500
        tour.look("error-500")
    visitor.problems[:] = [p for p in visitor.problems if "status 500" not in p]
    answer = page.goto("/nordhafen/frage/")
    assert answer is not None
    assert answer.ok
