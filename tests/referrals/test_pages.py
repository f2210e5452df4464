"""The directory's pages: searching in one's own words, an entry, its leaflet, the search elsewhere."""

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pikepdf
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership, Organisation, Role
from referrals.models import SearchCount, Service
from referrals.queries import entry_page as pages
from referrals.views import entry_page as views
from tests import factories
from tests.counselling.pages import words
from tests.factories import directory
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db(transaction=True)

MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # half past ten in Berlin
SEARCH = "/nordhafen/hilfe/"
SHELTER_CANARY = re.compile(r"Verborgene\W+Zeile|98765|Verstecktal|51[.,]98|11[.,]12345|555\W?0199")


@pytest.fixture
def nordhafen() -> Organisation:
    return factories.organisation("nordhafen")


@pytest.fixture
def katrin(nordhafen: Organisation) -> Membership:
    return factories.enrol(nordhafen, "Katrin Petersen")


@pytest.fixture
def hafen(nordhafen: Organisation) -> Service:
    """The Elternberatung Hafenstraße in Hamburg, open on weekday mornings."""
    return directory.read_in(directory.document(1))[0]


def found(page: Any) -> list[str]:
    """Return the names of what a page lists."""
    names = re.findall(r'result__name">\s*<a[^>]*>([^<]*)</a>', page.content.decode())
    return [name.strip() for name in names]


# --- Searching -------------------------------------------------------------------------------------
def test_sabine_finds_help_in_her_own_words_and_reads_why(client: Client, hafen: Service) -> None:
    with time_machine.travel(MONDAY, tick=False):
        page = client.get(SEARCH, {"q": "mein Kind hört nicht", "ort": "Hamburg"})
    assert found(page) == ["Elternberatung Hafenstraße 1"]
    text = words(page)
    assert "1 Angebot gefunden bei Hamburg" in text
    assert "gefunden über:" in text
    assert "Jetzt offen bis 12 Uhr" in text
    assert re.search(r"Hafenstraße 1, 20459 Hamburg, [0-9,]+ km|Hamburg, unter 1 km", text)
    assert not page.cookies


def test_before_anything_is_asked_there_are_kinds_of_help_to_choose_from(
    client: Client, hafen: Service
) -> None:
    page = client.get(SEARCH)
    assert "Oder wählen Sie aus" in words(page)
    assert found(client.get(SEARCH + "?thema=erziehungsberatung")) == [hafen.name]


def test_filters_hide_what_does_not_fit_and_facets_count_what_is_left(
    client: Client, hafen: Service
) -> None:
    query = {"q": "erziehungsberatung"}
    assert found(client.get(SEARCH, query | {"kostenlos": "1", "sprache": "tr"})) == [hafen.name]
    assert found(client.get(SEARCH, query | {"alter": "9"})) == []
    assert found(client.get(SEARCH, query | {"sprache": "ar"})) == []
    with time_machine.travel(datetime(2026, 11, 23, 20, tzinfo=UTC), tick=False):
        assert found(client.get(SEARCH, query | {"offen": "1"})) == []
    assert "Kostenlos (1)" in words(client.get(SEARCH, query))


def test_what_is_far_away_is_not_called_near(client: Client, hafen: Service) -> None:
    near = words(client.get(SEARCH, {"q": "familienberatung", "ort": "Hamburg"}))
    assert "gefunden bei Hamburg" in near
    far = words(client.get(SEARCH, {"q": "familienberatung", "ort": "München"}))
    assert "bei München" not in far
    assert "In der Nähe von München kennen wir dafür noch nichts." in far
    assert hafen.name in far


@pytest.mark.parametrize(
    ("typed", "opened"), [({"ort": "Xyzstadt"}, False), ({"alter": "x"}, True)]
)
def test_only_a_mistake_among_the_filters_unfolds_them(
    client: Client, hafen: Service, typed: dict[str, str], opened: bool
) -> None:
    page = client.get(SEARCH, {"q": "familienberatung", **typed}).content.decode()
    assert ('<details class="fold" open>' in page) is opened
    assert "error" in page


def test_nothing_found_is_no_dead_end(client: Client, nordhafen: Organisation) -> None:
    page = client.get(SEARCH, {"q": "familienberatung", "kostenlos": "1"})
    assert "Dazu haben wir noch nichts im Verzeichnis." in words(page)
    assert "Ohne die Einschränkungen suchen" in words(page)
    assert reverse("ask", args=["nordhafen"]) in page.content.decode()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"q": "beratung", "ort": "Xyzzyqwrt"}, "Diesen Ort kennen wir nicht."),
        ({"q": "beratung", "alter": "zwölf"}, "Bitte geben Sie eine Zahl von 0 bis 27 ein."),
        ({"q": "beratung", "sprache": "<b>"}, "Bitte wählen Sie eine Sprache aus."),
        ({"q": "beratung", "umkreis": "-5"}, "Bitte wählen Sie einen Umkreis aus."),
        ({"q": "x" * 5000}, "Der Text ist zu lang"),
    ],
)
def test_what_cannot_be_taken_is_said_and_the_page_stays(
    client: Client, hafen: Service, query: dict[str, str], sentence: str
) -> None:
    page = client.get(SEARCH, query)
    assert page.status_code == 200
    assert sentence in words(page)


