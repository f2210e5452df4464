"""The phrases that lead to kinds of help."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from referrals.search import lexicon
from referrals.search.words import words

LANGUAGES = {"de", "en", "tr", "uk", "ru", "pl", "ar"}
CATEGORIES = {term["code"] for term in json.loads(lexicon.TAXONOMY.read_text("utf-8"))["terms"]}


def written() -> list[lexicon.Entry]:
    return [e for path in sorted(lexicon.FOLDER.glob("*.txt")) for e in lexicon.read(path)]


def test_there_are_more_phrases_than_the_issue_asks_for() -> None:
    assert len({(e.category, tuple(words(e.phrase))) for e in written()}) >= 1_500


def test_every_kind_of_help_has_phrases_in_every_language() -> None:
    counts = Counter((e.category, e.language) for e in written())
    thin = [(c, lang) for c in CATEGORIES for lang in LANGUAGES if counts[c, lang] < 7]
    assert thin == []
    assert {e.category for e in written()} == CATEGORIES


def test_no_phrase_leads_to_two_kinds_of_help() -> None:
    kinds = defaultdict(set)
    for entry in written():
        kinds[tuple(words(entry.phrase))].add(entry.category)
    assert {phrase: found for phrase, found in kinds.items() if len(found) > 1} == {}


def test_a_phrase_before_the_first_category_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "de.txt"
    path.write_text("# nur ein Versehen\nschreibaby\n")
    with pytest.raises(lexicon.BadLexicon, match=r"de\.txt, line 2.*schreibaby"):
        list(lexicon.read(path))
