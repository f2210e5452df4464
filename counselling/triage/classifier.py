"""The trained part: linear heads over the features, loaded from `model/` (npz and JSON, no pickle)."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from counselling.triage import spans
from counselling.triage.features import BUCKETS, Features

FOLDER = Path(__file__).parent / "model"
HEADS = ("urgent", "sofort")
STEP = 0.5  # of a head's spread: what 1 in its stored weights is worth
LINES = {"dringend", "talk", "sofort", "alone"}


@dataclass(frozen=True, slots=True)
class Heads:
    """Weights of the heads (urgent, sofort, then one for each signal) and the lines they must reach."""

    places: NDArray[np.int32]  # of each bucket in `rows`; 0 where it says nothing
    rows: NDArray[np.int8]  # what one feature needs lies together: a row of heads, the first empty
    steps: NDArray[np.float32]  # what 1 in `rows` is worth, of each head
    bias: NDArray[np.float32]
    signals: tuple[str, ...]
    scales: tuple[float, float, float]
    thresholds: dict[str, float]

    def sums(self, features: Features) -> spans.Sums:
        """Return what a text contributes to all heads."""
        rows = self.rows.take(self.places.take(features.bucket), axis=0)
        return spans.Sums(features, rows, self.steps)

    def scores(
        self, sums: spans.Sums, firsts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return the scores of each head (rows) for each span (columns)."""
        scores: NDArray[np.float64] = sums.of(firsts, ends) + self.bias[:, None]
        return scores

    def danger(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how urgent spans are: the urgent head, that any one signal is there, and a little `sofort`.

        Dangers have little in common with each other; a head for each finds what one for all does
        not. The parts are brought to the same spread by `scales`, then added.
        """
        return danger(parts(scores), self.scales)


Parts = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def danger(some: Parts, scales: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return the sum of `parts`, each by its scale."""
    own, union, acute = some
    return own * scales[0] + union * scales[1] + acute * scales[2]


def parts(scores: NDArray[np.float64]) -> Parts:
    """Return the urgent head's scores, the log odds that at least one signal is there, and those of `sofort`."""
    nothing = -np.logaddexp(0.0, scores[len(HEADS) :]).sum(0)  # log of the chance of no signal
    nothing = np.minimum(nothing, -1e-9)
    return scores[0], np.log(-np.expm1(nothing)) - nothing, scores[1]


def coarse(
    weights: NDArray[np.float64],
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return weights (heads in columns) as small whole numbers, and what 1 of each head is worth.

    A step is `STEP` of a head's spread: what is lost is far less than what a head does not know.
    """
    steps = np.maximum(weights.std(axis=0) * STEP, 1e-12).astype(np.float32)
    return np.clip(np.rint(weights / steps), -127, 127).astype(np.int8), steps


def with_rows(
    used: NDArray[np.int64], rows: NDArray[np.int8]
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Return `places` and `rows` of heads, of the buckets that say something at all."""
    telling = rows.any(axis=1)
    places = np.zeros(BUCKETS, np.int32)
    places[used[telling]] = np.arange(1, int(telling.sum()) + 1)
    return places, np.concatenate([np.zeros((1, rows.shape[1]), np.int8), rows[telling]])


def save(heads: Heads, folder: Path) -> None:
    """Write the heads; the same heads give the same bytes."""
    used = np.flatnonzero(heads.places)
    np.savez_compressed(
        folder / "heads.npz",
        # Distances and one head after the other: what is alike lies together, and packs well.
        apart=np.diff(used, prepend=0).astype(np.uint32),
        rows=np.ascontiguousarray(heads.rows[1:].T),
        steps=heads.steps,
        bias=heads.bias,
    )
    facts = {
        "buckets": BUCKETS,
        "signals": list(heads.signals),
        "scales": list(heads.scales),
        "thresholds": heads.thresholds,
    }
    (folder / "heads.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def load(folder: Path = FOLDER) -> Heads:
    """Return the heads of a folder. Raises ValueError when they do not fit this code."""
    facts = json.loads((folder / "heads.json").read_text(encoding="utf-8"))
    with np.load(folder / "heads.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    signals = tuple(facts["signals"])
    width = len(HEADS) + len(signals)
    fits = set(arrays) == {"apart", "rows", "steps", "bias"} and set(facts["thresholds"]) == LINES
    if not fits or facts.get("buckets") != BUCKETS or len(arrays["rows"]) != width:
        raise ValueError(f"{folder}: the heads were trained for other features")
    places, rows = with_rows(np.cumsum(arrays["apart"].astype(np.int64)), arrays["rows"].T)
    own, union, acute = facts["scales"]
    return Heads(
        places=places,
        rows=np.ascontiguousarray(rows),
        steps=arrays["steps"],
        bias=arrays["bias"],
        signals=signals,
        scales=(own, union, acute),
        thresholds=dict(facts["thresholds"]),
    )
