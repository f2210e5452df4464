"""A new colleague: invited by link, joins with an authenticator app, signs in, sees the queue."""

from base64 import b32decode

from playwright.sync_api import expect

from tests.journeys.actors import Authenticator, Colleague
from tests.journeys.conftest import OpenVisitor

NAME = "Frauke Ibsen"
PASSWORD = "vier Möwen auf einem Pfahl"


def test_an_invited_person_joins_and_sees_the_queue(visit: OpenVisitor, device: str) -> None:
    admin = Colleague(visit(device).page(), "de", "", "soeren.claasen@nordhafen.example.org")
    admin.enter()
    admin.page.goto("/team/personen/")
    admin.link("Person einladen").click()
    admin.page.locator("#id_name").fill(NAME)
    admin.page.locator("input[name=role][value=counsellor]").check()
    admin.page.get_by_label("Eltern und Erziehung").check()
    admin.button("Link erstellen").click()
    link = admin.page.locator("#invite-link").input_value()
    admin.look("invited")
    admin.link("Fertig, Link ist notiert").click()
    expect(admin.page.get_by_text(NAME).first).to_be_visible()

    app = Authenticator()
    frauke = Colleague(visit(device).page(), "de", "")
    page = frauke.page
    email = f"frauke.{device}@nordhafen.example.org"
    page.goto(link)
    frauke.look("invitation")
    key = b32decode("".join(page.locator(".authenticator__key").inner_text().split())).hex()
    expect(page.locator(".authenticator__qr")).to_be_visible()
    page.locator("#id_email").fill(email)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password_again").fill(PASSWORD)
    page.locator("#id_code").fill(app.code(key))
    frauke.button("Konto anlegen und beitreten").click()
    expect(page.locator(".staff-header, #id_email").first).to_be_visible()
    frauke.look("joined")

    # On another device she signs in like everybody.
    elsewhere = Colleague(visit(device).page(), "de", None)
    page = elsewhere.page
    page.goto("/team/anmelden/")
    page.locator("#id_email").fill(email)
    page.locator("#id_password").fill(PASSWORD)
    elsewhere.button("Weiter").click()
    page.locator("#id_code").fill(app.code(key))
    elsewhere.button("Anmelden").click()
    expect(page.locator("#queue-live .queue-row").first).to_be_visible()
    expect(page.locator(".whoami")).to_contain_text(NAME)

    # The link has done its work.
    late = Colleague(visit(device).page(), "de", "")
    late.page.goto(link)
    expect(late.page.locator("#id_password")).to_have_count(0)
    late.look("invitation-closed")
