"""The pages behind the sign-in, one chapter for each part of the house."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from config.demo import partners
from tests.journeys.actors import Colleague, Parent
from tests.journeys.test_handoff import BY_LINK, consent, suggest
from tests.journeys.tour import Tour, enter


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
    page.locator("#reply-text").fill("Ein **Wort** und eine Liste:\n\n- eins\n- zwei")
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
