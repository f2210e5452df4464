"""The triage engine: rate a conversation so far.

    rate([("client", "hab alles vor mir liegen")])

Only the client's words count. The level is the highest of

1. the *whole*: every run of consecutive client turns, of at most `RUN`, is scored as one text by the
   trained heads, so a conversation never falls as it grows;
2. a *passage*: the most alarming run of words of a long text, with a stricter line, so that it is
   not drowned by what stands around it;
3. a *rule* that decides by itself.

A turn shares a run with the `RUN` - 1 before it and none further back: whoever keeps the highest level
so far needs to rate `recent(turns)` alone when one is added.

Pure: no database, no clock, no settings. See model/card.md for quality and limits.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from counselling.sla import Urgency
from counselling.triage import classifier, features, language, pipeline, vocabulary, words
from counselling.triage.rating import DEFAULT, RUN, Rating, Reason, Thresholds, Turn, unrated
from counselling.triage.rules import Fired
from counselling.triage.spans import Span

logger = logging.getLogger(__name__)

MAX_WORDS = 6_000  # rated of one conversation: the first half and the last half of them
MAX_CHARACTERS = 400_000  # of one turn that are read
WINDOW, STRIDE = 160, 80  # words; a long text is also scored in windows
MOST_REASONS = 8
# The line of a run of more words than usual rises with each doubling (see the limits in the card).
USUAL, PER_DOUBLING = 60, 0.6
FEW, PER_HALVING = 8, 0.25  # and for fewer words than that, with each halving
# And with each doubling of the turns before its end, from the fourth to the 32nd: found on the folds, where
# it makes long talks alarm falsely as often as short ones.
EARLY, LATE, PER_DOUBLING_LATE = 4, 32, 0.4

_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that is loaded once in a process."""

    pipeline: pipeline.Pipeline
    vocabulary: vocabulary.Vocabulary
    heads: classifier.Heads


@cache
def _engine() -> Engine:
    return Engine(pipeline.load(), vocabulary.load(), classifier.load())


def engine() -> Engine:
    """Return the engine of this process; the first call loads it, which takes a second or two."""
    with _loading:
        return _engine()


@dataclass(frozen=True, slots=True)
class Seen:
    """A conversation as the engine sees it: words, what they mean, and where turns begin."""

    words: list[words.Word]
    read: pipeline.Read
    features: features.Features
    edges: tuple[int, ...]  # first word of each client turn that has any, and the end


def see(turns: Sequence[Turn], loaded_pipeline: pipeline.Pipeline) -> Seen:
    """Return what training and rating both look at."""
    found: list[words.Word] = []
    for number, (who, text) in enumerate(turns):
        if who == "client":
            found.extend(words.split(text[:MAX_CHARACTERS], number))
    if len(found) > MAX_WORDS:
        found = found[: MAX_WORDS // 2] + found[-MAX_WORDS // 2 :]
    texts = [word.text for word in found]
    read = loaded_pipeline.read(texts) if texts else pipeline.Read([], [])
    edges = [0] + [place for place, (a, b) in enumerate(pairwise(found), 1) if a.turn != b.turn]
    return Seen(
        found,
        read,
        features.extract(texts, read.found, read.fired),
        (*edges, len(found)),
    )


def later(
    edges: Sequence[int], places: Sequence[tuple[int, int]], before: int = 0
) -> NDArray[np.bool_]:
    """Return which runs reach past the first turn: there are many of them, so their line is stricter.

    before: turns of the client before the first edge.
    """
    return np.array([before > 0 or end > edges[1] for _first, end in places], np.bool_)


def rise(
    edges: Sequence[int], places: Sequence[tuple[int, int]], before: int = 0
) -> NDArray[np.float64]:
    """Return by how much the line rises for each run, by how many words it has and how late it ends.

    before: turns of the client before the first edge.
    """
    return _by_words(places) + _by_lateness(edges, places, before)


def _by_words(places: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """Return by how much the line rises for long runs, and for a few words.

    In many words, more sounds alarming by chance; a few say little, and most of them are how a talk begins.
    """
    lengths = np.array([end - first for first, end in places], np.float64)
    long = PER_DOUBLING * np.maximum(0.0, np.log2(lengths / USUAL))
    more: NDArray[np.float64] = long + PER_HALVING * np.maximum(0.0, np.log2(FEW / lengths))
    return more


def _by_lateness(
    edges: Sequence[int], places: Sequence[tuple[int, int]], before: int
) -> NDArray[np.float64]:
    """Return by how much the line rises for runs that end late: in many lines, one alarms by chance."""
    turns = before + np.searchsorted(edges, [end for _first, end in places])
    more: NDArray[np.float64] = PER_DOUBLING_LATE * np.log2(np.clip(turns, EARLY, LATE) / EARLY)
    return more


def runs(edges: Sequence[int]) -> list[tuple[int, int]]:
    """Return the runs of words that are scored as a whole: runs of consecutive turns, and windows.

    A run that was scored once is scored for ever: what is added later only adds runs.
    """
    result = {
        (first, end)
        for place, first in enumerate(edges[:-1])
        for end in edges[place + 1 : place + 1 + RUN]
    }
    for first in range(0, max(edges[-1] - WINDOW, 0), STRIDE):
        result.add((first, first + WINDOW))
    return sorted(result)


def _share(score: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(score, -30, 30))))


def recent(turns: Sequence[Turn]) -> Sequence[Turn]:
    """Return what the last turn is rated with: the last `RUN` turns of the client."""
    places = [place for place, (who, _text) in enumerate(turns) if who == "client"]
    return turns[places[-RUN] :] if len(places) > RUN else turns


