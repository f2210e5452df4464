"""What in a text could tell whose case it is: a help for who makes an extract. Pure.

It finds what has a shape: numbers, dates, addresses, names behind words that announce one. It finds
neither every name nor any story that only one family has; a human checks.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MONTHS = "januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember"
_NAME = r"[A-ZÄÖÜ][a-zäöüßé]+(?:-[A-ZÄÖÜ][a-zäöüßé]+)*"
# In the order in which they count where two overlap.
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("address", re.compile(r"\S+@\S+\.\w+|(?:https?://|www\.)\S+", re.IGNORECASE)),
    (
        "date",
        re.compile(
            rf"\b\d{{1,2}}\s?[./-]\s?(?:\d{{1,2}}\b(?:[./-]\s?(?:\d{{4}}|\d{{2}})\b)?|(?:{_MONTHS})\b)"
            rf"|\b(?:{_MONTHS})\s+\d{{4}}\b|\b(?:19|20)\d{{2}}\b",
            re.IGNORECASE,
        ),
    ),
    (
        "place",
        re.compile(
            r"\b[\wäöüß-]*(?:straße|strasse|str\.|gasse|platz|allee|ufer)\s+\d+\s?[a-z]?\b"
            r"|\b\d{5}\s+[A-ZÄÖÜ][\wäöüß-]+",
            re.IGNORECASE,
        ),
    ),
    ("number", re.compile(r"\+?\d(?:[\s/-]?\d){2,}")),
    (
        "name",
        re.compile(
            r"\b(?:Frau|Herr|Herrn|Familie|Fam\.|Dr\.|Tochter|Sohn|Bruder|Schwester|Mann|Freund|Freundin"
            r"|Kind|Baby|Oma|Opa|Tante|Onkel|[Hh]eißt|[Hh]eiße|[Nn]amens|Name\s+ist|bin\s+die|bin\s+der)"
            rf"\s+(?P<it>{_NAME}(?:\s+{_NAME})?)"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Trace:
    """Where something stands that could tell who it is. kind: `name`, `place`, `date` and the like."""

    begin: int
    end: int
    kind: str


def traces(text: str) -> Sequence[Trace]:
    """Return what a human should look at again in a text, in order, never overlapping."""
    found: list[Trace] = []
    for kind, shape in _SHAPES:
        for match in shape.finditer(text):
            begin, end = match.span("it") if "it" in shape.groupindex else match.span()
            if not any(begin < one.end and one.begin < end for one in found):
                found.append(Trace(begin, end, kind))
    return sorted(found, key=lambda one: one.begin)


def pieces(text: str, found: Sequence[Trace]) -> Iterator[tuple[str, str]]:
    """Yield a text in pieces, each with its kind; nothing for what is in between."""
    position = 0
    for one in found:
        if one.begin > position:
            yield text[position : one.begin], ""
        yield text[one.begin : one.end], one.kind
        position = one.end
    if position < len(text):
        yield text[position:], ""
