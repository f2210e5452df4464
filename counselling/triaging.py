"""Where the triage engine runs: off the request's thread, with a limit of two seconds.

In threads of this process, or in one beside it (`rate_beside`). Whatever goes wrong or takes too long comes
back as "not rated: look first". Nothing here touches the database, and no text outlives the call.
"""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings

from counselling.rating_process import LOADING, Beside, NoAnswer
from counselling.sla import Urgency
from counselling.triage.rating import DEFAULT, Rating, Thresholds, Turn

if TYPE_CHECKING:
    from counselling.triage.engine import Engine

log = logging.getLogger("lotse.triage")

SECONDS = 2.0  # issue 4: what takes longer leaves the case unrated
SHADOW_SECONDS = 0.5  # what a model on trial may add to a client's waiting
TOGETHER = 8  # rated within one limit of two seconds
NEWLY = 0.02  # of the score: what is written after a human's review must add this much to count
MOST_REASONS = 12
UNRATED = frozenset(["empty", "language", "too_long", "failure", "timeout"])


class Said(NamedTuple):
    """One message of a client: its number in the case, and the text."""

    seq: int
    text: str


class Place(NamedTuple):
    """Why, and which characters of which message show it."""

    code: str
    seq: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a model found. `unrated`: why a human must look first, or nothing. No text in it."""

    level: Urgency
    score: float
    signals: tuple[str, ...]
    reasons: tuple[Place, ...]
    language: str
    unrated: str
    model: str
    duration_ms: int
    shadow: "Verdict | None" = None

    @property
    def is_urgent(self) -> bool:
        """Say whether a human must look the same day."""
        return self.level < Urgency.NORMAL

    @property
    def found_nothing(self) -> bool:
        """Say whether it is urgent only because it could not be rated."""
        return bool(self.unrated) and not self.signals

    def shows_in(self, seq: int) -> bool:
        """Say whether this message is among what alarmed."""
        return any(place.seq == seq for place in self.reasons)


class Wanted(NamedTuple):
    """What a client has written so far, oldest first, and how it is to be rated.

    judged: up to which message number a human has judged already; what stood there moves nothing
    again, unless what is new makes it worse. before: how many of the client's messages came before these.
    """

    conversation: Sequence[Said]
    thresholds: Thresholds = DEFAULT
    judged: int = 0
    before: int = 0


# What loads all of the engine: words of no language make it load what tells languages apart, too.
FIRST = [
    Wanted([Said(1, text)]) for text in ("Guten Tag, ich habe eine Frage.", "zzrq xqvw kkzt pfrq")
]


def rate(wanted: Wanted) -> Verdict:
    """Rate a conversation; never raise, never take much over two seconds."""
    return rate_all([wanted])[0]


def rate_all(some: Sequence[Wanted]) -> list[Verdict]:
    """Rate several conversations, each as `rate`."""
    found: list[Verdict] = []
    for first in range(0, len(some), TOGETHER):
        found += _rated(some[first : first + TOGETHER])
    return found


def _rated(some: Sequence[Wanted]) -> list[Verdict]:
    began = time.monotonic()
    try:
        works = [] if _Where.beside else [_here().pool.submit(_verdict, one, None) for one in some]
        folder = settings.TRIAGE_SHADOW
        trials = [_here().pool.submit(_verdict, one, folder) for one in some] if folder else []
    except RuntimeError:  # the process ends while it still answers; it begins nothing new
        return [unrated("failure") for _one in some]
    found = [_result(work, SECONDS) for work in works] if works else _rated_beside(some)
    if not trials:
        return found
    until = min(began + SECONDS, time.monotonic() + SHADOW_SECONDS)
    return [
        replace(own, shadow=_result(trial, max(0.0, until - time.monotonic())))
        for own, trial in zip(found, trials, strict=True)
    ]


def _rated_beside(some: Sequence[Wanted]) -> list[Verdict]:
    try:
        return list(_here().other.ask(some, seconds=SECONDS))
    except NoAnswer as why:
        log.error("no rating from the process beside this one: %s", why)
        return [unrated(str(why), took=SECONDS) for _one in some]


def verdicts(some: Sequence[Wanted]) -> list[Verdict]:
    """Rate in this very thread. What `rating_process` calls on the other side."""
    return [_verdict(one, None) for one in some]


def unrated(code: str, *, model: str = "", took: float = 0.0) -> Verdict:
    """Return the verdict on what could not be rated: a human looks first. took: in seconds."""
    return Verdict(Urgency.DRINGEND, 0.5, (), (), "unsure", code, model, round(took * 1000))


def rate_beside() -> None:
    """Rate in a process beside this one from now on. Models on trial stay here."""
    _Where.beside = True


def warm_up() -> None:
    """Load the engine before the first message comes; a failure is logged and stops nothing."""
    try:
        found = _here().other.ask(FIRST, seconds=LOADING) if _Where.beside else verdicts(FIRST)
    except NoAnswer:
        found = [unrated("failure")]
    if any(one.unrated == "failure" for one in found):
        log.error("the triage engine does not load: every case will be one to look at first")
        return
    if settings.TRIAGE_SHADOW:
        _verdict(FIRST[0], settings.TRIAGE_SHADOW)


def _result(work: "Future[Verdict]", seconds: float) -> Verdict:
    try:
        return work.result(timeout=seconds)
    except TimeoutError:
        work.cancel()
        log.error("a rating took too long")
        return unrated("timeout", took=seconds)


def _verdict(wanted: Wanted, folder: str | None) -> Verdict:
    """Rate in this thread. folder: of a model on trial; None for the installed one."""
    began = time.monotonic()
    try:
        engine = _on_trial(folder) if folder else None
        model = _fingerprint(folder)
        rating, skipped = _rate(wanted, engine)
    except Exception as error:  # noqa: BLE001 - whatever it is, a human must look
        # An error's words may quote the text: only its kind is written down.
        log.error("a rating failed: %s", type(error).__name__)
        return unrated("failure", took=time.monotonic() - began)
    return Verdict(
        level=rating.level,
        score=round(float(rating.score), 4),
        signals=tuple(rating.signals),
        reasons=tuple(
            Place(
                reason.code,
                wanted.conversation[skipped + reason.turn].seq,
                reason.start,
                reason.end,
            )
            for reason in rating.reasons[:MOST_REASONS]
            if reason.end > reason.start
        ),
        language=rating.language,
        unrated=_why_unrated(rating),
        model=model,
        duration_ms=round((time.monotonic() - began) * 1000),
    )


def _rate(wanted: Wanted, engine: "Engine | None") -> tuple[Rating, int]:
    """Return the rating that counts, and how many messages at the beginning it left out."""
    # Here, because spaCy takes a second to import and most commands of manage.py never rate.
    from counselling.triage.engine import rate as rate_turns  # noqa: PLC0415

    def rated(turns: Sequence[Turn], *, before: int) -> Rating:
        return rate_turns(turns, thresholds=wanted.thresholds, using=engine, before=before)

    turns: list[Turn] = [("client", said.text) for said in wanted.conversation]
    whole = rated(turns, before=wanted.before)
    known = sum(said.seq <= wanted.judged for said in wanted.conversation)
    if not known:
        return whole, 0
    old = rated(turns[:known], before=wanted.before)
    if whole.level < old.level or whole.score > old.score + NEWLY:
        return whole, 0
    # What is new after a human has judged is looked at as if nothing had been before.
    return rated(turns[known:], before=0), known


def _why_unrated(rating: Rating) -> str:
    if not rating.unrated:
        return ""
    return next((r.code for r in rating.reasons if r.code in UNRATED), "language")


@cache
def _on_trial(folder: str) -> "Engine":
    from counselling.triage import classifier, engine  # noqa: PLC0415 - as above

    return engine.with_heads(classifier.load(Path(folder)))


@cache
def _fingerprint(folder: str | None) -> str:
    """Return what names a model: the same files, the same name."""
    from counselling.triage import classifier  # noqa: PLC0415 - as above

    place = Path(folder) if folder else classifier.FOLDER
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(place.glob("heads.*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class _Where:
    """Where this process rates; a forked child gets its own threads, and its own process beside it."""

    lock = threading.Lock()
    process = 0
    pool: ThreadPoolExecutor
    other = Beside()
    beside = False


def _here() -> type[_Where]:
    with _Where.lock:
        if _Where.process != os.getpid():
            _Where.pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="triage")
            _Where.other = Beside()
            _Where.process = os.getpid()
        return _Where
