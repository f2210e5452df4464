"""Which searches may be counted by their words. Pure.

A box that says „what worries you?“ gets names, numbers and whole stories. Counted are only a few telling
words in one spelling, without the place; what looks like somebody's data is not counted at all, and
nothing is shown to an editor that was not typed on `ENOUGH` occasions.
"""

import re
from collections.abc import Sequence

from referrals.search.understanding import Understood
from referrals.search.words import listed

MOST_WORDS = 5  # a longer text is somebody's story
LONGEST = 80  # characters
ENOUGH = 3  # occasions before an editor is shown a query
_DATA = re.compile(r"@|https?:|www\.|\d[\d\s/().-]{3,}\d")
# After these words a name follows more often than not.
_BEFORE_NAME = listed(
    "herr herrn frau familie heisse heisst name namens doktor dr prof strasse str weg platz"
)


def countable(understood: Understood) -> str | None:
    """Return what of a search may be counted, None when nothing may.

    A postcode that was understood as the place is no objection; another long number is.
    """
    text = understood.text
    if understood.place is not None:
        text = re.sub(r"\b\d{5}\b", "", text)
    if _DATA.search(text) or _names_somebody(text.casefold().split()):
        return None
    kept = [word for word in understood.words if not any(c.isdigit() for c in word)]
    if not kept or len(kept) > MOST_WORDS:
        return None
    query = " ".join(kept)
    return query if len(query) <= LONGEST else None


def _names_somebody(text: Sequence[str]) -> bool:
    return any(word.strip(".,:") in _BEFORE_NAME for word in text[:-1])
