"""Coming in with a passkey, and on a device that is not known yet."""

import re

from playwright.sync_api import Page, expect

from config.demo.seed import PASSWORD, totp_key
from tests.journeys.actors import Colleague
from tests.journeys.conftest import OpenVisitor
from tests.servers.lotse import Lotse

LINDENTAL_ADMIN = "florian.maier@lindental.example.org"
# One for each device: a person has a first device once.
LINDENTAL = {
    "phone": "veronika.huber@lindental.example.org",
    "desktop": "thomas.reindl@lindental.example.org",
}


def by_name(lotse: Lotse) -> str:
    """Return the server's address by name: browsers know no passkeys for a number."""
    return lotse.url.replace("127.0.0.1", "localhost")


def plug_in_authenticator(page: Page) -> None:
    """Give the browser an authenticator in software, whose owner says yes to everything."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_jonna_adds_a_passkey_and_comes_in_with_it(
    visit: OpenVisitor, live_lotse: Lotse, device: str
) -> None:
    jonna = Colleague(visit(device, base_url=by_name(live_lotse)).page(), "de", "")
    page = jonna.page
    plug_in_authenticator(page)
    jonna.sign_in()

    page.goto("/team/organisation/")
    jonna.link("Ansehen und ändern").click()
    jonna.look("security")
    page.locator("a[href$='/sicherheit/passkeys/']").click()
    jonna.look("passkeys-none")
    page.locator("#id_name").fill(f"Laptop ({device})")
    page.locator("#id_password").fill(PASSWORD)
    jonna.button("Passkey einrichten").click()
    expect(page.locator(".rows__title").filter(has_text=f"({device})")).to_be_visible()
    jonna.look("passkeys")

    jonna.button("Abmelden").click()
    page.locator("#id_email").fill(jonna.email)
    page.locator("#id_password").fill(PASSWORD)
    jonna.button("Weiter").click()
    expect(jonna.button("Mit Passkey anmelden")).to_be_visible()
    jonna.look("login-passkey")
    jonna.button("Mit Passkey anmelden").click()
    expect(page.locator(".staff-nav")).to_be_visible()

    page.goto("/team/sicherheit/passkeys/")
    row = page.locator(".rows__item").filter(has_text=f"({device})")
    row.locator("summary").click()
    row.locator("input[name=name]").fill(f"Umbenannt ({device})")
    row.get_by_role("button", name=jonna.say("Name speichern")).click()
    row = page.locator(".rows__item").filter(has_text=f"Umbenannt ({device})")
    row.get_by_role("button", name=re.compile(jonna.say("Entfernen"))).click()
    expect(page).to_have_url(re.compile("/anmelden/"))  # it was what they had come in with


def test_a_new_device_waits_until_the_known_one_lets_it_in(
    visit: OpenVisitor, live_lotse: Lotse, device: str
) -> None:
    admin = Colleague(visit(device).page(), "de", None, LINDENTAL_ADMIN)
    switch_device_keys(admin, on=True)
    try:
        email = LINDENTAL[device]
        known = Colleague(visit("desktop").page(), "de", None, email)
        known.sign_in()

        fresh = Colleague(visit(device).page(), "de", "", email)
        page = fresh.page
        page.goto("/team/anmelden/")
        page.locator("#id_email").fill(email)
        page.locator("#id_password").fill(PASSWORD)
        fresh.button("Weiter").click()
        page.locator("#id_code").fill(fresh.authenticator.code(totp_key(email)))
        fresh.button("Anmelden").click()
        expect(page.locator(".compare")).to_be_visible()
        fresh.look("new-device")
        shown = page.locator(".compare").inner_text()

        known.page.goto("/team/")
        known.page.locator(".waiting-device a").click()
        expect(known.page.locator(".compare")).to_have_text(shown)
        known.evidence = ""
        known.look("devices-waiting")
        known.button("Ja, dieselbe Zahl: freigeben").click()
        # By itself, without anybody touching it.
        expect(page.locator(".staff-nav")).to_be_visible(timeout=20_000)
        page.goto("/team/")
        page.locator(".queue-row__title a").first.click()
        expect(page.locator("#thread .message").first).to_be_visible()
        page.goto("/team/sicherheit/geraete/")
        fresh.look("devices")
        page.goto("/team/sicherheit/karte/")
        page.locator("#id_password").fill(PASSWORD)
        fresh.button("Karte erstellen").click()
        expect(page.locator("#access-code")).to_be_visible()
        fresh.look("recovery-card-made")
    finally:
        switch_device_keys(admin, on=False)

    # Nobody needs a known device any more: after the next sign-in the password alone opens again.
    known.button("Abmelden").click()
    known.sign_in()
    anywhere = Colleague(visit(device).page(), "de", None, email)
    anywhere.enter()


def switch_device_keys(admin: Colleague, *, on: bool) -> None:
    """Let the administration switch device keys on or off."""
    admin.enter()
    admin.page.goto("/team/einstellungen/")
    admin.page.locator("#id_device_keys").set_checked(on)
    admin.button("Einstellungen speichern").click()
    expect(admin.page.locator("#messages .notice--success")).to_be_visible()
