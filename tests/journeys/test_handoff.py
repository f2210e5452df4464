"""The warm handoff with three browsers: the client's phone, the counsellor's desk, the service.

Question, suggestion, consent, accept, appointment, arrived, outcome, and the client's own word; the same
through a link and a code; and taken back.
"""

import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

from playwright.sync_api import Page, expect

from config.demo import partners
from tests.journeys.actors import Colleague, Parent
from tests.journeys.conftest import OpenVisitor
from tests.journeys.evidence import screenshot
from tests.servers.lotse import Lotse

WORDS = "Unser Sohn ist zwei und schläft seit Wochen nicht. Wir brauchen Hilfe."
BY_LINK = "Babysprechstunde Schreien, Schlafen, Füttern"


def suggest(parent: Parent, jonna: Colleague, service: str) -> None:
    """Let a parent ask, and Jonna claim the question and suggest a service."""
    jonna.open_queue()
    before = jonna.waiting_ids()
    parent.ask("Unser Sohn schläft nicht.")
    parent.note_code()
    jonna.open_queue()
    jonna.claim((jonna.waiting_ids() - before).pop())
    jonna.page.get_by_role("link", name="Hilfe vor Ort vorschlagen").click()
    jonna.page.locator("#id_words").fill(service)
    jonna.button("Suchen").click()
    jonna.page.get_by_label(service).check()
    jonna.button("Ausgewählte vergleichen").click()
    expect(jonna.page.locator(".handoff-table")).to_contain_text("Warum hier")
    expect(jonna.page.get_by_label(service)).to_be_checked()
    jonna.look("handoff-suggest")
    jonna.page.locator("#id_text").fill("Eltern eines Zweijährigen, seit Wochen ohne Schlaf.")
    jonna.button("Vorschlagen").click()
    expect(jonna.page.locator("#vermittlung")).to_contain_text(service)
    jonna.look("handoff-case")


def consent(parent: Parent, service: str) -> None:
    """Let a parent choose, see exactly what goes, and say yes."""
    page = parent.page
    page.goto("/nordhafen/gespraech/")
    expect(page.locator("#hilfe")).to_contain_text(service)
    parent.look("handoff-thread")
    page.get_by_role("link", name="Ansehen und entscheiden").click()
    expect(page.locator("#id_text")).to_have_value(re.compile("Zweijährigen"))
    parent.button("Weiter: alles noch einmal ansehen").click()
    expect(page.locator(".error-summary")).to_be_visible()  # contact and whom it is about
    parent.look("handoff-consent-errors")
    page.locator("#id_text").fill(WORDS)
    page.locator("input[name=contact][value=lotse]").check()
    page.locator("input[name=about][value=own_child]").check()
    parent.button("Weiter: alles noch einmal ansehen").click()
    expect(page.locator(".handoff-words")).to_have_text(WORDS)
    parent.look("handoff-confirm")
    parent.button("Ja, so senden").click()
    expect(page.locator(".notice__title").first).to_contain_text(
        parent.say("Ihre Anfrage ist bei der Stelle.")
    )
    parent.look("handoff-sent")


def open_act(page: Page, label: str) -> None:
    """Open the form of an act."""
    page.locator(".handoff-act > summary").filter(has_text=label).click()


def offer_tomorrow(page: Page) -> None:
    """Offer two appointments from tomorrow on."""
    open_act(page, "Termine anbieten")
    for number in (1, 2):
        moment = datetime.now() + timedelta(days=number)  # noqa: DTZ005 - the browser's wall clock
        page.locator(f"#id_offer-slot_{number}").fill(f"{moment:%Y-%m-%dT10:00}")
    page.locator("#id_offer-place").fill("Raum 12, bei Frau Janssen")
    page.get_by_role("button", name="Termine anbieten").click()


def rewind(lotse: Lotse, weeks: int) -> None:
    """Let all referrals have been sent some weeks earlier: the demo's clock cannot be moved."""
    with closing(sqlite3.connect(lotse.data / "lotse.sqlite3", timeout=30)) as database:
        database.execute(
            "UPDATE referrals_referral SET sent_at = datetime(sent_at, ?)", (f"-{weeks * 7} days",)
        )
        database.commit()


def newest_link(lotse: Lotse) -> str:
    """Return the path of the link that was promised by mail last."""
    with closing(sqlite3.connect(lotse.data / "lotse.sqlite3", timeout=30)) as database:
        bodies = database.execute(
            "SELECT body FROM outbox_delivery WHERE body LIKE '%/weitergabe/%' ORDER BY promised_at"
        ).fetchall()
    found = re.search(r"/weitergabe/[^/\s]+/", bodies[-1][0])
    assert found
    return found.group()


