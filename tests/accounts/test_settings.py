"""The organisation's settings and its crisis lines."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import queries
from accounts.models import Organisation, Team
from audit.models import TrailEntry
from tests import factories
from tests.counselling.house import House
from tests.factories.sessions import signed_in

GOOD: dict[str, str] = {
    "name": "Elternlotse am Hafen",
    "address": "du",
    "welcome": "Moin!",
    "about": "Wir sind zu fünft.",
    "accent": "#7a2e1f",
    "neutral_title": "on",
    "imprint_url": "https://www.nordhafen.example/impressum",
    "privacy_url": "https://www.nordhafen.example/datenschutz",
    "exit_url": "https://www.wetter.de/",
    "land": "HH",
    "retention_days": "90",
    "quiet_days": "30",
    "triage_dringend": "30",
    "triage_sofort": "40",
}


def good(house: House) -> dict[str, str]:
    """Return the form as the page would send it: with the team that gets questions now."""
    return GOOD | {"intake_team": str(house.nordhafen.intake_team_id)}


def test_ada_changes_everything_and_clients_read_it(house: House) -> None:
    client = signed_in(house.ada)
    crisis = Team.objects.get(organisation=house.nordhafen, name="Krise")

    form = GOOD | {"intake_team": str(crisis.pk)}
    page = client.post(reverse("settings"), form, follow=True).content.decode()

    assert "Die Einstellungen sind gespeichert." in page
    nordhafen = Organisation.objects.get(pk=house.nordhafen.pk)
    assert (nordhafen.name, nordhafen.address, nordhafen.land) == (GOOD["name"], "du", "HH")
    assert (nordhafen.triage_dringend, nordhafen.triage_sofort) == (30, 40)
    assert nordhafen.neutral_title
    assert factories.ask(nordhafen).case.team == crisis
    landing = Client().get(reverse("landing", args=["nordhafen"])).content.decode()
    assert "Moin!" in landing
    assert TrailEntry.objects.get(action="organisation.changed").actor == house.ada.pk


def test_every_page_for_clients_leads_to_imprint_and_privacy_statement(house: House) -> None:
    door = reverse("ask", args=["nordhafen"])
    assert "Impressum" not in Client().get(door).content.decode()

    signed_in(house.ada).post(reverse("settings"), good(house))
    queries.forget_organisations()  # the test's transaction never ends

    for address in (door, reverse("landing", args=["nordhafen"])):
        page = Client().get(address).content.decode()
        for name in ("imprint_url", "privacy_url"):
            assert f'<a href="{GOOD[name]}" rel="noreferrer">' in page, address
    signed_in(house.ada).post(reverse("settings"), good(house) | {"imprint_url": ""})
    queries.forget_organisations()
    assert GOOD["imprint_url"] not in Client().get(door).content.decode()


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "Bitte geben Sie einen Namen ein."),
        ("name", "x" * 200_000, "Der Text ist zu lang: 200.000 Zeichen."),
        ("name", "a\x00b", "unsichtbare Zeichen"),
        ("name", "a\u202eb", "Schreibrichtung"),
        ("address", "ihr", "Bitte wählen Sie „du“ oder „Sie“."),
        ("address", "", "Bitte wählen Sie „du“ oder „Sie“."),
        ("welcome", "x" * 2001, "Der Text ist zu lang: 2.001 Zeichen."),
        ("about", "e" + "\u0301" * 10_000, "sehr viele Zeichen übereinander"),
        ("accent", "", "Bitte geben Sie die Farbe so an: #1f5f6b."),
        ("accent", "rot", "Bitte geben Sie die Farbe so an: #1f5f6b."),
        ("accent", "#12345678", "Bitte geben Sie die Farbe so an: #1f5f6b."),
        ("accent", "#ffcc00", "Kontrast von nur 1,"),
        ("exit_url", "", "Bitte geben Sie eine Adresse an, die mit https:// beginnt."),
        ("exit_url", "javascript:alert(1)", "die mit https:// beginnt."),
        ("exit_url", "http://www.wetter.de/", "die mit https:// beginnt."),
        ("exit_url", "https://" + "a" * 300 + ".de", "Diese Adresse ist zu lang."),
        ("exit_url", "https://a\x00.de", "die mit https:// beginnt."),
        ("imprint_url", "http://nordhafen.example", "die mit https:// beginnt."),
        ("privacy_url", "javascript:alert(1)", "die mit https:// beginnt."),
        ("land", "XX", "Bitte wählen Sie ein Bundesland aus."),
        ("triage_dringend", "51", "Bitte geben Sie eine Zahl von 10 bis 50 ein."),
        ("triage_sofort", "9", "Bitte geben Sie eine Zahl von 10 bis 50 ein."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    house: House, field: str, typed: str, sentence: str
) -> None:
    response = signed_in(house.ada).post(reverse("settings"), good(house) | {field: typed})

    assert response.status_code == 200
    html = unescape(response.content.decode())
    assert sentence in html
    assert f'id="id_{field}' in html
    for other, value in GOOD.items():
        if other != field and other not in {"address", "neutral_title", "land"}:
            assert value in html
    house.nordhafen.refresh_from_db()
    assert house.nordhafen.name == "Elternlotse Nordhafen"


def test_a_colour_is_shown_before_it_is_saved(house: House) -> None:
    response = signed_in(house.ada).post(
        reverse("settings"), good(house) | {"accent": "#7a2e1f", "preview": "1"}
    )

    html = response.content.decode()
    assert 'fill="#7a2e1f"' in html
    assert "Kontrast Link" in html
    assert "style=" not in html
    house.nordhafen.refresh_from_db()
    assert house.nordhafen.accent == "#1f5f6b"


def test_html_in_the_settings_is_text(house: House) -> None:
    evil = "<script>alert(1)</script>"
    signed_in(house.ada).post(
        reverse("settings"), good(house) | {"name": evil, "welcome": evil, "about": evil}
    )

    landing = Client().get(reverse("landing", args=["nordhafen"])).content.decode()
    assert "<script>alert" not in landing


def test_nobody_but_the_administration_sees_the_settings(house: House) -> None:
    for person in (house.katrin, house.jonas, house.lea):
        client = signed_in(person)
        for address in (reverse("settings"), reverse("crisis-lines")):
            assert client.get(address).status_code == 404
            assert client.post(address, GOOD).status_code == 404
    house.nordhafen.refresh_from_db()
    assert house.nordhafen.name == "Elternlotse Nordhafen"


# --- Crisis lines -----------------------------------------------------------------------------


def lines(*rows: dict[str, str], initial: int = 2) -> dict[str, str]:
    """Return crisis lines as the form sends them. initial: how many the page showed."""
    data = {"form-TOTAL_FORMS": str(len(rows)), "form-INITIAL_FORMS": str(initial)}
    for index, row in enumerate(rows):
        whole: dict[str, str] = {"name": "", "number": "", "hours": "", "note": "", "ORDER": ""}
        data |= {f"form-{index}-{name}": value for name, value in (whole | row).items()}
    return data


EMERGENCY = {"name": "Notruf", "number": "112", "hours": "immer", "ORDER": "1"}
SEELSORGE = {"name": "TelefonSeelsorge", "number": "0800 1110111", "ORDER": "2"}
EMPTY: dict[str, str] = {}


def names(house: House) -> list[str]:
    """Return the names of Nordhafen's crisis lines, in order."""
    return [line.name for line in house.nordhafen.crisis_lines.all()]


