"""Topics and text modules: the list, the form, and dropping them."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from audit.models import TrailEntry
from counselling.models import TextModule, Topic
from tests.counselling.house import House, open_house
from tests.factories import ask
from tests.factories.sessions import signed_in


@pytest.fixture
def house(db: None) -> House:
    """Nordhafen and Südstadt with their people."""
    return open_house()


def topic(house: House, **changes: str) -> dict[str, str]:
    """Return a new topic for the team Krise, as the form sends it."""
    team = house.nordhafen.teams.get(name="Krise")
    return {"name": "Schule", "team": str(team.pk), "position": "1", **changes}


def module(**changes: str) -> dict[str, str]:
    """Return a new text module, as the form sends it."""
    return {"title": "Dank", "body": "**Danke** fürs Schreiben.", "position": "0", **changes}


def sees(member: Membership, page: str) -> str:
    """Return a page as a member sees it."""
    return str(signed_in(member).get(reverse(page)).content.decode())


def test_ada_adds_a_topic_and_clients_may_choose_it(house: House) -> None:
    client = signed_in(house.ada)
    assert 'name="position" value="2"' in client.get(reverse("topic-new")).content.decode()

    page = client.post(reverse("topic-new"), topic(house), follow=True).content.decode()

    assert "Das Thema „Schule“ ist gespeichert." in page
    form = Client().get(reverse("ask", args=["nordhafen"])).content.decode()
    assert "Schule" in form
    assert TrailEntry.objects.filter(action="topic.saved").count() == 1


def test_ada_changes_a_topic(house: House) -> None:
    row = Topic.objects.get(organisation=house.nordhafen, name="Schlaf")
    client = signed_in(house.ada)
    assert "Schlaf" in client.get(reverse("topic", args=[row.pk])).content.decode()

    client.post(reverse("topic", args=[row.pk]), topic(house, name="Schlaf"))

    row.refresh_from_db()
    assert (row.name, row.team.name, row.position) == ("Schlaf", "Krise", 1)


def test_a_dropped_topic_leaves_its_cases(house: House) -> None:
    asked = ask(house.nordhafen, topic="Schlaf")
    row = Topic.objects.get(organisation=house.nordhafen, name="Schlaf")
    client = signed_in(house.ada)
    address = reverse("topic-drop", args=[row.pk])
    assert "Soll „Schlaf“ gelöscht werden?" in client.get(address).content.decode()

    page = client.post(address, follow=True).content.decode()

    assert "Das Thema „Schlaf“ ist gelöscht." in page
    case = asked.now()
    assert case.topic is None
    assert case.team.name == "Erziehung"
    assert client.post(address).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Bitte geben Sie dem Thema einen Namen."),
        ({"name": "Schlaf"}, "Ein Thema mit diesem Namen gibt es schon."),
        ({"name": "x" * 81}, "Der Text ist zu lang: 81 Zeichen."),
        ({"name": "Schule\x00"}, "unsichtbare Zeichen"),
        ({"team": ""}, "Bitte wählen Sie ein Team."),
        ({"team": "x"}, "Dieses Team gibt es nicht."),
        ({"team": "\x00"}, "Dieses Team gibt es nicht."),
        ({"team": "00000000-0000-0000-0000-000000000000"}, "Dieses Team gibt es nicht."),
        ({"position": ""}, "Bitte geben Sie eine Zahl von 0 bis 999 ein."),
        ({"position": "-1"}, "Bitte geben Sie eine Zahl von 0 bis 999 ein."),
        ({"position": "1000"}, "Bitte geben Sie eine Zahl von 0 bis 999 ein."),
    ],
)
def test_a_topic_with_something_amiss_is_not_saved(
    house: House, changes: dict[str, str], sentence: str
) -> None:
    before = Topic.objects.count()

    response = signed_in(house.ada).post(reverse("topic-new"), topic(house, **changes))

    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert Topic.objects.count() == before


def test_a_team_of_another_organisation_answers_nothing_here(house: House) -> None:
    foreign = house.suedstadt.teams.all()[0]

    response = signed_in(house.ada).post(reverse("topic-new"), topic(house, team=str(foreign.pk)))

    assert "Dieses Team gibt es nicht." in response.content.decode()


def test_lea_writes_a_text_module_with_a_preview(house: House) -> None:
    client = signed_in(house.lea)
    body = "**Hallo**, hier ist {{beratung}} von {{organisation}}. {{offen}} <script>x()</script>"

    response = client.post(reverse("text-module-new"), module(body=body, preview="1"))

    html = response.content.decode()
    assert "<strong>Hallo</strong>, hier ist Lea Sommer von Elternlotse Nordhafen." in html
    assert "{{offen}}" in html
    assert "<script>x()" not in html
    assert body in unescape(html)
    assert not TextModule.objects.filter(title="Dank").exists()

    page = client.post(reverse("text-module-new"), module(body=body), follow=True).content.decode()
    assert "Der Textbaustein „Dank“ ist gespeichert." in page
    assert TextModule.objects.get(title="Dank").body == body


def test_lea_finds_the_text_modules_in_the_menu_but_not_the_topics(house: House) -> None:
    page = sees(house.lea, "supervision")  # where the entry "Organisation" leads
    assert reverse("text-modules") in page

    tabs = sees(house.lea, "text-modules")
    assert re.search(r'aria-current="page"[^>]*>\s*Textbausteine', tabs)
    assert reverse("topics") not in tabs
    assert reverse("settings") + '"' not in tabs


def test_a_text_module_is_changed_and_dropped(house: House) -> None:
    row = TextModule.objects.get(organisation=house.nordhafen, title="Vorstellung")
    client = signed_in(house.lea)

    client.post(reverse("text-module", args=[row.pk]), module(title="Neu", body="Zeile\r\nzwei"))
    row.refresh_from_db()
    assert (row.title, row.body) == ("Neu", "Zeile\nzwei")

    address = reverse("text-module-drop", args=[row.pk])
    assert "Soll „Neu“ gelöscht werden?" in client.get(address).content.decode()
    client.post(address)
    assert not TextModule.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "Bitte geben Sie dem Textbaustein einen Titel."),
        ({"title": "x" * 200_000}, "Der Text ist zu lang"),
        ({"body": " \n "}, "Bitte schreiben Sie den Text des Bausteins."),
        ({"body": "x" * 4001}, "Der Text ist zu lang: 4.001 Zeichen."),
        ({"body": "a\x00b"}, "unsichtbare Zeichen"),
        ({"body": "a\u202eb"}, "Schreibrichtung"),
        ({"position": "oben"}, "Bitte geben Sie eine Zahl von 0 bis 999 ein."),
    ],
)
def test_a_text_module_with_something_amiss_is_not_saved(
    house: House, changes: dict[str, str], sentence: str
) -> None:
    before = TextModule.objects.count()

    for preview in ({}, {"preview": "1"}):
        response = signed_in(house.ada).post(
            reverse("text-module-new"), module(**changes) | preview
        )
        assert response.status_code == 200
        assert sentence in response.content.decode()
    assert TextModule.objects.count() == before


def test_what_is_not_theirs_does_not_exist_for_anybody(house: House) -> None:
    foreign_topic = Topic.objects.filter(organisation=house.suedstadt)[0]
    foreign_module = TextModule.objects.filter(organisation=house.suedstadt)[0]
    admin = signed_in(house.ada)
    for name, row in (
        ("topic", foreign_topic),
        ("topic-drop", foreign_topic),
        ("text-module", foreign_module),
        ("text-module-drop", foreign_module),
    ):
        address = reverse(name, args=[row.pk])
        assert admin.get(address).status_code == 404
        assert admin.post(address, {}).status_code == 404

    katrin = signed_in(house.katrin)
    for name in ("topics", "topic-new", "text-modules", "text-module-new"):
        assert katrin.get(reverse(name)).status_code == 404
        assert Client().get(reverse(name)).headers["Location"].startswith(reverse("login"))
    assert signed_in(house.lea).get(reverse("topics")).status_code == 404
    assert Topic.objects.filter(pk=foreign_topic.pk).exists()
    assert TextModule.objects.filter(pk=foreign_module.pk).exists()
