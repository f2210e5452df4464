"""What a person typed, made safe to store and show, with what had to be taken out.

Nothing is dropped silently: the form shows the cleaned text and says what was removed. Pure.
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST_TEXT = 20_000  # characters: about eight printed pages
# More marks upon one letter than any writing system needs (Vietnamese and Hebrew: three).
MOST_MARKS = 5
_OVERRIDES = frozenset("\u202d\u202e")  # force a direction, so that a text reads as another
_KEPT_CONTROLS = frozenset("\n\t")
# Letters without marks, controls or overrides: nearly every German text, passed at a glance.
_HARMLESS = re.compile(r"[\n\t -~\u00a0-\u02ff\u2010-\u2027\u20ac]*")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text and what was taken out: any of `control`, `override`, `damaged`, `marks`."""

    text: str
    removed: frozenset[str]


def clean(typed: str) -> Cleaned:
    """Normalise line ends, trim, and take out what no reader can see or what harms the reader.

    typed: any string, also with lone surrogates or NUL bytes.
    """
    text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n").replace("\r", "\n"))
    if _HARMLESS.fullmatch(text):
        return Cleaned(text.strip(), frozenset())
    removed: set[str] = set()
    kept: list[str] = []
    marks = 0  # upon the last letter that was kept
    for character in text:
        category = unicodedata.category(character)
        if category in {"Mn", "Me"}:
            marks += 1
        if category == "Cc" and character not in _KEPT_CONTROLS:
            removed.add("control")
        elif character in _OVERRIDES:
            removed.add("override")
        elif character == "\ufffd" or category == "Cs":
            removed.add("damaged")
        elif marks > MOST_MARKS:
            removed.add("marks")
        else:
            if category not in {"Mn", "Me"}:
                marks = 0
            kept.append(character)
    return Cleaned("".join(kept).strip(), frozenset(removed))


def is_empty(text: str) -> bool:
    """Say whether a text has no character that a reader could see."""
    return not any(unicodedata.category(c)[0] not in "ZC" for c in text)