def test_ada_adds_reorders_and_removes_lines(house: House) -> None:
    client = signed_in(house.ada)
    added = {"name": "Kinderschutz-Hotline", "number": "0800 19 210 00", "ORDER": "0"}

    client.post(reverse("crisis-lines"), lines(EMERGENCY, SEELSORGE, added, EMPTY))
    assert names(house) == ["Kinderschutz-Hotline", "Notruf", "TelefonSeelsorge"]

    removed = SEELSORGE | {"DELETE": "on"}
    client.post(reverse("crisis-lines"), lines(EMERGENCY, removed, added, initial=3))
    assert names(house) == ["Kinderschutz-Hotline", "Notruf"]
    landing = Client().get(reverse("landing", args=["nordhafen"])).content.decode()
    assert "0800 19 210 00" in landing


def test_a_line_without_a_place_comes_last(house: House) -> None:
    added = {"name": "Elterntelefon", "number": "0800 1110550"}

    signed_in(house.ada).post(
        reverse("crisis-lines"), lines(EMERGENCY | {"ORDER": "7"}, SEELSORGE, added)
    )

    assert names(house) == ["TelefonSeelsorge", "Notruf", "Elterntelefon"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (lines(EMERGENCY | {"DELETE": "on"}, SEELSORGE), "Der Notruf 112 muss stehen bleiben."),
        (
            lines(EMERGENCY | {"DELETE": "on"}, SEELSORGE | {"DELETE": "on"}),
            "Mindestens eine Nummer muss stehen bleiben.",
        ),
        (lines(EMERGENCY, SEELSORGE | {"name": ""}), "Hier fehlt der Name."),
        (lines(EMERGENCY, SEELSORGE | {"number": ""}), "Hier fehlt die Telefonnummer."),
        (lines(EMERGENCY, SEELSORGE | {"number": "null"}), "Bitte geben Sie nur Ziffern ein."),
        (lines(EMERGENCY, SEELSORGE | {"number": "1" * 99}), "Der Text ist zu lang"),
        (lines(EMERGENCY, SEELSORGE | {"name": "S\x00"}), "unsichtbare Zeichen"),
        (lines(EMERGENCY, SEELSORGE | {"hours": "x" * 121}), "Der Text ist zu lang"),
        (lines(EMERGENCY, SEELSORGE | {"note": "x\u202e"}), "Schreibrichtung"),
        (lines(EMERGENCY, SEELSORGE | {"ORDER": "vorn"}), "Bitte geben Sie eine Zahl von 0 bis 99"),
        (lines(EMERGENCY, SEELSORGE | {"ORDER": "-1"}), "Bitte geben Sie eine Zahl von 0 bis 99"),
        (lines(*[EMERGENCY] * 13), "Möglich sind höchstens 12 Nummern."),
        ({}, "Das Formular kam nicht vollständig an."),
        ({"form-TOTAL_FORMS": "x", "form-INITIAL_FORMS": "-1"}, "kam nicht vollständig an."),
        (
            lines(EMERGENCY) | {"form-TOTAL_FORMS": "999999999"},
            "Möglich sind höchstens 12 Nummern.",
        ),
    ],
)
def test_lines_with_something_amiss_leave_the_old_ones(
    house: House, data: dict[str, Any], sentence: str
) -> None:
    response = signed_in(house.ada).post(reverse("crisis-lines"), data)

    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert names(house) == ["Notruf", "TelefonSeelsorge"]
