"""Words of a text in one spelling, each with its place in the original.

Everything after this module sees only the words: no case, no punctuation, no line breaks, one
spelling for umlauts. That is why none of these can change a rating.
"""

import re
import unicodedata
from typing import NamedTuple

# Words longer than this are noise (links, keyboard mashing); the rest of them is not looked at.
MAX_WORD = 40
MOST_WORDS = 20_000  # of one text; after these nothing is read
# Characters that people put inside one word, and lose: geht's, Mutter-Kind-Heim, soft hyphens.
_INSIDE = "'’‘`´ʼ\\-‐‑\u00ad\u200b\u200c\u200d\u2060\ufeff"
_LETTER = r"[^\W\d_]"
_WORD = re.compile(
    rf"\d+(?:[.,:]\d+)*|{_LETTER}+(?:(?:[\u0300-\u036f\u064b-\u065f]|[{_INSIDE}](?={_LETTER})){_LETTER}*)*"
    r"|[\U0001F300-\U0001FAFF\u2600-\u27BF]"
)
_JOINERS = re.compile(rf"[{_INSIDE}]")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "ł": "l", "æ": "ae", "ø": "oe"}
)
# What most texts hold beside ASCII: German letters, the apostrophes that phones write, and what ends a word.
_PLAIN = (
    ("ä", "ae"),
    ("ö", "oe"),
    ("ü", "ue"),
    ("ß", "ss"),
    *((c, "'") for c in "’‘"),
    *((c, " ") for c in "„“”‚…–"),
)
_PLAIN_WORD = re.compile(r"[0-9]+(?:[.,:][0-9]+)*|[a-z]+(?:['`-][a-z]+)*")
_PLAIN_REPEATED = re.compile(r"([a-z])\1\1")
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ـ": ""})


class Word(NamedTuple):
    """One word: its folded spelling, and where it stands (characters from and to)."""

    text: str
    start: int
    end: int


def fold(word: str, *, may_repeat: bool = True) -> str:
    """Return the one spelling of a word: lower case, ä as ae, no accents, no letter three times.

    may_repeat: False where it is known that no letter of it stands three times in a row.
    """
    if word.isascii() and word.isalpha():  # most are: nothing else would change them
        word = word[: MAX_WORD * 2].lower()
        return (_REPEATED.sub(r"\1", word) if may_repeat else word)[:MAX_WORD]
    word = unicodedata.normalize("NFKC", word[: MAX_WORD * 2]).casefold().translate(_UMLAUTS)
    word = _JOINERS.sub("", word)
    if not word.isascii():
        decomposed = unicodedata.normalize("NFD", word.translate(_ARABIC))
        word = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _REPEATED.sub(r"\1", word)[:MAX_WORD]


def spellings(text: str) -> list[str]:
    """Return the words of a text without their places: what `split` finds, several times as fast.

    Most texts hold letters of German and usual punctuation alone: those are folded as a whole.
    """
    plain = text.lower()
    if not plain.isascii():
        for character, spelled in _PLAIN:
            plain = plain.replace(character, spelled)
    if plain.isascii() and not _PLAIN_REPEATED.search(plain):
        found = _PLAIN_WORD.findall(plain)[:MOST_WORDS]
        if max(map(len, found), default=0) <= MAX_WORD:
            return [word if word.isalpha() else _without_signs(word) for word in found]
    return [word.text for word in split(text)]


def _without_signs(word: str) -> str:
    """Return a plain word or number without the signs inside it."""
    if word[0].isdigit():
        return word.replace(",", "").replace(".", "").replace(":", "")
    return _REPEATED.sub(r"\1", _JOINERS.sub("", word))


def places(text: str) -> list[tuple[int, int]]:
    """Return where the words of a text stand, in the order of `spellings`: characters from and to."""
    # A word of ASCII never folds to nothing.
    found = [m.span() for m in _WORD.finditer(text) if m.group().isascii() or fold(m.group())]
    return found[:MOST_WORDS]


def split(text: str, *, limit: int = MOST_WORDS) -> list[Word]:
    """Return the words of a text, each with its place.

    After `limit` words nothing is read any more.
    """
    words: list[Word] = []
    may_repeat = _REPEATED.search(text.lower()) is not None
    for match in _WORD.finditer(text):
        found = match.group()
        if found[0].isdigit():
            folded = found.replace(",", "").replace(".", "").replace(":", "")[:MAX_WORD]
        else:
            folded = fold(found, may_repeat=may_repeat)
        if folded:
            words.append(Word(folded, *match.span()))
            if len(words) >= limit:
                break
    return words
