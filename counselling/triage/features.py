"""Features of a text, each with the words it needs: a span of words owns the features inside it.

A feature is a number (a hash) between a first and a last word. No feature looks at case, punctuation,
line breaks or anything outside its own words; the ratings' invariances rest on that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from counselling.triage.lexicon import Found
from counselling.triage.rules import Fired

BUCKETS = 1 << 22
REACH = 12  # a feature spans at most this many words beyond its first
PAIR_REACH = 10
PIECES = (3, 4, 5)

# What a kind of feature weighs before training: smaller means trusted less.
WORD, PIECE, COUPLE, CONCEPT, PAIR, RULE = 1.0, 0.5, 1.0, 1.0, 0.6, 2.0


@dataclass(frozen=True, slots=True)
class Features:
    """Features of one text as parallel arrays."""

    first: NDArray[np.int32]
    last: NDArray[np.int32]
    bucket: NDArray[np.int32]
    value: NDArray[np.float32]
    words: int


@cache
def bucket(*parts: str) -> int:
    """Return the number of a feature that is named, never one of a client's words: it is remembered."""
    return crc32("\x1f".join(parts).encode()) & (BUCKETS - 1)


def extract(
    words: list[str], hashes: Sequence[int], found: list[Found], rules: list[Fired]
) -> Features:
    """Return the features of a text: its words, their pieces, neighbours, concepts and rules.

    hashes: the crc32 of each word. found: by first word, then by last word and by concept.
    """
    count = len(words)
    spelled = np.array(hashes, np.uint64)
    places = np.arange(count, dtype=np.int32)
    owners, pieces = _pieces(words, places)
    short = [one for one in found if one[2] - one[1] <= REACH]
    pairs = _pairs(short)
    fired = [one for one in rules if one.last - one.first <= REACH]
    rows = [(first, last, bucket("c", concept)) for concept, first, last in short]
    rows += pairs
    rows += [(one.first, one.last, bucket("r", one.rule.name)) for one in fired]
    named = np.fromiter(chain.from_iterable(rows), np.int32, 3 * len(rows)).reshape(-1, 3)
    # Words, neighbours, words with one between them, then pieces by their size.
    parts = [
        spelled,
        spelled[:-1] * _PRIME + spelled[1:],
        spelled[:-2] * _PRIME + spelled[2:],
        *pieces,
    ]
    sizes = [len(part) for part in parts]
    numbers = _numbers(np.concatenate(parts), sizes).astype(np.int32)
    return Features(
        np.concatenate([places, places[:-1], places[:-2], *owners, named[:, 0]]),
        np.concatenate([places, places[1:], places[2:], *owners, named[:, 1]]),
        np.concatenate([numbers, named[:, 2]]),
        np.repeat(_VALUES, [*sizes, len(short), len(pairs), len(fired)]),
        count,
    )


_PRIME = np.uint64(0x100000001B3)  # of FNV-1a, to which 64 bits belong
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio (Knuth, 6.4)
_KINDS = np.array([1, 2, 3, *(3 + size for size in PIECES)], np.uint64) * _PRIME
_VALUES = np.array(
    [WORD, COUPLE, COUPLE / 2, *(PIECE for _size in PIECES), CONCEPT, PAIR, RULE], np.float32
)
_HIGH, _HIGHER = np.uint64(29), np.uint64(32)
_NUMBER = np.uint64(64 - BUCKETS.bit_length() + 1)


def _numbers(hashes: NDArray[np.uint64], sizes: list[int]) -> NDArray[np.uint64]:
    """Return the numbers of features: the best bits of their hashes. sizes: of each of `_KINDS`."""
    mixed = (hashes ^ (hashes >> _HIGH)) * _SPREAD + np.repeat(_KINDS, sizes)
    mixed = (mixed ^ (mixed >> _HIGHER)) * _SPREAD
    return mixed >> _NUMBER


def _pieces(
    words: list[str], places: NDArray[np.int32]
) -> tuple[list[NDArray[np.int32]], list[NDArray[np.uint64]]]:
    """Return the pieces of words, whose beginnings and ends count as letters: of each size, whose and hashes."""
    edged = f"^{'$^'.join(words)}$" if words else ""
    letters = np.frombuffer(edged.encode("utf-32-le"), "<u4").astype(np.uint64)
    all_owners = np.repeat(places, [len(word) + 2 for word in words])
    owners, pieces = [], []
    hashes = letters
    for size in range(2, max(PIECES) + 1):
        hashes = hashes[:-1] * _PRIME + letters[size - 1 :]
        if size in PIECES:
            of = all_owners[: len(hashes)]
            whole = of == all_owners[size - 1 :]
            owners.append(of[whole])
            pieces.append(hashes[whole])
    return owners, pieces


def _pairs(found: list[Found]) -> list[tuple[int, int, int]]:
    """Return the pairs of concepts that stand near each other, each pair once at each place."""
    rows: dict[tuple[int, int, int], int] = {}
    for index, (concept, first, end) in enumerate(found, 1):
        for at in range(index, len(found)):
            other, place, last = found[at]
            if place - first > PAIR_REACH:
                break
            if last < end:
                last = end
            if other != concept and last - first <= REACH:
                rows.setdefault((place, last, _pair(concept, other)), first)
    return [(first, last, number) for (_place, last, number), first in rows.items()]


@cache
def _pair(one: str, other: str) -> int:
    """Return the number of two concepts, in whichever order they stand."""
    return bucket("cc", *sorted((one, other)))
