"""The phrases that lead to a kind of help: files of this folder, to which editors add rows.

A file a language (`synonyms/de.txt`): `[category]` begins a category; below it phrases, separated by
commas or lines; `#` begins a comment. Phrases stand as parents type them; spelling, endings and
typing errors are the search's business.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "synonyms"
TAXONOMY = Path(__file__).parent.parent / "data" / "taxonomy.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase that leads to a category (the code of a taxonomy term)."""

    category: str
    phrase: str
    language: str = "de"


class BadLexicon(ValueError):
    """A file of phrases cannot be read; the text says where and why."""


def read(path: Path) -> Iterator[Entry]:
    """Yield the entries of a file. Raises BadLexicon for a phrase before the first category."""
    category = ""
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if line.startswith("[") and line.endswith("]"):
            category = line[1:-1].strip()
            continue
        for phrase in filter(None, (part.strip() for part in line.split(","))):
            if not category:
                raise BadLexicon(f"{path.name}, line {number}: no [category] before {phrase!r}")
            yield Entry(category, phrase, path.stem)


@cache
def shipped() -> tuple[Entry, ...]:
    """Return the entries of every file, and the names and descriptions of Lotse's own terms."""
    found = [entry for path in sorted(FOLDER.glob("*.txt")) for entry in read(path)]
    for term in json.loads(TAXONOMY.read_text(encoding="utf-8"))["terms"]:
        texts = (*term["name"].split(","), term["description"])
        found.extend(Entry(term["code"], text.strip()) for text in texts)
    return tuple(found)
