"""Which kinds of help a text asks for: the nearest phrases of the lexicon vote. Pure.

Each phrase is a bag of features: stems, the parts of compounds, pairs of neighbouring stems, and the
letters in threes to fives (which is what forgives typing errors and inflection in seven languages),
weighted by how rare they are. A category's rating is the length of the vector of its nearest phrases'
similarities, so that one exact phrase is enough and several half-matches add up. There is no training:
a phrase that an editor adds counts at once.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from referrals.search import lexicon
from referrals.search.lexicon import Entry
from referrals.search.words import parts, stem, telling, unlinked, words

VOTERS = 10  # nearest phrases of a category that vote; 3 to 30 do about as well
GRAMS = (3, 4, 5)  # letters
WEIGHTS = {"stem": 1.0, "part": 0.7, "pair": 0.8, "gram": 0.5}
SAME = 1.0  # what a phrase adds whose words are all words of the search, and no others
NOTHING = 0.18  # a closeness below says nothing: that is chance agreement of letters


@dataclass(frozen=True, slots=True)
class Need:
    """A kind of help that a text asks for: its rating, the phrase that says so, and how alike that is.

    closeness: from 0 to 1, where 1 is the phrase itself.
    """

    category: str
    score: float
    via: str
    closeness: float = 1.0


def features(text: Sequence[str]) -> dict[str, float]:
    """Return the weighted features of folded words."""
    found: dict[str, float] = defaultdict(float)
    stems = [stem(word) for word in text]
    for word, bare in zip(text, stems, strict=True):
        found["=" + bare] += WEIGHTS["stem"]
        for part in parts(word):
            for variant in unlinked(part):
                name = "=" + stem(variant)
                found[name] = max(found[name], WEIGHTS["part"])
        framed = f"<{word}>"
        for length in GRAMS:
            for at in range(len(framed) - length + 1):
                found[framed[at : at + length]] += WEIGHTS["gram"]
    for first, second in pairwise(stems):
        found[f"={first} {second}"] += WEIGHTS["pair"]
    return found


class Meaning:
    """A lexicon, ready to be asked."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: list[Entry] = []
        self.vocabulary: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._same: dict[frozenset[str], list[int]] = defaultdict(list)
        names: list[int] = []
        rows: list[int] = []
        values: list[float] = []
        for entry in entries:
            said = words(entry.phrase)
            if not said:
                continue
            row = len(self.entries)
            self.entries.append(entry)
            self.vocabulary.update(said)
            self._same[_stems(said)].append(row)
            bag = features(telling(said))
            names.extend(self._numbers.setdefault(name, len(self._numbers)) for name in bag)
            rows.extend([row] * len(bag))
            values.extend(bag.values())
        self.categories = sorted({entry.category for entry in self.entries})
        number = {category: at for at, category in enumerate(self.categories)}
        self.of_entry = np.array([number[e.category] for e in self.entries], np.int32)
        self._weigh(np.array(names, np.int64), np.array(rows, np.int32), np.array(values))

    def _weigh(
        self, names: NDArray[np.int64], rows: NDArray[np.int32], values: NDArray[np.float64]
    ) -> None:
        """Weigh features by how rare they are, make each phrase's vector one long, sort by feature."""
        total = len(self.entries)
        counts = np.bincount(names, minlength=len(self._numbers))
        self._rarity = np.log((1 + total) / (1 + counts)) + 1
        self._unseen = math.log(1 + total) + 1
        values = values * self._rarity[names]
        lengths = np.sqrt(np.bincount(rows, values**2, minlength=total))
        order = np.argsort(names, kind="stable")
        self._rows = rows[order]
        self._values = (values / lengths[rows])[order]
        self._starts = np.concatenate([[0], np.cumsum(counts)])

    def rate(self, text: Sequence[str]) -> list[Need]:
        """Return the needs that folded words speak of, the surest first."""
        near = self.similarities(text)
        if near is None:
            return []
        return [
            Need(self.categories[at], score, self.entries[best].phrase, float(near[best]))
            for at, score, best in self._votes(near, self._same.get(_stems(text), ()))
            if near[best] >= NOTHING
        ]

    def similarities(self, text: Sequence[str]) -> NDArray[np.float64] | None:
        """Return the cosine similarity of folded words to each entry; None when nothing is alike."""
        bag = features(telling(list(text)))
        known = [(at, v) for n, v in bag.items() if (at := self._numbers.get(n)) is not None]
        if not known:
            return None
        weights = [value * self._rarity[at] for at, value in known]
        strange = (len(bag) - len(known)) * (self._unseen * WEIGHTS["gram"]) ** 2
        length = math.sqrt(sum(weight * weight for weight in weights) + strange)
        slices = [slice(self._starts[at], self._starts[at + 1]) for at, _ in known]
        rows = np.concatenate([self._rows[piece] for piece in slices])
        values = np.concatenate(
            [self._values[piece] * weight for piece, weight in zip(slices, weights, strict=True)]
        )
        return np.bincount(rows, values, minlength=len(self.entries)) / length

    def _votes(
        self, near: NDArray[np.float64], same: Sequence[int]
    ) -> list[tuple[int, float, int]]:
        order = _highest(near, VOTERS * len(self.categories))
        votes: dict[int, list[float]] = defaultdict(list)
        best: dict[int, int] = {}
        rows = np.concatenate([np.array(same, np.int64), order])
        # As lists: reading an array's numbers one by one takes longer than sorting them.
        seen = zip(rows.tolist(), self.of_entry[rows].tolist(), near[rows].tolist(), strict=True)
        for row, category, alike in seen:
            if alike <= 0:
                break
            best.setdefault(category, row)
            if len(votes[category]) < VOTERS:
                votes[category].append(alike)
        rated = {at: math.hypot(*found) for at, found in votes.items()}
        for category in {int(self.of_entry[row]) for row in same}:
            rated[category] += SAME
        return sorted(((at, s, best[at]) for at, s in rated.items()), key=lambda o: (-o[1], o[0]))


def _highest(values: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return where the highest values are, the highest first and equal ones in their order."""
    if count < len(values):
        least = np.partition(values, len(values) - count)[len(values) - count]
        likely = np.flatnonzero(values >= least)
    else:
        likely = np.arange(len(values))
    return likely[np.argsort(-values[likely], kind="stable")][:count]


def _stems(text: Sequence[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in telling(list(text)))


@cache
def shipped() -> Meaning:
    """Return the shipped lexicon, ready to be asked."""
    return Meaning(lexicon.shipped())
