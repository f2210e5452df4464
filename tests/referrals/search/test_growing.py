"""What searches are counted, and how editors make phrases of them."""

from datetime import timedelta

import pytest

from accounts.models import Membership, Role
from audit.models import TrailEntry
from referrals.models import SearchCount, Synonym, TaxonomyTerm
from referrals.operations import search_counts, synonyms
from referrals.operations.synonyms import PhraseRefused
from referrals.queries.search_counts import suggestions
from referrals.search import meaning, privacy
from referrals.search.searching import search
from referrals.search.understanding import understand
from tests.factories import enrol, organisation
from tests.referrals.search.conftest import AT, Directory, entry

TODAY = AT.date()


def counted(text: str) -> str | None:
    return privacy.countable(understand(text, meaning.shipped()))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Schreibaby 50667 Köln", "schreibaby"),
        ("schreibaby köln", "schreibaby"),
        ("Kuschelkurs", "kuschelkurs"),
        ("anna@example.org", None),
        ("0171 2345678", None),
        ("kuschelkurs 01712345678", None),
        ("www.beispiel.de hilfe", None),
        ("Herr Müller schlägt seine Frau", None),
        ("ich heiße Ayşe und mein mann trinkt", None),
        ("Musterstr 12 schreibaby", "musterstr schreibaby"),
        (
            "meine tochter ist seit drei wochen nicht mehr zur schule gegangen weil sie gemobbt wird",
            None,
        ),
        ("", None),
    ],
)
def test_only_a_few_words_are_counted_and_nothing_that_looks_like_a_person(
    text: str, query: str | None
) -> None:
    assert counted(text) == query


def asked(text: str, *, times: int = 1, total: int = 0) -> str:
    query = ""
    for _ in range(times):
        query = search_counts.searched(
            understood=understand(text, meaning.shipped()), total=total, on=TODAY
        )
    return query


@pytest.fixture
def editor(db: None) -> Membership:
    return enrol(organisation(), "Nele Editor", role=Role.ADMIN)


def test_a_search_is_a_count_and_nothing_else(db: None) -> None:
    asked("Kuschelkurs Köln", times=2)
    row = SearchCount.objects.get()
    assert (row.day, row.query, row.hits, row.count, row.clicks) == (TODAY, "kuschelkurs", 0, 2, 0)
    fields = {field.name for field in SearchCount._meta.get_fields()}
    assert fields == {"id", "day", "query", "district", "hits", "count", "clicks"}


def test_an_opened_result_counts_and_an_invented_one_does_not(db: None) -> None:
    query = asked("suchtberatung", total=3)
    search_counts.opened(query=query, on=TODAY)
    search_counts.opened(query="erfunden", on=TODAY)
    assert SearchCount.objects.get().clicks == 1


def test_old_counts_go(db: None) -> None:
    asked("kuschelkurs")
    assert search_counts.forget_old(on=TODAY + timedelta(days=399)) == 0
    assert search_counts.forget_old(on=TODAY + timedelta(days=401)) == 1


def test_what_nobody_found_is_suggested_once_it_is_no_single_person(db: None) -> None:
    asked("kuschelkurs", times=2)
    assert suggestions(on=TODAY) == []
    asked("kuschelkurs")
    (one,) = suggestions(on=TODAY)
    assert (one.query, one.searches, one.without_hits) == ("kuschelkurs", 3, 3)


def test_what_is_found_but_never_opened_is_suggested_and_what_is_opened_is_not(db: None) -> None:
    asked("murmelgruppe", times=10, total=4)
    opened = asked("suchtberatung", times=10, total=4)
    for _ in range(5):
        search_counts.opened(query=opened, on=TODAY)
    assert [one.query for one in suggestions(on=TODAY)] == ["murmelgruppe"]


def test_an_editor_makes_a_phrase_of_it_and_parents_find(
    directory: Directory, editor: Membership
) -> None:
    directory(entry("Haus Regenbogen", "familienzentrum"), entry("Amt", "kinderschutz_jugendamt"))
    assert search("Xylomurmeln", at=AT).total == 0
    asked("Xylomurmeln", times=3)
    synonyms.lead(phrase="xylomurmeln", code="familienzentrum", by=editor, at=AT)
    found = search("Xylomurmeln", at=AT)
    assert [hit.service.name for hit in found.hits] == ["Haus Regenbogen"]
    assert found.hits[0].via == "xylomurmeln"
    assert suggestions(on=TODAY) == []
    assert TrailEntry.objects.filter(action="synonym.added").count() == 1
    assert "xylomurmeln" not in str(list(TrailEntry.objects.values()))


def test_a_phrase_taken_back_leads_nowhere(directory: Directory, editor: Membership) -> None:
    directory(entry("Haus Regenbogen", "familienzentrum"))
    term = TaxonomyTerm.objects.get(code="familienzentrum")
    synonym = synonyms.add(phrase="Xylomurmeln", term=term, by=editor, at=AT)
    synonyms.add(phrase="xylomurmeln ", term=term, by=editor, at=AT)
    assert Synonym.objects.count() == 1
    assert search("xylomurmeln", at=AT).total == 1
    synonyms.remove(synonym=synonym, by=editor, at=AT)
    assert search("xylomurmeln", at=AT).total == 0


def test_a_dismissed_search_is_suggested_no_more(editor: Membership) -> None:
    asked("kuschelkurs", times=3)
    synonyms.dismiss(query="kuschelkurs", by=editor, at=AT)
    assert suggestions(on=TODAY) == []


@pytest.mark.parametrize("phrase", ["", "  ", "!?", "wort " * 40])
def test_a_phrase_that_says_nothing_is_refused(editor: Membership, phrase: str) -> None:
    term = TaxonomyTerm.objects.get(code="familienzentrum")
    with pytest.raises(PhraseRefused):
        synonyms.add(phrase=phrase, term=term, by=editor, at=AT)