def with_heads(heads: classifier.Heads) -> Engine:
    """Return an engine with other heads, for training and for a model in shadow."""
    return Engine(pipeline.load(), vocabulary.load(), heads)


def rate(
    turns: Sequence[Turn],
    *,
    thresholds: Thresholds = DEFAULT,
    using: Engine | None = None,
    before: int = 0,
) -> Rating:
    """Return the rating of a conversation so far, oldest turn first.

    using: another engine than the installed one (a model in shadow).
    before: how many turns of the client came before these; then none is judged as a first message.

    Never raises: what cannot be rated comes back as `unrated`, with the level `dringend`.
    """
    try:
        return _rate(turns, thresholds, using, before=before)
    except Exception as error:  # noqa: BLE001 (a failure must reach a human, whatever it is)
        # The message of an error may quote the text: only its kind may be written down.
        logger.error("triage failed: %s", type(error).__name__)
        return unrated("failure", turns)


def _rate(
    turns: Sequence[Turn], thresholds: Thresholds, using: Engine | None, *, before: int
) -> Rating:
    if not any(who == "client" and text.strip() for who, text in turns):
        return unrated("empty", turns)
    loaded = using or engine()
    seen = see(turns, loaded.pipeline)
    if not seen.words:
        return unrated("empty", turns)
    texts = [word.text for word in seen.words]
    masks = language.known(texts, loaded.vocabulary)
    spoken = language.detect(texts, masks, seen.read.found)
    # What was unsure stays so; but where a talk was cut, its first words stand there by chance.
    beginnings = () if before else seen.edges[1:-1][:RUN]
    unsure = spoken == language.UNSURE or language.is_ever_unsure(
        texts, masks, seen.read.found, beginnings
    )
    judged = _judge(seen, loaded.heads, thresholds, before=before)
    level = judged.level
    reasons = judged.reasons
    if unsure and level == Urgency.NORMAL:
        level = Urgency.DRINGEND
        reasons = (Reason("language", seen.words[-1].turn, 0, 0),)
    return Rating(level, judged.score, judged.signals, reasons, spoken, unsure)


@dataclass(frozen=True, slots=True)
class Judged:
    """Level, score and reasons of what was seen."""

    level: Urgency
    score: float
    signals: tuple[str, ...]
    reasons: tuple[Reason, ...]


def _judge(seen: Seen, heads: classifier.Heads, thresholds: Thresholds, *, before: int) -> Judged:
    lines = heads.thresholds
    sums = heads.sums(seen.features)
    places = runs(seen.edges)
    firsts, ends = np.array(places, np.int64).T
    scores = heads.scores(sums, firsts, ends)
    needed = np.where(later(seen.edges, places, before), lines["talk"], lines["dringend"])
    wholes = heads.danger(scores) - needed - rise(seen.edges, places, before)
    best = int(np.argmax(wholes))
    whole_share = _share(float(wholes[best]))
    acute_share = _share(float(scores[1].max()) - lines["sofort"])
    passage = sums.best(0)
    deciding = [fired for fired in seen.read.fired if fired.rule.decides]
    shares = {
        "dringend": whole_share,
        "alone": _share(passage.score - lines["alone"]),
    }
    level = Urgency.NORMAL
    if shares["dringend"] >= thresholds.dringend or shares["alone"] >= thresholds.alone or deciding:
        level = Urgency.DRINGEND
        if acute_share >= thresholds.sofort:
            level = Urgency.SOFORT
    if any(fired.rule.level == Urgency.SOFORT for fired in deciding):
        level = Urgency.SOFORT
    score = max(*shares.values(), 0.99 if deciding else 0.0)
    if level == Urgency.NORMAL:
        return Judged(level, score, (), ())
    signals = _signals(heads, scores[len(classifier.HEADS) :, best], deciding)
    return Judged(level, score, signals, _reasons(seen, passage, signals))


def _signals(
    heads: classifier.Heads, scores: NDArray[np.float64], deciding: list[Fired]
) -> tuple[str, ...]:
    """Return what the danger is: of deciding rules, then what the signal heads see, at most three."""
    signals = [fired.rule.signal for fired in deciding]
    ranked = sorted(zip(scores.tolist(), heads.signals, strict=True), reverse=True)
    signals.extend(
        signal
        for rank, (score, signal) in enumerate(ranked[:3])
        if score > 0 or (rank == 0 and not signals)
    )
    return tuple(dict.fromkeys(signals))[:3]


def _reasons(seen: Seen, passage: Span, signals: tuple[str, ...]) -> tuple[Reason, ...]:
    """Return the places to highlight: rules of the found signals, then the passage itself."""
    reasons: list[Reason] = []
    for fired in seen.read.fired:
        if fired.rule.decides or fired.rule.signal in signals:
            reasons.extend(_places(seen, fired.rule.signal, fired.first, fired.last))
    reasons = list(dict.fromkeys(reasons))[: MOST_REASONS - 2]
    code = signals[0] if signals else "wording"
    reasons.extend(_places(seen, code, passage.first, passage.end - 1)[:2])
    return tuple(dict.fromkeys(reasons))


def _places(seen: Seen, code: str, first: int, last: int) -> list[Reason]:
    """Return the words `first` to `last` as places, one for each turn they touch."""
    reasons: dict[int, Reason] = {}
    for word in seen.words[first : last + 1]:
        start = reasons[word.turn].start if word.turn in reasons else word.start
        reasons[word.turn] = Reason(code, word.turn, start, word.end)
    return list(reasons.values())