@pytest.mark.parametrize("seite", ["0", "-1", "999999999999", "²", "zwei", "1;DROP"])
def test_an_odd_page_number_is_some_page(client: Client, hafen: Service, seite: str) -> None:
    assert client.get(SEARCH, {"q": "elternberatung", "seite": seite}).status_code == 200


@pytest.mark.parametrize(
    "typed", ["\x00", "<script>alert(1)</script>", "'); --", "\u202e" * 50, "%"]
)
def test_hostile_words_are_text(client: Client, hafen: Service, typed: str) -> None:
    page = client.get(SEARCH, {"q": typed, "ort": typed})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_pages_of_results_follow_each_other(client: Client, nordhafen: Organisation) -> None:
    directory.read_in(*(directory.document(n) for n in range(1, 24)))
    first = client.get(SEARCH, {"q": "erziehungsberatung"})
    following = client.get(SEARCH, {"q": "erziehungsberatung", "seite": "2"})
    assert (len(found(first)), len(found(following))) == (20, 3)
    assert not set(found(first)) & set(found(following))
    assert "seite=2" in first.content.decode()


def test_the_list_costs_the_same_with_one_result_and_with_twenty(
    client: Client, hafen: Service
) -> None:
    def cost() -> int:
        client.get(SEARCH, {"q": "erziehungsberatung"})
        with CaptureQueriesContext(connection) as captured:
            client.get(SEARCH, {"q": "erziehungsberatung"})
        return len(captured)

    one = cost()
    directory.read_in(*(directory.document(n) for n in range(2, 21)))
    assert cost() == one


# --- An entry ---------------------------------------------------------------------------------------
def test_an_entry_says_how_to_get_there_and_what_it_is(client: Client, hafen: Service) -> None:
    with time_machine.travel(MONDAY, tick=False):
        page = client.get(reverse("entry", args=["nordhafen", hafen.pk]))
    text, source = words(page), page.content.decode()
    assert "Jetzt offen bis 12 Uhr" in text
    assert 'href="tel:0405550101"' in source
    assert "Mo–Fr 9–12 Uhr" in text
    assert "Hafenstraße 1" in text
    assert "20459 Hamburg" in text
    assert "Türkisch" in text
    assert "bis 3 Jahre" in text
    assert "Warteliste: Wartezeit etwa 3 Wochen" in text
    assert not page.cookies


def test_the_leaflet_is_one_sheet_with_a_neutral_name(client: Client, hafen: Service) -> None:
    answer = client.get(reverse("entry-leaflet", args=["nordhafen", hafen.pk]))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="hilfe.pdf"'
    with pikepdf.open(BytesIO(answer.content)) as sheet:
        assert len(sheet.pages) == 1
        assert str(sheet.Root.Lang) == "de"
        assert sheet.docinfo["/Title"] == hafen.name


def test_what_is_not_shown_has_no_page(client: Client, hafen: Service) -> None:
    Service.objects.filter(pk=hafen.pk).update(status="defunct")
    assert client.get(reverse("entry", args=["nordhafen", hafen.pk])).status_code == 404
    assert client.get(reverse("entry-leaflet", args=["nordhafen", hafen.pk])).status_code == 404


def test_an_old_entry_says_so(client: Client, hafen: Service) -> None:
    Service.objects.filter(pk=hafen.pk).update(fresh_until="2026-01-01")
    page = client.get(reverse("entry", args=["nordhafen", hafen.pk]))
    assert "Dieser Eintrag wurde länger nicht geprüft." in words(page)


# --- A secret address ---------------------------------------------------------------------------------
def test_a_shelter_is_found_and_its_address_is_nowhere(
    client: Client, katrin: Membership, nordhafen: Organisation
) -> None:
    shelter = directory.read_in(directory.shelter(), owner=nordhafen)[0]
    colleague = signed_in(katrin)
    for browser, address in (
        (client, SEARCH + "?q=frauenhaus&ort=Hamburg"),
        (client, SEARCH + "eingebettet/?q=frauenhaus"),
        (client, reverse("entry", args=["nordhafen", shelter.pk])),
        (colleague, reverse("staff-directory") + "?q=frauenhaus"),
        (colleague, reverse("staff-entry", args=[shelter.pk])),
    ):
        source = browser.get(address).content.decode()
        assert "Frauenhaus Nordlicht" in source, address
        assert not SHELTER_CANARY.search(source), address
        assert " km</strong>" not in source
    assert "Die Adresse ist geheim." in words(
        client.get(reverse("entry", args=["nordhafen", shelter.pk]))
    )


