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
LINES = {"dringend", "talk", "sofort", "alone"}


@dataclass(frozen=True, slots=True)
class Heads:
    """Weights of the heads (urgent, sofort, then one for each signal) and the lines they must reach."""

    weights: NDArray[np.float32]  # bucket x head: what one feature needs lies together
    bias: NDArray[np.float32]
    signals: tuple[str, ...]
    scales: tuple[float, float, float]
    thresholds: dict[str, float]

    def sums(self, features: Features) -> spans.Sums:
        """Return what a text contributes to all heads."""
        return spans.Sums(features, self.weights[features.bucket])

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


def _coarse(weights: NDArray[np.float32]) -> NDArray[np.float16]:
    """Return weights with seven bits of precision: a quarter of the file's size, no difference seen."""
    bits = weights.astype(np.float16).view(np.uint16)
    return ((bits + np.uint16(8)) & np.uint16(0xFFF0)).view(np.float16)


def save(heads: Heads, folder: Path) -> None:
    """Write the heads; the same heads give the same bytes."""
    np.savez_compressed(
        folder / "heads.npz",
        sparse=_coarse(heads.weights.T),
        bias=heads.bias,
    )
    facts = {
        "signals": list(heads.signals),
        "scales": list(heads.scales),
        "thresholds": heads.thresholds,
    }
    (folder / "heads.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def load(folder: Path = FOLDER) -> Heads:
    """Return the heads of a folder. Raises ValueError when they do not fit this code."""
    facts = json.loads((folder / "heads.json").read_text(encoding="utf-8"))
    with np.load(folder / "heads.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in stored.files}
    signals = tuple(facts["signals"])
    width = (len(HEADS) + len(signals), BUCKETS)
    if arrays["sparse"].shape != width or set(facts["thresholds"]) != LINES:
        raise ValueError(f"{folder}: the heads were trained for other features")
    own, union, acute = facts["scales"]
    return Heads(
        weights=np.ascontiguousarray(arrays["sparse"].T),
        bias=arrays["bias"],
        signals=signals,
        scales=(own, union, acute),
        thresholds=dict(facts["thresholds"]),
    )
