"""The search as its pages use it; the same on SQLite and PostgreSQL."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from referrals.models import Service
from referrals.operations import documents
from referrals.search import index, searching
from referrals.search.ranking import Filters
from referrals.search.searching import Results, search
from tests.referrals.search.conftest import (
    AT,
    BERLIN,
    COLOGNE,
    CORPUS_CHRISTI,
    Directory,
    entry,
)

BONN = ("Bonn", "53111", 50.737, 7.098, "05314")


def names(found: Results) -> list[str]:
    return [hit.service.name for hit in found.hits]


def test_parents_words_find_an_entry_that_does_not_have_them(directory: Directory) -> None:
    directory(
        entry("Fachstelle Einklang", "schreiambulanz"), entry("Haus Klarheit", "suchtberatung")
    )
    found = search("mein Baby schreit nur noch", at=AT)
    assert names(found) == ["Fachstelle Einklang"]
    assert found.hits[0].via
    assert found.hits[0].category_name == "Schreiambulanz, Babysprechstunde"
    assert found.hits[0].categories == ("schreiambulanz",)


def test_the_kind_of_help_goes_before_nearness(directory: Directory) -> None:
    directory(
        entry("Fern und richtig", "schuldnerberatung", place=BERLIN),
        entry("Nah und anders", "familienkasse_finanzhilfe", place=COLOGNE),
    )
    assert names(search("schulden, kein geld, köln", at=AT))[0] == "Fern und richtig"


def test_within_a_kind_of_help_the_nearer_goes_first(directory: Directory) -> None:
    directory(
        entry("In Bonn", "schuldnerberatung", place=BONN),
        entry("In Köln", "schuldnerberatung", place=COLOGNE),
        entry("In Berlin", "schuldnerberatung", place=BERLIN),
    )
    found = search("schuldnerberatung 50667", at=AT)
    assert names(found) == ["In Köln"]
    assert found.hits[0].distance_km == pytest.approx(0.1, abs=1)
    assert found.radius_km == 25
    assert found.further_away == 2
    wider = search(
        "schuldnerberatung", at=AT, near=searching.place("Köln"), filters=Filters(radius_km=50)
    )
    assert names(wider) == ["In Köln", "In Bonn"]


@pytest.mark.parametrize("text", ["Köln", "", "in 50667 Köln"])
def test_who_only_says_where_is_shown_what_is_there(directory: Directory, text: str) -> None:
    directory(
        entry("In Bonn", "schuldnerberatung", place=BONN),
        entry("In Köln", "schreiambulanz", place=COLOGNE),
        entry("In Berlin", "schreiambulanz", place=BERLIN),
    )
    near = None if text else searching.place("Köln")
    assert names(search(text, at=AT, near=near)) == ["In Köln", "In Bonn"]
    assert names(search("?", at=AT)) == []


def test_a_shelter_is_not_the_first_that_a_postcode_alone_finds(directory: Directory) -> None:
    directory(
        entry("Haus Efeu", "frauenhaus", confidential_address=True, districts=["05315"]),
        entry("In Köln", "schreiambulanz", place=COLOGNE),
    )
    assert names(search("50667", at=AT))[0] == "In Köln"


def test_what_nobody_is_near_to_is_found_far_away(directory: Directory) -> None:
    directory(entry("In Berlin", "schuldnerberatung", place=BERLIN))
    assert names(search("schuldnerberatung köln", at=AT)) == ["In Berlin"]


def test_a_fresh_entry_goes_before_a_stale_one_and_a_hidden_one_is_gone(
    directory: Directory,
) -> None:
    directory(
        entry("Abgestanden", "suchtberatung", assured_until="2026-11-01"),
        entry("Frisch", "suchtberatung", assured_until="2027-11-01"),
        entry("Vergessen", "suchtberatung", assured_until="2026-11-01"),
    )
    Service.objects.filter(name="Vergessen").update(hide_from=AT.date())
    documents.rebuild_all()
    found = search("suchtberatung", at=AT)
    assert names(found) == ["Frisch", "Abgestanden"]
    assert [hit.is_stale for hit in found.hits] == [False, True]


def test_room_goes_before_no_room(directory: Directory) -> None:
    directory(
        entry("A voll", "suchtberatung", capacity_code="voll"),
        entry("B frei", "suchtberatung", capacity_code="frei"),
    )
    assert names(search("sucht", at=AT)) == ["B frei", "A voll"]


def test_a_language_in_the_search_goes_first_and_hides_nothing(directory: Directory) -> None:
    directory(
        entry("A deutsch", "suchtberatung", languages=["de"]),
        entry("B türkisch", "suchtberatung", languages=["de", "tr"]),
    )
    assert names(search("suchtberatung türkisch", at=AT)) == ["B türkisch", "A deutsch"]


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        (Filters(free=True), ["Ja"]),
        (Filters(anonymous=True), ["Ja"]),
        (Filters(takes_referrals=True), ["Ja"]),
        (Filters(barrier_free=True), ["Ja"]),
        (Filters(languages=frozenset(["tr"])), ["Ja"]),
        (Filters(age=15), ["Ja"]),
        (Filters(open_now=True), ["Ja"]),
        (Filters(district="05315"), ["Ja"]),
        (Filters(categories=frozenset(["selbsthilfe"])), ["Ja"]),
        (Filters(), ["Ja", "Nein"]),
        (Filters(free=True, languages=frozenset(["ar"])), []),
    ],
)
def test_a_filter_hides_what_does_not_fit(
    directory: Directory, filters: Filters, left: list[str]
) -> None:
    yes: dict[str, Any] = {
        "free_of_charge": True, "anonymous_possible": True, "accepts_referrals": True,
        "languages": ["tr"], "minimum_age": 12, "maximum_age": 18, "place": COLOGNE,
        "opening_hours": "Mo-Fr 09:00-12:00", "also": ["selbsthilfe"],
    }  # fmt: skip
    no: dict[str, Any] = {"maximum_age": 6, "opening_hours": "Mo-Fr 15:00-17:00"}
    directory(entry("Ja", "suchtberatung", **yes), entry("Nein", "suchtberatung", **no))
    assert sorted(names(search("suchtberatung", at=AT, filters=filters))) == left


def test_facets_count_what_filters_would_leave(directory: Directory) -> None:
    directory(
        entry("Eins", "suchtberatung", languages=["tr", "de"], free_of_charge=True),
        entry("Zwei", "suchtberatung", languages=["de"], also=["selbsthilfe"]),
    )
    facets = search("suchtberatung", at=AT).facets
    assert facets["categories"] == {"suchtberatung": 2, "selbsthilfe": 1}
    assert facets["languages"] == {"tr": 1, "de": 2}
    assert facets["properties"]["free"] == 1
    assert facets["properties"]["open_now"] == 0


def test_open_now_follows_the_holidays_of_the_place(directory: Directory) -> None:
    hours = {"opening_hours": "Mo-Fr 09:00-17:00"}
    directory(
        entry("In Köln", "suchtberatung", place=COLOGNE, **hours),
        entry("In Berlin", "suchtberatung", place=BERLIN, **hours),
    )
    found = search("suchtberatung", at=CORPUS_CHRISTI, filters=Filters(open_now=True))
    assert names(found) == ["In Berlin"]
    next_day = CORPUS_CHRISTI + timedelta(days=1)
    assert search("suchtberatung", at=next_day, filters=Filters(open_now=True)).total == 2
    # Going back in time must not remember the next day.
    assert search("suchtberatung", at=CORPUS_CHRISTI, filters=Filters(open_now=True)).total == 1


def test_a_confidential_address_has_no_distance_anywhere(directory: Directory) -> None:
    secret = {"confidential_address": True, "districts": ["05315"]}
    directory(
        entry("Haus Efeu", "frauenhaus", place=COLOGNE, **secret),
        entry("Haus Zuversicht", "frauenhaus", place=BERLIN, **secret),
    )
    found = search("frauenhaus köln", at=AT)
    assert {hit.distance_km for hit in found.hits} == {None}
    columns = index.current().columns
    assert len(columns.points) == 0
    told = " ".join(
        document.title + document.body + str(document.facts) for document in all_documents()
    )
    for trace in ("50667", "10115", "50.9", "52.5", "Musterweg", "berlin", "musterweg"):
        assert trace not in told
    # Both serve Cologne's district, so neither address decides who is first.
    assert set(names(found)) == {"Haus Efeu", "Haus Zuversicht"}


def all_documents() -> Any:
    from referrals.models import SearchDocument  # noqa: PLC0415 - beside its one use

    return SearchDocument.objects.all()


def test_a_confidential_service_is_found_by_its_district(directory: Directory) -> None:
    directory(
        entry("Haus Nord", "frauenhaus", confidential_address=True, districts=["11000"]),
        entry("Haus West", "frauenhaus", confidential_address=True, districts=["05315"]),
        entry("Amt", "kinderschutz_jugendamt", place=COLOGNE),
    )
    assert names(search("frauenhaus köln", at=AT))[0] == "Haus West"


def test_a_name_finds_its_service_also_misspelt(directory: Directory, trigrams: bool) -> None:
    directory(
        entry("Fachstelle Einklang", "schreiambulanz", provider="Sozialwerk Ahornblick"),
        entry("Haus Klarheit", "suchtberatung"),
    )
    assert names(search("Sozialwerk Ahornblick", at=AT)) == ["Fachstelle Einklang"]
    if trigrams:
        assert names(search("Ahornblik", at=AT)) == ["Fachstelle Einklang"]


@pytest.fixture
def trigrams(on_postgresql: bool, db: None) -> bool:
    """Tell whether this database forgives typing errors in names."""
    from referrals.search.engines import PostgreSQL  # noqa: PLC0415 - beside its one use

    return not on_postgresql or PostgreSQL.has_trigrams()


@pytest.mark.parametrize(
    "text", ["", "   ", "xyzzy", "'; DROP xyzzy --", '" OR *', "a:b & !c | (", "%_\\"]
)
def test_what_means_nothing_finds_nothing_and_breaks_nothing(
    directory: Directory, text: str
) -> None:
    directory(entry("Haus Klarheit", "suchtberatung"))
    assert search(text, at=AT).hits == []


def test_pages_follow_each_other_without_gap(directory: Directory) -> None:
    directory(*[entry(f"Stelle {n:02}", "suchtberatung") for n in range(25)])
    first = search("suchtberatung", at=AT, limit=10)
    rest = search("suchtberatung", at=AT, limit=20, offset=10)
    assert first.total == 25
    assert sorted(names(first) + names(rest)) == [f"Stelle {n:02}" for n in range(25)]


def test_the_number_of_queries_does_not_grow_with_services(directory: Directory) -> None:
    directory(entry("Stelle", "suchtberatung", place=COLOGNE))
    search("suchtberatung köln", at=AT)
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert search("suchtberatung köln", at=AT).total == 1
    directory(*[entry(f"Stelle {n:02}", "suchtberatung", place=COLOGNE) for n in range(40)])
    search("suchtberatung köln", at=AT)
    with CaptureQueriesContext(connection) as many:
        assert search("suchtberatung köln", at=AT).total > 20
    assert len(one) == len(many) == 3


def test_of_several_kinds_of_help_the_one_asked_for_counts_first(directory: Directory) -> None:
    directory(entry("Stelle", "erziehungsberatung", also=["trennungsberatung"]))
    assert searching.categories("scheidung", at=AT)[0] == "trennungsberatung"
    assert searching.categories("wutanfälle", at=AT)[0] == "erziehungsberatung"
