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


def contributions(features: Features, weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what each (head, reach, last word) contributes: reach r is of features r words long.

    `weights` are those of each feature (rows) for each head (columns).
    """
    cells = (features.last - features.first).astype(np.int64) * features.words + features.last
    order = np.argsort(cells, kind="stable")
    used, starts = np.unique(cells[order], return_index=True)
    table = np.zeros(((REACH + 1) * features.words, weights.shape[1]))
    table[used] = np.add.reduceat(weights[order] * features.value[order, None], starts, axis=0)
    return table.T.reshape(-1, REACH + 1, features.words)


class Sums:
    """Running sums of each head over a text, from which the score of any span follows at once."""

    def __init__(self, table: NDArray[np.float64]) -> None:
        self.heads, _, self.count = table.shape
        self.sums = np.zeros((self.heads, REACH + 1, self.count + 1))
        np.cumsum(table, axis=2, out=self.sums[:, :, 1:])

    def of(self, firsts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the scores of each head for spans, each from a first word to before its end."""
        lengths = ends - firsts
        totals = np.zeros((self.heads, len(firsts)))
        for reach in range(REACH + 1):
            from_here = np.minimum(firsts + reach, self.count)
            part = self.sums[:, reach, ends] - self.sums[:, reach, from_here]
            totals += np.where(reach < lengths, part, 0.0)
        scores: NDArray[np.float64] = totals / np.sqrt(lengths + DAMPING)
        return scores

    def best(self, head: int, longest: int = LONGEST) -> Span:
        """Return the best span of one head, of at most so many words."""
        # A span owns what begins inside it: of the features that reach back r words, those that end r
        # words or more after its first.
        ends = np.cumsum(self.sums[head], axis=0)
        firsts = np.zeros_like(ends)
        for reach in range(min(REACH, self.count) + 1):
            firsts[reach:, : self.count + 1 - reach] += self.sums[head, reach, reach:]
        result = Span(0, 0, -np.inf)
        for length in range(1, min(self.count, longest) + 1):
            reach = min(length - 1, REACH)
            totals = ends[reach, length:] - firsts[reach, : self.count - length + 1]
            at = int(np.argmax(totals))
            score = float(totals[at]) / float(np.sqrt(length + DAMPING))
            if score > result.score:
                result = Span(at, at + length, score)
        return result
