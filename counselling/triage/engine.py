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
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from counselling.sla import Urgency
from counselling.triage import classifier, features, language, pipeline, vocabulary, words
from counselling.triage.rating import DEFAULT, RUN, Rating, Reason, Thresholds, Turn, unrated
from counselling.triage.rules import Fired
from counselling.triage.spans import Span

logger = logging.getLogger(__name__)

MAX_WORDS = 6_000  # rated of one conversation: the first half and the last half of them
HALF = MAX_WORDS // 2
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

    words: list[str]
    hashes: list[int]  # of the words
    read: pipeline.Read
    features: features.Features
    edges: tuple[int, ...]  # first word of each client turn that has any, and the end
    turns: tuple[int, ...]  # the numbers of these turns


def see(turns: Sequence[Turn], loaded_pipeline: pipeline.Pipeline) -> Seen:
    """Return what training and rating both look at."""
    found: list[str] = []
    edges: list[int] = [0]
    numbers: list[int] = []
    for number, (who, text) in enumerate(turns):
        if who == "client" and (some := words.spellings(text[:MAX_CHARACTERS])):
            found += some
            edges.append(len(found))
            numbers.append(number)
    if len(found) > MAX_WORDS:
        edges, numbers = _cut(edges, numbers)
        found = found[:HALF] + found[-HALF:]
    hashes = [crc32(word.encode()) for word in found]
    read = loaded_pipeline.read(found)
    extracted = features.extract(found, hashes, read.found, read.fired)
    return Seen(found, hashes, read, extracted, tuple(edges), tuple(numbers))


def _cut(edges: list[int], numbers: list[int]) -> tuple[list[int], list[int]]:
    """Return edges and numbers of the turns that are left when the middle of a conversation is cut out."""
    after = edges[-1] - HALF  # the first word behind what is cut out
    moved = [min(edge, HALF) if edge < after else edge - after + HALF for edge in edges]
    left = [
        (end, number) for (a, end), number in zip(pairwise(moved), numbers, strict=True) if a < end
    ]
    return [0, *(end for end, _number in left)], [number for _end, number in left]


Places = NDArray[np.int64]  # words


def later(edges: Sequence[int], ends: Places, before: int = 0) -> NDArray[np.bool_]:
    """Return which runs reach past the first turn: there are many of them, so their line is stricter.

    before: turns of the client before the first edge.
    """
    return np.full(len(ends), True) if before else ends > edges[1]


def rise(
    edges: Sequence[int], firsts: Places, ends: Places, before: int = 0
) -> NDArray[np.float64]:
    """Return by how much the line rises for each run, by how many words it has and how late it ends.

    before: turns of the client before the first edge.
    """
    return _by_words(ends - firsts) + _by_lateness(edges, ends, before)


