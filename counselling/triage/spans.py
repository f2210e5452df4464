"""Scores of spans of words.

The score of a span is the sum of what its own words contribute, divided by the root of its length
(plus a constant, so that a word alone does not shout). Nothing outside a span can change its score,
so a text that grows keeps every span it had.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counselling.triage.features import REACH, Features

LONGEST = 40  # words of a span that is looked for
DAMPING = 4.0  # added to the length


@dataclass(frozen=True, slots=True)
class Span:
    """Words `first` to before `end`, and their score without the model's bias."""

    first: int
    end: int
    score: float


class Sums:
    """What the features of a text contribute to each head, from which the score of any span follows.

    rows: of each feature (rows) for each head (columns); steps: what 1 in them is worth, of each head.
    """

    def __init__(
        self, features: Features, rows: NDArray[np.int8], steps: NDArray[np.float32]
    ) -> None:
        self._features = features
        self._rows = rows
        self._steps = steps

    def of(self, firsts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the scores of each head (rows) for spans, each from a first word to before its end."""
        # Words between which no span begins or ends are one place: a talk has far fewer turns than words.
        edges = np.zeros(self._features.words + 1, np.int64)
        edges[firsts] = edges[ends] = 1
        place = edges.cumsum() - 1  # of each word
        count = int(place[-1])
        first, last = place.take(self._features.first), place.take(self._features.last)
        apart = last - first
        reaches = int(apart.max(initial=0)) + 1  # no feature reaches further: nor need the sums
        cells = apart * count + last
        outside = (first < 0) | (last >= count)
        cells[outside] = -1
        order = np.argsort(cells, kind="stable")[np.count_nonzero(outside) :]
        cells = cells.take(order)
        starts = np.append(0, np.flatnonzero(cells[1:] != cells[:-1]) + 1)[: len(cells)]
        table = np.zeros((reaches * count, len(self._steps)))
        if len(starts):
            table[cells[starts]] = np.add.reduceat(self._values(order), starts, axis=1).T
        below, before = _running(table.reshape(reaches, count, -1))
        begin, end = place[firsts], place[ends]
        row = (np.minimum(end - begin, reaches) - 1) * (count + 1)
        totals = _rows(below).take(row + end, axis=0) - _rows(before).take(row + begin, axis=0)
        scores: NDArray[np.float64] = totals.T / np.sqrt(ends - firsts + DAMPING)
        return scores

    def best(self, head: int, longest: int = LONGEST) -> Span:
        """Return the best span of one head, of at most so many words."""
        features, count = self._features, self._features.words
        if not count:
            return Span(0, 0, -np.inf)
        apart = features.last - features.first
        weights = self._rows[:, head] * self._steps[head] * features.value
        sums = np.bincount(apart * count + features.last, weights, (REACH + 1) * count)
        table = np.asarray(sums, np.float64).reshape(REACH + 1, count)
        below, before = _running(table)
        lengths = np.arange(1, min(count, longest) + 1)
        reach = np.minimum(lengths - 1, REACH)
        # Nothing ends after the text.
        ending = np.full((REACH + 1, count + len(lengths)), -np.inf)
        ending[:, : count + 1] = below
        rows = reach * (count + len(lengths)) + lengths
        scores = ending.take(rows[:, None] + np.arange(count))
        scores -= before[:, :count].take(reach, axis=0)
        scores /= np.sqrt(lengths + DAMPING)[:, None]
        shorter, first = divmod(int(np.argmax(scores)), count)
        return Span(first, first + shorter + 1, float(scores[shorter, first]))

    def _values(self, some: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what some features contribute (columns) to each head (rows)."""
        values = self._rows.take(some, axis=0).T.astype(np.float32, order="C")
        values *= self._steps[:, None]
        values *= self._features.value[some]
        return values


def _running(table: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two running sums of a table of reach, last place and whatever else.

    A span owns what begins and ends inside it: of everything of at most some reach that ends before its
    end (the first sum), all but what begins before its first place (the second).
    """
    reaches, count, *more = table.shape
    sums = np.zeros((reaches, count + 1, *more))
    np.cumsum(table, axis=1, out=sums[:, 1:])
    reach = np.arange(reaches)[:, None]
    # What begins before a place ends before one so much later.
    begun = sums[reach, np.minimum(np.arange(count + 1) + reach, count)]
    for nearer in range(reaches - 1):
        sums[nearer + 1] += sums[nearer]
        begun[nearer + 1] += begun[nearer]
    return sums, begun


def _rows(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return running sums as a table of one row for each reach and place."""
    return sums.reshape(-1, sums.shape[-1])
