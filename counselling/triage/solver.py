"""Logistic regression: the same numbers in every run.

The products of sparse matrices are scipy's, which adds in a fixed order; the descent is ours, since BLAS, which
scipy's own descents use, adds in another order with other processors.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Vector = NDArray[np.float64]


class Rows:
    """Examples as compressed rows, and the same by column: made once, learnt from by every head.

    starts: where each row begins in `columns` (the number of a feature) and `values`. `used` are the columns that
    occur, in order.
    """

    def __init__(
        self, starts: NDArray[np.int64], columns: NDArray[np.int64], values: Vector
    ) -> None:
        self.used, places = np.unique(columns, return_inverse=True)
        edges = np.append(starts, len(columns))
        self.across = csr_matrix(
            (values, places.astype(np.int32), edges.astype(np.int32)),
            shape=(len(starts), len(self.used)),
        )
        self.down = self.across.T.tocsr()


def fit(rows: Rows, labels: Vector, weights: Vector, *, strength: float, steps: int = 60) -> Vector:
    """Return the weights of the used columns, then the bias, of a logistic regression.

    `labels` (0 or 1) and `weights` are those of the rows; `strength` is the inverse of the
    regularisation.
    """
    signs = labels * 2 - 1

    def loss(point: Vector) -> tuple[float, Vector]:
        margins = signs * (rows.across @ point[:-1] + point[-1])
        losses = np.logaddexp(0.0, -margins) * weights
        slopes = -signs * weights / (1.0 + np.exp(np.clip(margins, -500, 500)))
        gradient = np.empty_like(point)
        gradient[:-1] = rows.down @ slopes
        gradient[-1] = slopes.sum()
        gradient *= strength
        gradient[:-1] += point[:-1]
        return float(losses.sum() * strength + (point[:-1] ** 2).sum() / 2), gradient

    return _descend(loss, np.zeros(len(rows.used) + 1), steps)


def _descend(
    loss: Callable[[Vector], tuple[float, Vector]], point: Vector, steps: int, memory: int = 8
) -> Vector:
    """Return the point that L-BFGS reaches in so many steps (Nocedal and Wright, algorithm 7.5)."""
    value, slope = loss(point)
    moves: list[tuple[Vector, Vector, float]] = []
    for step in range(steps):
        direction = -_two_loops(slope, moves)
        length = 1.0 if step else min(1.0, 1.0 / float(np.abs(slope).sum()))
        falling = float((slope * direction).sum())
        for _ in range(25):
            there = point + length * direction
            new_value, new_slope = loss(there)
            if new_value <= value + 1e-4 * length * falling:
                break
            length /= 2
        else:
            break
        move, turn = there - point, new_slope - slope
        bend = float((move * turn).sum())
        if bend > 1e-10:
            moves = [*moves[1 - memory :], (move, turn, 1.0 / bend)]
        done = abs(value - new_value) < 1e-6 * max(abs(value), 1.0)
        point, value, slope = there, new_value, new_slope
        if done:
            break
    return point


def _two_loops(slope: Vector, moves: list[tuple[Vector, Vector, float]]) -> Vector:
    result = slope.copy()
    factors: list[float] = []
    for move, turn, inverse in reversed(moves):
        factor = inverse * float((move * result).sum())
        factors.append(factor)
        result -= factor * turn
    if moves:
        move, turn, inverse = moves[-1]
        result *= 1.0 / (inverse * float((turn * turn).sum()))
    for (move, turn, inverse), factor in zip(moves, reversed(factors), strict=True):
        result += (factor - inverse * float((turn * result).sum())) * move
    return result
