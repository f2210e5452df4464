"""The team's pages about people and the organisation, under /team/."""

from django.urls import URLPattern, path

from accounts.views import (
    desk,
    devices,
    invitation,
    new_device,
    passkeys,
    password,
    recovery,
    security,
    settings,
    signing_in,
    staff,
)

urlpatterns: list[URLPattern] = [
    path("anmelden/", signing_in.sign_in, name="login"),
    path("anmelden/code/", signing_in.code, name="login-code"),
    path("anmelden/passkey/", signing_in.passkey, name="login-passkey"),
    path("anmelden/geraet/", new_device.wait, name="login-device"),
    path("abmelden/", signing_in.sign_out, name="logout"),
    path("start/", desk.desk, name="desk"),
    path("organisation/", desk.choose, name="choose-organisation"),
    path("sicherheit/", security.security, name="security"),
    path("sicherheit/anmeldungen/", security.sessions, name="sessions"),
    path("sicherheit/app/", security.authenticator, name="authenticator"),
    path("sicherheit/passkeys/", passkeys.passkeys, name="passkeys"),
    path("sicherheit/passwort/", password.password, name="password"),
    path("sicherheit/geraete/", devices.devices, name="devices"),
    path("sicherheit/karte/", devices.card, name="recovery-card"),
    path("neubeginn/<str:token>/", recovery.recover, name="recover"),
    path("personen/<uuid:member>/neubeginn/", recovery.start, name="recovery"),
    path("personen/neubeginn/link/", recovery.confirmed, name="recovery-link"),
    path("einladung/<str:token>/", invitation.invitation, name="invitation"),
    path("personen/", staff.staff_list, name="staff-list"),
    path("personen/einladen/", staff.invite, name="invite"),
    path("personen/eingeladen/", staff.invited, name="invited"),
    path(
        "personen/einladung/<uuid:invitation>/zuruecknehmen/",
        staff.revoke,
        name="invitation-revoke",
    ),
    path("personen/<uuid:member>/beenden/", staff.end, name="staff-end"),
    path("einstellungen/", settings.organisation, name="settings"),
    path("einstellungen/notfall/", settings.crisis_lines, name="crisis-lines"),
]
