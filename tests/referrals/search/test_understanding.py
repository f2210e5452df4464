"""What somebody means who types into the one box."""

import pytest

from referrals.search import meaning, places
from referrals.search.understanding import Understood, understand


def told(text: str) -> Understood:
    return understand(text, meaning.shipped())


def first(text: str) -> str:
    needs = told(text).needs
    return needs[0].category if needs else ""


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("super nanny", "erziehungsberatung"),
        ("Kind haut andere Kinder", "erziehungsberatung"),
        ("familenberatung", "erziehungsberatung"),
        ("SCHREIBABY!!!", "schreiambulanz"),
        ("muetter-kind-kur", "muetter_kur"),
        ("Schuldnerberatungsstellen", "schuldnerberatung"),
        ("kreş", "tagespflege_kita"),
        ("kres yeri", "tagespflege_kita"),
        ("чоловік б’є мене", "gewaltberatung"),
        ("żłobek", "tagespflege_kita"),
        ("روضة اطفال", "tagespflege_kita"),
        ("my baby won't stop crying", "schreiambulanz"),
    ],
)
def test_parents_words_lead_to_the_kind_of_help(text: str, category: str) -> None:
    assert first(text) == category


@pytest.mark.parametrize(
    ("one", "other"),
    [("Frühförderung", "fruehfoerderung"), ("Kindergeld", "KINDERGELD"), ("Größe", "groesse")],
)
def test_umlauts_and_case_make_no_difference(one: str, other: str) -> None:
    assert told(one).words == told(other).words
    assert [n.category for n in told(one).needs] == [n.category for n in told(other).needs]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("beratung essen", "Essen"),
        ("schuldnerberatung in essen", "Essen"),
        ("Kita Essen", "Essen"),
        ("Tafel Essen", "Essen"),
        ("kind isst nicht essen", None),
        ("essen auf rädern", None),
        ("essen", None),
        ("baby will nicht essen", None),
        ("essstörung tochter", None),
        ("kostenloses essen", None),
        ("hebamme frankfurt am main", "Frankfurt am Main"),
        ("hebamme frankfurt", "Frankfurt am Main"),
        ("hebamme frankfurt (oder)", "Frankfurt (Oder)"),
        ("hebamme halle", "Halle (Saale)"),
        ("hebamme bad homburg", "Bad Homburg vor der Höhe"),
        ("hebamme st. gallen", "Sankt Gallen"),
        ("hebamme koeln", "Köln"),
        ("hebamme Düseldorf", "Düsseldorf"),
        ("krabbelgruppe in der nähe von neukölln", "Neukölln"),
        ("schreibaby 50667 köln", "50667 Köln"),
        ("krabbelgruppe in singen", "Singen"),
        ("kind will singen lernen", None),
        ("приют для женщин берлин", "Berlin"),
        ("mein kind macht mich wahnsinnig", None),
    ],
)
def test_a_place_is_told_from_a_word(text: str, place: str | None) -> None:
    found = told(text).place
    assert (found.name if found else None) == place


def test_a_district_behind_a_hyphen_is_looked_for_in_its_city() -> None:
    for typed, name in (("Köln-Mülheim", "Köln"), ("Castrop-Rauxel", "Castrop-Rauxel")):
        found = places.named(typed)
        assert found is not None
        assert found.name == name


def test_the_place_is_no_word_of_the_need() -> None:
    assert told("schreibaby nähe 50667").words == ("schreibaby",)


def test_two_needs_in_one_sentence_are_both_understood() -> None:
    needs = [need.category for need in told("kind haut andere kinder und ich bin allein").needs]
    assert needs[0] == "erziehungsberatung"
    assert "familienzentrum" in needs[:3]


def test_hints_are_heard() -> None:
    hints = told("türkisch beratung anonym kostenlos").hints
    assert hints.languages == {"tr"}
    assert hints.anonymous
    assert hints.free
    assert told("kinderarzt jetzt offen").hints.open_now
    assert not told("offener treff").hints.open_now
    assert not told("anonyme alkoholiker").hints.anonymous
    assert told("krabbelgruppe rollstuhlgerecht").hints.barrier_free


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("mein 3 jähriger haut", 3),
        ("dreijähriger trotzt", 3),
        ("12jähriger ist traurig", 12),
        ("sohn 14 kifft", 14),
        ("baby 3 monate schreit", 0.25),
        ("kindergeld", None),
        ("fünf in mathe", None),
        ("116117", None),
    ],
)
def test_a_childs_age_is_heard(text: str, age: float | None) -> None:
    assert told(text).hints.age == age


@pytest.mark.parametrize("text", ["", "   ", "???", "asdfgh qwertz", "\x00\u200b", "xyzzy"])
def test_what_means_nothing_asks_for_nothing(text: str) -> None:
    assert told(text).needs == ()


def test_an_endless_text_is_understood_by_its_beginning() -> None:
    assert first("schreibaby " * 5_000) == "schreiambulanz"


def test_the_distance_between_two_towns_is_right() -> None:
    cologne, berlin = places.named("Köln"), places.named("10115")
    assert cologne is not None
    assert berlin is not None
    km = places.distance((cologne.latitude, cologne.longitude), (berlin.latitude, berlin.longitude))
    assert km == pytest.approx(477, abs=10)
    assert berlin.land == "BE"
    assert places.named("Nirgendwohausen an der Knatter") is None
