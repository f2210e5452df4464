"""Features of a text, each with the words it needs: a span of words owns the features inside it.

A feature is a number (a hash) between a first and a last word. No feature looks at case, punctuation,
line breaks or anything outside its own words; the ratings' invariances rest on that.
"""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from counselling.triage.lexicon import Found
from counselling.triage.rules import Fired

BUCKETS = 1 << 17
REACH = 12  # a feature spans at most this many words beyond its first
PAIR_REACH = 10
PIECES = (3, 4, 5)

# What a kind of feature weighs before training: smaller means trusted less.
WORD, PIECE, COUPLE, CONCEPT, PAIR, RULE = 1.0, 0.35, 0.7, 1.0, 0.6, 2.0


@dataclass(frozen=True, slots=True)
class Features:
    """Features of one text as parallel arrays."""

    first: NDArray[np.int32]
    last: NDArray[np.int32]
    bucket: NDArray[np.int32]
    value: NDArray[np.float32]
    words: int


def bucket(*parts: str) -> int:
    """Return the number of a feature. crc32 because it is the same on every machine and in every run."""
    return crc32("\x1f".join(parts).encode()) & (BUCKETS - 1)


def extract(words: list[str], found: list[Found], rules: list[Fired]) -> Features:
    """Return the features of a text: its words, their pieces, neighbours, concepts and rules."""
    rows: list[tuple[int, int, int, float]] = []
    for place, word in enumerate(words):
        rows.append((place, place, bucket("w", word), WORD))
        edged = f"^{word}$"
        for size in PIECES:
            rows.extend(
                (place, place, bucket("p", edged[at : at + size]), PIECE)
                for at in range(len(edged) - size + 1)
            )
        if place:
            rows.append((place - 1, place, bucket("2", words[place - 1], word), COUPLE))
        if place > 1:
            rows.append((place - 2, place, bucket("s", words[place - 2], word), COUPLE / 2))
    short = [one for one in found if one.last - one.first <= REACH]
    rows.extend((one.first, one.last, bucket("c", one.concept), CONCEPT) for one in short)
    rows.extend(_pairs(short))
    rows.extend(
        (one.first, one.last, bucket("r", one.rule.name), RULE)
        for one in rules
        if one.last - one.first <= REACH
    )
    return Features(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.int32),
        np.array([row[3] for row in rows], np.float32),
        len(words),
    )


def _pairs(found: list[Found]) -> list[tuple[int, int, int, float]]:
    """Return the pairs of concepts that stand near each other, each pair once at each place."""
    ordered = sorted(found, key=lambda one: (one.first, one.last, one.concept))
    seen: set[tuple[int, int, int]] = set()
    rows: list[tuple[int, int, int, float]] = []
    for index, one in enumerate(ordered):
        for other in ordered[index + 1 :]:
            if other.first - one.first > PAIR_REACH:
                break
            last = max(one.last, other.last)
            if other.concept == one.concept or last - one.first > REACH:
                continue
            key = (other.first, last, bucket("cc", *sorted((one.concept, other.concept))))
            if key not in seen:
                seen.add(key)
                rows.append((one.first, last, key[2], PAIR))
    return rows
