"""Lines for training from missed alarms: told anew by a human, never the client's own words. Pure."""

import json
import re
from collections.abc import Iterable

from counselling.sla import Urgency

SHARED = 5  # words in a row that also stand in the client's text are too many
_WORD = re.compile(r"\w+")


def repeats(text: str, originals: Iterable[str]) -> bool:
    """Say whether a text still has five words in a row from one of the originals, or is one of them."""
    told = _words(text)
    runs = _runs(told)
    for original in originals:
        words = _words(original)
        if words and (words == told or runs & _runs(words)):
            return True
    return False


def line(name: str, text: str, level: Urgency) -> str:
    """Return one line as `manage.py evaluate_triage` reads it (counselling/triage/data/README.md)."""
    record = {"id": name, "text": text, "level": level.name.lower()}
    return json.dumps(record, ensure_ascii=False) + "\n"


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _runs(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + SHARED]) for i in range(len(words) - SHARED + 1)}