def test_from_a_question_to_help_and_the_clients_own_word(
    visit: OpenVisitor, live_lotse: Lotse
) -> None:
    parent = Parent(visit("phone").page(), "de-du", "-phone")
    jonna = Colleague(visit("desktop").page(), "de", "-desktop")
    frieke = Colleague(visit("phone").page(), "de", "-partner", partners.EMAIL)
    jonna.enter()
    suggest(parent, jonna, partners.SERVICE)
    consent(parent, partners.SERVICE)

    page = frieke.page
    frieke.enter()
    expect(page.locator(".rows__title").first).to_contain_text("Anfrage vom")
    frieke.look("handoff-desk")
    # The newest is due last; other journeys have left theirs at the same desk.
    page.locator("ul.rows").first.locator(".rows__title a").last.click()
    expect(page.locator(".handoff-words").first).to_have_text(WORDS)
    frieke.look("handoff-partner")
    open_act(page, "Annehmen")
    page.get_by_role("button", name="Annehmen").click()
    expect(page.locator(".lead")).to_contain_text("Angenommen")
    # Jonna's page is still open where she suggested it; nobody loads it anew.
    expect(jonna.page.locator("#vermittlung")).to_contain_text("angenommen", timeout=60_000)
    offer_tomorrow(page)
    expect(page.locator(".lead")).to_contain_text("Ihre Termine liegen bei der Person")

    parent.page.reload()
    parent.page.get_by_label("Raum 12").first.check()
    parent.look("handoff-offers")
    parent.button("Diesen Termin nehme ich").click()
    expect(parent.page.locator(".card--accent")).to_contain_text(parent.say("Ihr Termin"))
    with parent.page.expect_download() as started:
        parent.page.get_by_role("link", name="In den Kalender übernehmen").click()
    calendar = started.value.path().read_text()
    assert "BEGIN:VEVENT" in calendar
    assert partners.SERVICE not in calendar
    parent.page.goto("/nordhafen/gespraech/")
    expect(parent.page.locator("h2", has_text="Morgen um 10:00 Uhr")).to_be_visible()
    parent.look("handoff-reminder")
    parent.page.get_by_role("link", name="Termin ansehen").click()
    expect(parent.page.locator(".card--accent")).to_contain_text("Morgen um 10:00 Uhr")

    page.reload()
    page.get_by_role("button", name="Ist angekommen").click()
    expect(page.locator(".lead")).to_contain_text("Angekommen")
    open_act(page, "Abschließen")
    page.locator("input[name='complete-outcome'][value=helped]").check()
    page.get_by_role("button", name="Abschließen").click()
    expect(page.locator("h1")).to_have_text("Postfach")
    page.goto("/team/stelle/programme/")
    page.get_by_label("Name des Programms").fill("Aktenverwaltung")
    page.get_by_role("button", name="Schlüssel anlegen").click()
    token = page.locator("#program-token").input_value()
    frieke.look("handoff-programs")
    tasks = (
        visit("desktop")
        .page()
        .request.get("/api/fhir/Task", headers={"Authorization": f"Bearer {token}"})
    )
    assert "completed" in {entry["resource"]["status"] for entry in tasks.json()["entry"]}

    rewind(live_lotse, 2)
    parent.page.reload()
    expect(parent.page.locator(".notice__title").first).to_contain_text("abgeschlossen")
    parent.page.get_by_role("button", name="Ja, mir wurde geholfen").click()
    expect(parent.page.locator("#messages")).to_contain_text("die Stelle nicht")
    parent.look("handoff-reported")
    saved = parent.page.request.get("/nordhafen/gespraech/mitnehmen/?als=json").json()
    [referral] = saved["referrals"]
    assert (referral["state"], referral["sent"]["text"]) == ("completed", WORDS)
    parent.page.set_content(parent.page.request.get("/nordhafen/gespraech/mitnehmen/").text())
    screenshot(parent.page, "handoff-saved")

    jonna.page.reload()
    jonna.page.locator("#vermittlung a").first.click()
    expect(jonna.page.get_by_text("Was die Person selbst sagt")).to_be_visible()
    expect(jonna.page.get_by_text("Was die Stelle sagt")).to_be_visible()
    jonna.look("handoff-referral")


def test_the_same_through_a_link_and_a_code_and_taken_back(
    visit: OpenVisitor, live_lotse: Lotse
) -> None:
    parent = Parent(visit("phone").page(), "de-du", "-phone")
    jonna = Colleague(visit("desktop").page(), "de", "-desktop")
    service = visit("phone", js=False)
    page = service.page()
    jonna.enter()
    suggest(parent, jonna, BY_LINK)
    consent(parent, BY_LINK)
    jonna.page.reload()
    jonna.page.locator("#vermittlung a").first.click()
    code = jonna.page.locator(".handoff-code").inner_text()
    jonna.look("handoff-code")

    link = newest_link(live_lotse)
    page.goto(link)
    page.locator("#id_code").fill("7KQ-M4X-W2P")
    page.get_by_role("button", name="Öffnen").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.locator("#id_code").fill(code)
    page.get_by_role("button", name="Öffnen").click()
    expect(page.locator(".handoff-words").first).to_have_text(WORDS)
    frieda = Parent(page, "de", "-link")
    frieda.look("handoff-by-link")
    open_act(page, "Annehmen")
    page.get_by_role("button", name="Annehmen").click()
    expect(page.locator(".lead")).to_contain_text("Angenommen")
    offer_tomorrow(page)

    parent.page.reload()
    parent.page.get_by_label("Raum 12").first.check()
    parent.button("Diesen Termin nehme ich").click()
    expect(parent.page.locator(".card--accent")).to_contain_text(parent.say("Ihr Termin"))

    # The link has opened once; in another browser it opens nothing more.
    stranger = visit("phone").page()
    stranger.goto(link)
    expect(stranger.locator(".lead")).to_contain_text("schon benutzt")

    parent.button("Zurücknehmen").click()
    expect(parent.page.locator(".notice__title").first).to_contain_text("Zurückgenommen")
    parent.look("handoff-revoked")
    page.reload()
    expect(page.locator(".lead")).to_contain_text("zurückgenommen")
    assert WORDS not in page.content()
    frieda.look("handoff-withdrawn")
