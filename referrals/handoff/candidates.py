"""In which order services are proposed for a case, and why. Pure.

The search has put them in order by need, words, nearness and district. What is known of how a service
answers moves it within that order: one rank of the search weighs as much as two or three of these
together, so that nobody is sent to a fast answer that does not fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

FEWEST = 5  # referrals from which on a rate is told
RANK = 1.0  # what one place in the search's order is worth
SLOWEST = timedelta(days=10)
LONGEST_WAIT = 26  # weeks; longer counts the same


class Reason(StrEnum):
    """Why a service stands where it stands."""

    NEED = "need"
    NEAR = "near"
    AGE = "age"
    LANGUAGE = "language"
    ROOM = "room"
    WAITING = "waiting"
    FULL = "full"
    ACCEPTS = "accepts"
    DECLINES = "declines"
    QUICK = "quick"
    SLOW = "slow"
    DESK = "desk"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Record:
    """How a service has answered so far: referrals answered, of these accepted, median time to answer."""

    answered: int = 0
    accepted: int = 0
    median: timedelta | None = None

    @property
    def rate(self) -> float | None:
        """Return the share of accepted ones, None where they are too few to tell."""
        return self.accepted / self.answered if self.answered >= FEWEST else None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one service. rank: its place in the search, from 0. distance: in km."""

    rank: int
    fits_need: bool
    distance: float | None
    fits_age: bool | None
    fits_language: bool | None
    capacity: str
    weeks: int | None
    has_desk: bool
    is_stale: bool
    record: Record = Record()


@dataclass(frozen=True, slots=True)
class Judged:
    """A service's place among the candidates: higher is better, and the reasons in order of weight."""

    score: float
    reasons: Sequence[Reason]


def judge(known: Known) -> Judged:
    """Weigh what is known of a service."""
    found: list[tuple[float, Reason]] = []
    if known.fits_need:
        found.append((3.0, Reason.NEED))
    if known.distance is not None and known.distance <= 25:
        found.append((0.5, Reason.NEAR))
    if known.fits_age:
        found.append((0.8, Reason.AGE))
    elif known.fits_age is False:
        found.append((-4.0, Reason.AGE))
    if known.fits_language:
        found.append((1.0, Reason.LANGUAGE))
    found += _room(known)
    found += _answers(known.record)
    if known.has_desk:
        found.append((0.6, Reason.DESK))
    if known.is_stale:
        found.append((-0.5, Reason.STALE))
    score = sum(weight for weight, _reason in found) - RANK * known.rank
    said = sorted(found, key=lambda pair: -abs(pair[0]))
    return Judged(score, [r for weight, r in said if weight > 0 or r is not Reason.AGE])


def _room(known: Known) -> list[tuple[float, Reason]]:
    if known.capacity == "frei":
        return [(1.0, Reason.ROOM)]
    if known.capacity == "voll":
        return [(-2.0, Reason.FULL)]
    if known.weeks:
        return [(-min(known.weeks, LONGEST_WAIT) / LONGEST_WAIT * 1.5, Reason.WAITING)]
    return []


def _answers(record: Record) -> list[tuple[float, Reason]]:
    found: list[tuple[float, Reason]] = []
    if record.rate is not None:
        weight = (record.rate - 0.5) * 2
        found.append((weight, Reason.ACCEPTS if weight >= 0 else Reason.DECLINES))
    if record.median is not None and record.answered >= FEWEST:
        slow = min(record.median, SLOWEST) / SLOWEST
        found.append((0.8 - 1.6 * slow, Reason.QUICK if slow < 0.5 else Reason.SLOW))
    return found
