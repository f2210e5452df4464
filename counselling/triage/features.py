"""Features of a text, each with the words it needs: a span of words owns the features inside it.

A feature is a number (a hash) between a first and a last word. No feature looks at case, punctuation,
line breaks or anything outside its own words; the ratings' invariances rest on that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
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


def extract(words: list[str], found: list[Found], rules: list[Fired]) -> Features:
    """Return the features of a text: its words, their pieces, neighbours, concepts and rules."""
    short = [one for one in found if one.last - one.first <= REACH]
    rows = [(one.first, one.last, bucket("c", one.concept), CONCEPT) for one in short]
    rows += _pairs(short)
    rows += [
        (one.first, one.last, bucket("r", one.rule.name), RULE)
        for one in rules
        if one.last - one.first <= REACH
    ]
    named = np.array(rows, np.float64).reshape(-1, 4)
    parts = [*_of_words(words), *_pieces(words), tuple(named.T)]
    first, last, number, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Features(
        first.astype(np.int32),
        last.astype(np.int32),
        number.astype(np.int32),
        value.astype(np.float32),
        len(words),
    )


# First words, last words, numbers and values of some features.
_Rows = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]
_PRIME = np.uint64(0x100000001B3)  # of FNV-1a, to which 64 bits belong
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio (Knuth, 6.4)


def _numbers(kind: int, hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the numbers of features of one kind: the best bits of their hashes."""
    mixed = (hashes ^ (hashes >> np.uint64(29))) * _SPREAD + np.uint64(kind) * _PRIME
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _SPREAD
    return mixed >> np.uint64(64 - BUCKETS.bit_length() + 1)


def _row(first: NDArray[Any], last: NDArray[Any], number: NDArray[Any], value: float) -> _Rows:
    return first, last, number, np.full(len(first), value)


def _of_words(words: list[str]) -> Iterator[_Rows]:
    """Yield words, neighbours, and words with one between them."""
    hashes = np.array([crc32(word.encode()) for word in words], np.uint64)
    places = np.arange(len(words))
    yield _row(places, places, _numbers(1, hashes), WORD)
    for kind, apart, value in ((2, 1, COUPLE), (3, 2, COUPLE / 2)):
        couples = hashes[:-apart] * _PRIME + hashes[apart:]
        yield _row(places[:-apart], places[apart:], _numbers(kind, couples), value)


def _pieces(words: list[str]) -> Iterator[_Rows]:
    """Yield the pieces of words, whose beginnings and ends count as letters."""
    edged = "".join([f"^{word}$" for word in words])
    letters = np.frombuffer(edged.encode("utf-32-le"), "<u4").astype(np.uint64)
    owners = np.repeat(np.arange(len(words)), [len(word) + 2 for word in words])
    hashes = letters
    for size in range(2, max(PIECES) + 1):
        hashes = hashes[:-1] * _PRIME + letters[size - 1 :]
        if size in PIECES:
            whole = owners[: len(hashes)] == owners[size - 1 :]
            places = owners[: len(hashes)][whole]
            yield _row(places, places, _numbers(3 + size, hashes[whole]), PIECE)


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
