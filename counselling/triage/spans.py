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

    weights: of each feature (rows) for each head (columns).
    """

    def __init__(self, features: Features, weights: NDArray[np.float32]) -> None:
        self._features = features
        self._values = weights * features.value[:, None]

    def of(self, firsts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the scores of each head (rows) for spans, each from a first word to before its end."""
        # Words between which no span begins or ends are one place: a talk has far fewer turns than words.
        grid = np.union1d(firsts, ends)
        first = np.searchsorted(grid, self._features.first, "right") - 1
        last = np.searchsorted(grid, self._features.last, "right") - 1
        inside = np.flatnonzero((first >= 0) & (last < len(grid) - 1))
        heads, count = self._values.shape[1], len(grid) - 1
        table = np.zeros(((REACH + 1) * count, heads))
        if len(inside):
            cells = (last[inside] - first[inside]) * count + last[inside]
            order = np.argsort(cells, kind="stable")
            starts = np.flatnonzero(np.diff(cells[order], prepend=-1))
            sums = np.add.reduceat(self._values[inside[order]], starts, axis=0)
            table[cells[order[starts]]] = sums
        below, before = _running(table.reshape(REACH + 1, count, heads))
        begin, end = np.searchsorted(grid, firsts), np.searchsorted(grid, ends)
        reach = np.minimum(end - begin - 1, REACH)
        totals = (below[reach, end] - before[reach, begin]).T
        scores: NDArray[np.float64] = totals / np.sqrt(ends - firsts + DAMPING)
        return scores

    def best(self, head: int, longest: int = LONGEST) -> Span:
        """Return the best span of one head, of at most so many words."""
        features, count = self._features, self._features.words
        if not count:
            return Span(0, 0, -np.inf)
        cells = (features.last - features.first).astype(np.int64) * count + features.last
        sums = np.bincount(cells, self._values[:, head], (REACH + 1) * count)
        table = np.asarray(sums, np.float64).reshape(REACH + 1, count)
        below, before = _running(table)
        lengths = np.arange(1, min(count, longest) + 1)[:, None]
        firsts = np.arange(count)[None, :]
        ends = np.minimum(firsts + lengths, count)
        reach = np.minimum(lengths - 1, REACH)
        scores = (below[reach, ends] - before[reach, firsts]) / np.sqrt(lengths + DAMPING)
        scores[firsts + lengths > count] = -np.inf
        shorter, first = divmod(int(np.argmax(scores)), count)
        return Span(first, first + shorter + 1, float(scores[shorter, first]))


def _running(table: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two running sums of a table of reach, last place and whatever else.

    A span owns what begins and ends inside it: of everything of at most some reach that ends before its
    end (the first sum), all but what begins before its first place (the second).
    """
    reaches, count, *more = table.shape
    sums = np.zeros((reaches, count + 1, *more))
    np.cumsum(table, axis=1, out=sums[:, 1:])
    begun = np.empty_like(sums)
    for reach in range(reaches):  # what begins before a place ends before one so much later
        later = min(reach, count)
        begun[reach, : count + 1 - later] = sums[reach, later:]
        begun[reach, count + 1 - later :] = sums[reach, count]
    for reach in range(1, reaches):
        sums[reach] += sums[reach - 1]
        begun[reach] += begun[reach - 1]
    return sums, begun
