"""Full text behind one interface: which documents have these words, and how well they match.

PostgreSQL: its own full text (config german), pg_trgm for names with typing errors. SQLite: FTS5 with
the beginnings of words, and its trigrams. Ranking is not theirs: they answer with at most `MOST`
documents and a mark between 0 and 1.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from django.db import connection

from referrals.models import SearchDocument
from referrals.search.words import stem

MOST = 300  # documents; more would be a word that tells nothing
ALIKE = 0.45  # word similarity from which on a misspelt name is believed (pg_trgm)
_SAFE = str.isalnum


class Mark(NamedTuple):
    """How well a document matches (0 to 1), and whether a name stands in its title."""

    value: float
    is_named: bool = False


class Engine(ABC):
    """What a database's full text can do."""

    @abstractmethod
    def matching(self, words: Sequence[str], names: Sequence[str]) -> dict[int, Mark]:
        """Return documents that have all the words, or one of the names in their title.

        Both are folded words; names are words that no phrase of the lexicon explains.
        """

    @abstractmethod
    def alike(self, name: str) -> dict[int, Mark]:
        """Return documents in whose title a word is spelt much like a name, with their mark."""


class PostgreSQL(Engine):
    """Full text of PostgreSQL."""

    def matching(self, words: Sequence[str], names: Sequence[str]) -> dict[int, Mark]:
        """Ask the index for documents, then rank only those."""
        every = " & ".join(filter(_SAFE, words))
        named = " | ".join(f"{name}:A" for name in names if _SAFE(name))
        query = " | ".join(filter(None, [f"({every})" if every else "", named]))
        if not query:
            return {}
        found = SearchDocument.objects.raw(
            """
            SELECT id, ts_rank(tokens, query, 1) AS mark, tokens @@ name AS is_named FROM (
                SELECT id, tokens, query, name
                FROM referrals_searchdocument,
                    to_tsquery('german', %s) AS query, to_tsquery('german', %s) AS name
                WHERE tokens @@ query LIMIT %s
            ) AS matched
            """,
            [query, named, MOST],
        )
        return _relative({row.pk: Mark(vars(row)["mark"], vars(row)["is_named"]) for row in found})

    def alike(self, name: str) -> dict[int, Mark]:
        """Ask pg_trgm, where it is there."""
        if not self.has_trigrams():
            return {}
        found = SearchDocument.objects.raw(
            """
            SELECT id, word_similarity(%s, title) AS mark FROM referrals_searchdocument
            WHERE title %%> %s ORDER BY mark DESC LIMIT 50
            """,
            [name, name],
        )
        return {row.pk: Mark(mark, True) for row in found if (mark := vars(row)["mark"]) >= ALIKE}

    @staticmethod
    @cache
    def has_trigrams() -> bool:
        """Say whether pg_trgm is installed: creating it takes a right that a role may lack."""
        found = SearchDocument.objects.raw(
            "SELECT 1 AS id FROM pg_extension WHERE extname = 'pg_trgm'"
        )
        return bool(list(found))


class SQLite(Engine):
    """FTS5 of SQLite."""

    def matching(self, words: Sequence[str], names: Sequence[str]) -> dict[int, Mark]:
        """Ask FTS5 for beginnings of words: stemming for the poor, and compounds with it."""
        every = " AND ".join(f'"{stem(word)}"*' for word in words if _SAFE(word))
        some = " OR ".join(f'title : "{name}"' for name in names if _SAFE(name))
        query = " OR ".join(filter(None, [f"({every})" if every else "", some]))
        if not query:
            return {}
        found = SearchDocument.objects.raw(
            """
            SELECT rowid AS id, title, -bm25(referrals_searchtext, 4.0, 1.0) AS mark
            FROM referrals_searchtext WHERE referrals_searchtext MATCH %s LIMIT %s
            """,
            [query, MOST],
        )
        wanted = set(names)
        return _relative(
            {
                row.pk: Mark(vars(row)["mark"], not wanted.isdisjoint(row.title.split()))
                for row in found
            }
        )

    def alike(self, name: str) -> dict[int, Mark]:
        """Ask FTS5 for titles with some of the name's trigrams; keep those with most of them."""
        grams = sorted({name[at : at + 3] for at in range(len(name) - 2)})
        if not grams or not _SAFE(name):
            return {}
        query = " OR ".join(f'"{gram}"' for gram in grams)
        found = SearchDocument.objects.raw(
            """
            SELECT rowid AS id, title, -bm25(referrals_searchtrigram) AS mark
            FROM referrals_searchtrigram WHERE referrals_searchtrigram MATCH %s
            ORDER BY mark DESC LIMIT 50
            """,
            [query],
        )
        marks = {row.pk: sum(gram in row.title for gram in grams) / len(grams) for row in found}
        return {pk: Mark(mark, True) for pk, mark in marks.items() if mark >= ALIKE}


def engine() -> Engine:
    """Return the engine of this installation's database."""
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


def _relative(marks: dict[int, Mark]) -> dict[int, Mark]:
    best = max((mark.value for mark in marks.values()), default=0.0)
    if best <= 0:
        return marks
    return {pk: Mark(mark.value / best, mark.is_named) for pk, mark in marks.items()}