def test_a_shelters_leaflet_does_not_tell_either(nordhafen: Organisation) -> None:
    shelter = directory.read_in(directory.shelter(), owner=nordhafen)[0]
    page = pages.entry_page(shelter.pk, on=MONDAY.date())
    assert page is not None
    sheet = views.sheet(page, "https://example.org/", "", MONDAY)
    assert not SHELTER_CANARY.search(str(sheet))
    assert "Die Adresse ist geheim. Bitte rufen Sie an." in str(sheet)


# --- For staff, and on other people's pages -------------------------------------------------------------
def test_staff_see_who_takes_referrals_and_parents_do_not_need_to(
    client: Client, katrin: Membership, hafen: Service
) -> None:
    query = {"q": "erziehungsberatung"}
    assert "nimmt Überweisungen an" in words(signed_in(katrin).get("/team/hilfe/", query))
    assert "Überweisungen" not in words(client.get(SEARCH, query))


def test_every_role_may_search(nordhafen: Organisation, hafen: Service) -> None:
    for role in Role:
        browser = signed_in(factories.enrol(nordhafen, f"Alex {role}", role=role))
        assert found(browser.get("/team/hilfe/", {"q": "erziehungsberatung"})) == [hafen.name]


def test_the_widget_may_stand_in_any_page_and_the_search_in_none(
    client: Client, hafen: Service
) -> None:
    widget = client.get(SEARCH + "eingebettet/", {"q": "erziehungsberatung"})
    assert found(widget) == [hafen.name]
    assert "frame-ancestors *" in widget.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in widget.headers
    assert not widget.cookies
    assert 'target="_blank" rel="noopener"' in widget.content.decode()
    plain = client.get(SEARCH)
    assert "frame-ancestors 'none'" in plain.headers["Content-Security-Policy"]
    assert plain.headers["X-Frame-Options"] == "DENY"


def test_the_landing_page_leads_to_the_directory_once_there_is_one(
    client: Client, nordhafen: Organisation
) -> None:
    assert SEARCH not in client.get("/nordhafen/").content.decode()
    directory.read_in(directory.document(1))
    assert SEARCH in client.get("/nordhafen/").content.decode()


# --- What is learnt from searches -------------------------------------------------------------------------
def test_searches_and_clicks_are_counted_by_day_and_by_nobody(
    client: Client, hafen: Service
) -> None:
    page = client.get(SEARCH, {"q": "erziehungsberatung"})
    client.get(SEARCH, {"q": "erziehungsberatung", "seite": "2"})
    link = re.search(r'href="([^"]*ueber=[^"]*)"', page.content.decode())
    assert link is not None
    client.get(link[1].replace("&amp;", "&"))
    row = SearchCount.objects.get()
    assert (row.hits, row.count, row.clicks) == (1, 1, 1)
    assert {field.name for field in SearchCount._meta.get_fields()} == {
        "id",
        "day",
        "query",
        "district",
        "hits",
        "count",
        "clicks",
    }


@pytest.mark.parametrize("led_by", ["nie gesucht", "\x00", "x" * 9000, "%s"])
def test_an_invented_way_to_an_entry_counts_nothing(
    client: Client, hafen: Service, led_by: str
) -> None:
    address = reverse("entry", args=["nordhafen", hafen.pk])
    assert client.get(address, {"ueber": led_by}).status_code == 200
    assert not SearchCount.objects.exists()


@pytest.mark.parametrize(
    ("ags", "said"),
    [
        ("05315", "Geschlossen, öffnet Fr"),  # Köln: Fronleichnam is a holiday
        ("11000", "Jetzt offen bis 12 Uhr"),  # Berlin: it is none
    ],
)
def test_list_and_entry_agree_on_holidays_of_the_land(
    client: Client, nordhafen: Organisation, ags: str, said: str
) -> None:
    document = directory.document(1)
    document["service_at_locations"][0]["location"]["ags"] = ags
    service = directory.read_in(document)[0]
    fronleichnam = datetime(2026, 6, 4, 8, tzinfo=UTC)  # ten o'clock there
    with time_machine.travel(fronleichnam, tick=False):
        listed = words(client.get(SEARCH, {"q": "erziehungsberatung"}))
        shown = words(client.get(reverse("entry", args=["nordhafen", service.pk])))
    assert said in listed
    assert said in shown