def _by_words(lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return by how much the line rises for long runs, and for a few words.

    In many words, more sounds alarming by chance; a few say little, and most of them are how a talk begins.
    """
    long = PER_DOUBLING * np.maximum(0.0, np.log2(lengths / USUAL))
    more: NDArray[np.float64] = long + PER_HALVING * np.maximum(0.0, np.log2(FEW / lengths))
    return more


def _by_lateness(edges: Sequence[int], ends: Places, before: int) -> NDArray[np.float64]:
    """Return by how much the line rises for runs that end late: in many lines, one alarms by chance."""
    turns = before + np.searchsorted(edges, ends)
    late = np.minimum(np.maximum(turns, EARLY), LATE)
    more: NDArray[np.float64] = PER_DOUBLING_LATE * np.log2(late / EARLY)
    return more


def runs(edges: Sequence[int]) -> tuple[Places, Places]:
    """Return the runs of words that are scored as a whole, from a first word to before an end, in order.

    They are runs of consecutive turns, and windows. A run that was scored once is scored for ever: what is
    added later only adds runs.
    """
    grid = np.array(edges, np.int64)
    turns = len(edges) - 1
    number = np.arange(turns)
    sizes = np.minimum(turns - number, RUN)  # how many runs begin with each turn
    begin = np.repeat(number, sizes)
    end = np.arange(1, len(begin) + 1) - np.repeat(sizes.cumsum() - sizes - number, sizes)
    firsts, ends = grid[begin], grid[end]
    if edges[-1] <= WINDOW:
        return firsts, ends
    windows = np.arange(0, edges[-1] - WINDOW, STRIDE)
    whole = np.stack([np.append(firsts, windows), np.append(ends, windows + WINDOW)], axis=1)
    firsts, ends = np.unique(whole, axis=0).T
    return firsts, ends


def _share(score: float) -> float:
    return float(1 / (1 + np.exp(-min(max(score, -30.0), 30.0))))


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
    told = language.Spoken(seen.words, seen.hashes, seen.read.found, loaded.vocabulary)
    spoken = told.detect()
    # What was unsure stays so; but where a talk was cut, its first words stand there by chance.
    beginnings = () if before else seen.edges[1:-1][:RUN]
    unsure = spoken == language.UNSURE or told.is_ever_unsure(beginnings)
    judged = _judge(turns, seen, loaded.heads, thresholds, before=before)
    level = judged.level
    reasons = judged.reasons
    if unsure and level == Urgency.NORMAL:
        level = Urgency.DRINGEND
        reasons = (Reason("language", seen.turns[-1], 0, 0),)
    return Rating(level, judged.score, judged.signals, reasons, spoken, unsure)


@dataclass(frozen=True, slots=True)
class Judged:
    """Level, score and reasons of what was seen."""

    level: Urgency
    score: float
    signals: tuple[str, ...]
    reasons: tuple[Reason, ...]


def _judge(
    turns: Sequence[Turn],
    seen: Seen,
    heads: classifier.Heads,
    thresholds: Thresholds,
    *,
    before: int,
) -> Judged:
    lines = heads.thresholds
    sums = heads.sums(seen.features)
    firsts, ends = runs(seen.edges)
    scores = heads.scores(sums, firsts, ends)
    needed = np.where(later(seen.edges, ends, before), lines["talk"], lines["dringend"])
    wholes = heads.danger(scores) - needed - rise(seen.edges, firsts, ends, before)
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
    return Judged(level, score, signals, _reasons(turns, seen, passage, signals))


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


def _reasons(
    turns: Sequence[Turn], seen: Seen, passage: Span, signals: tuple[str, ...]
) -> tuple[Reason, ...]:
    """Return the places to highlight: rules of the found signals, then the passage itself."""
    places = _Places(turns, seen)
    reasons: list[Reason] = []
    for fired in seen.read.fired:
        if fired.rule.decides or fired.rule.signal in signals:
            reasons.extend(places.of(fired.rule.signal, fired.first, fired.last))
    reasons = list(dict.fromkeys(reasons))[: MOST_REASONS - 2]
    code = signals[0] if signals else "wording"
    reasons.extend(places.of(code, passage.first, passage.end - 1)[:2])
    return tuple(dict.fromkeys(reasons))


class _Places:
    """Where words stand in their turns; looked up when something alarmed, as most lines do not."""

    def __init__(self, turns: Sequence[Turn], seen: Seen) -> None:
        self._turns = turns
        self._seen = seen
        self._of_turn: dict[int, list[tuple[int, int]]] = {}

    def of(self, code: str, first: int, last: int) -> list[Reason]:
        """Return the words `first` to `last` as places, one for each turn they touch."""
        edges = self._seen.edges
        reasons: list[Reason] = []
        for at in range(bisect_right(edges, first) - 1, bisect_right(edges, last)):
            start, _end = self._word(at, max(first, edges[at]))
            _start, end = self._word(at, min(last, edges[at + 1] - 1))
            reasons.append(Reason(code, self._seen.turns[at], start, end))
        return reasons

    def _word(self, at: int, place: int) -> tuple[int, int]:
        """Return the characters from and to of a word of the turn between two edges."""
        number = self._seen.turns[at]
        if number not in self._of_turn:
            self._of_turn[number] = words.places(self._turns[number][1][:MAX_CHARACTERS])
        # What was cut out of a conversation may be out of this turn: its last words are counted from its end.
        edge = self._seen.edges[at if place < HALF else at + 1]
        return self._of_turn[number][place - edge]
