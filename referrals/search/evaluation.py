"""How good the search is, on queries whose right answers somebody has written down."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class BadQueries(ValueError):
    """A file of queries cannot be read; the text says which line and why."""


@dataclass(frozen=True, slots=True)
class Query:
    """A search, and the kinds of help that answer it (any of them is right)."""

    id: str
    query: str
    expect: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A query and the kinds of help found, in the results' order, each once."""

    query: Query
    found: tuple[str, ...]

    def is_hit(self, among: int) -> bool:
        """Say whether a right kind of help is among the first."""
        return any(code in self.query.expect for code in self.found[:among])


def read(path: Path) -> list[Query]:
    """Return the queries of a file with one JSON object a line. Raises BadQueries, OSError."""
    queries = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            expect = row["expect"]
            queries.append(
                Query(
                    str(row["id"]),
                    str(row["query"]),
                    (expect,) if isinstance(expect, str) else tuple(map(str, expect)),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BadQueries(
                f"{path.name}, line {number}: not like "
                '{"id": "1", "query": "schreibaby", "expect": ["schreiambulanz"]}'
            ) from error
    if not queries:
        raise BadQueries(f"{path.name}: no query in it")
    return queries


def run(queries: Sequence[Query], find: Callable[[str], Sequence[str]]) -> list[Item]:
    """Ask each query. find: returns the kinds of help of a search's results in order."""
    return [Item(query, tuple(find(query.query))) for query in queries]


def report(items: Sequence[Item]) -> dict[str, Any]:
    """Return the figures and each item, as `evaluate_search --json` writes them.

    hit@1, hit@3: shares of queries; zero_hits: how many queries found nothing.
    """
    total = len(items)
    return {
        "hit@1": round(sum(item.is_hit(1) for item in items) / total, 4),
        "hit@3": round(sum(item.is_hit(3) for item in items) / total, 4),
        "zero_hits": sum(not item.found for item in items),
        "items": [
            {"id": item.query.id, "query": item.query.query, "found": list(item.found)}
            for item in items
        ],
    }


def lines(items: Sequence[Item]) -> Iterator[str]:
    """Yield the report for people: figures, then each query whose first answer is wrong."""
    figures = report(items)
    total, zero = len(items), figures["zero_hits"]
    yield f"{total} queries: hit@1 {figures['hit@1']:.3f}, hit@3 {figures['hit@3']:.3f}, zero hits {zero} ({zero / total:.1%})"
    for item in items:
        if not item.is_hit(1):
            kind = "miss" if not item.is_hit(3) else "not first"
            wanted, found = ", ".join(item.query.expect), ", ".join(item.found[:3]) or "nothing"
            yield f"  {kind}: {item.query.id} „{item.query.query}“ expected {wanted}; found {found}"
