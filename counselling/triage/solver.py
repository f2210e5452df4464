"""Logistic regression with numpy alone: the same numbers in every run, no compiled solver to install."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Examples: compressed rows, a label (0 or 1) and a weight each."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: Vector
    labels: Vector
    weights: Vector


def fit(
    rows: Rows, width: int, *, strength: float, start: Vector | None = None, steps: int = 60
) -> Vector:
    """Return the weights, then the bias, of a logistic regression.

    `strength` is the inverse of the regularisation; `start` continues from earlier weights.
    """
    counts = np.diff(np.append(rows.starts, len(rows.columns)))
    owner = np.repeat(np.arange(len(rows.starts)), counts)
    signs = rows.labels * 2 - 1

    def loss(weights: Vector) -> tuple[float, Vector]:
        product = weights[rows.columns] * rows.values
        scores = np.bincount(owner, weights=product, minlength=len(signs))
        scores = scores + weights[-1]
        margins = signs * scores
        losses = np.logaddexp(0.0, -margins) * rows.weights
        slopes = -signs * rows.weights / (1.0 + np.exp(np.clip(margins, -500, 500)))
        gradient = np.empty_like(weights)
        gradient[:width] = np.bincount(
            rows.columns, weights=np.repeat(slopes, counts) * rows.values, minlength=width
        )
        gradient[-1] = slopes.sum()
        gradient *= strength
        gradient[:-1] += weights[:-1]
        return float(losses.sum() * strength + (weights[:-1] ** 2).sum() / 2), gradient

    first = np.zeros(width + 1) if start is None else start.copy()
    return _descend(loss, first, steps)


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
