"""Training: it learns what it is shown, gives the same bytes again, and its file gives back what was learnt."""

from pathlib import Path

import numpy as np
import pytest

from counselling.triage import classifier, data, training
from counselling.triage.features import BUCKETS
from counselling.triage.solver import Rows, fit


@pytest.fixture(scope="module")
def some() -> list[data.Example]:
    """Return some texts and conversations of every hand."""
    return data.load("train")[::60]


def test_a_regression_finds_the_least_loss() -> None:
    generator = np.random.default_rng(5)
    dense = generator.normal(size=(200, 5)) * (generator.random((200, 5)) < 0.6)
    rows, columns = dense.nonzero()
    starts = np.searchsorted(rows, np.arange(200))
    labels = (dense @ [1.0, -2.0, 0.5, 0.0, 1.5] + generator.normal(size=200) > 0).astype(float)
    weights = np.ones(200)
    numbers = np.array([7, 11, 20, 30, 99])  # columns have gaps
    found = Rows(starts, numbers[columns], dense[rows, columns])
    assert found.used.tolist() == numbers.tolist()
    point = fit(found, labels, weights, strength=2.0, steps=200)

    def loss(there: np.ndarray) -> float:
        margins = (labels * 2 - 1) * (dense @ there[:-1] + there[-1])
        return float(np.logaddexp(0, -margins).sum() * 2.0 + (there[:-1] ** 2).sum() / 2)

    around = [point + generator.normal(size=6) * size for size in (0.01, 0.1, 1.0) for _ in "12345"]
    assert all(loss(point) < loss(there) for there in around)
    assert np.abs(point[:-1]).max() > 0.5


def test_the_same_texts_give_the_same_bytes(some: list[data.Example], tmp_path: Path) -> None:
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        classifier.save(training.train(some), tmp_path / name)
    for name in ("heads.npz", "heads.json"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_file_gives_back_what_was_learnt(some: list[data.Example], tmp_path: Path) -> None:
    heads = training.learn(training.prepare(some))
    heads.thresholds.update(dict.fromkeys(classifier.LINES, 0.0))
    classifier.save(heads, tmp_path)
    loaded = classifier.load(tmp_path)
    for name in ("places", "rows", "steps", "bias"):
        assert np.array_equal(getattr(loaded, name), getattr(heads, name)), name
    seen = [one.seen.features for one in training.prepare(some[:20])]
    for features in seen:
        whole = np.array([0]), np.array([features.words])
        there = [of.scores(of.sums(features), *whole) for of in (heads, loaded)]
        assert np.array_equal(there[0], there[1])
        assert np.abs(there[0] - heads.bias[:, None]).max() > 0.01


def test_a_head_tells_what_it_learnt_apart(some: list[data.Example]) -> None:
    heads = training.learn(training.prepare(some))
    scores: dict[bool, list[float]] = {True: [], False: []}
    for one in training.prepare(some):
        sums = heads.sums(one.seen.features)
        score = heads.scores(sums, np.array([0]), np.array([one.words]))[0, 0]
        scores[one.example.urgent].append(float(score))
    assert np.mean(scores[True]) > np.mean(scores[False]) + 1


def test_heads_of_other_features_are_refused(some: list[data.Example], tmp_path: Path) -> None:
    heads = training.learn(training.prepare(some[:200]))
    heads.thresholds.update(dict.fromkeys(classifier.LINES, 0.0))
    classifier.save(heads, tmp_path)
    facts = tmp_path / "heads.json"
    facts.write_text(facts.read_text().replace(str(BUCKETS), "4096"))
    with pytest.raises(ValueError, match="other features"):
        classifier.load(tmp_path)
