"""Whether the chat is open, and how long somebody will wait. Pure functions: time is passed in.

The numbers are honest or they are not given: a wait is a range out of how long chats have lasted here,
and who cannot be reached before closing time is told so at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

# How long a chat lasts where nobody has seen enough of them yet; and how many are enough.
USUAL = (timedelta(minutes=15), timedelta(minutes=45))
ENOUGH = 8
STEP = timedelta(minutes=5)  # in which waits are told
AT_ONCE = timedelta(minutes=5)  # until somebody with room has looked


@dataclass(frozen=True, slots=True)
class Wait:
    """How long somebody will wait, from `least` to `most`; `known`: out of this house's own chats."""

    least: timedelta
    most: timedelta
    known: bool


def expected(position: int, *, free: int, seats: int, lengths: Sequence[timedelta]) -> Wait | None:
    """Return how long the one at a position in line will wait; None while nobody has a seat at all.

    position: 1 is next. free, seats: how many more chats the people on duty can take, and how many
    they can at all. lengths: how long the latest chats lasted.

    One seat becomes free every (length / seats); who stands at position n needs n - free of them. The
    range comes from the middle half of the lengths.
    """
    if seats < 1:
        return None
    if position <= free:
        return Wait(timedelta(), AT_ONCE, known=True)
    known = len(lengths) >= ENOUGH
    short, long = _middle_half(lengths) if known else USUAL
    turns = (position - free) / seats
    # The chats that go on now have lasted for a while already: at best they end soon.
    least = short * max(0.0, turns - 1 / seats)
    return Wait(_down(least), _up(long * turns + AT_ONCE), known=known)


def _middle_half(lengths: Sequence[timedelta]) -> tuple[timedelta, timedelta]:
    ordered = sorted(lengths)
    return ordered[len(ordered) // 4], ordered[(3 * len(ordered)) // 4]


def _down(span: timedelta) -> timedelta:
    return (span // STEP) * STEP


def _up(span: timedelta) -> timedelta:
    return ceil(span / STEP) * STEP


class Shut(StrEnum):
    """Why nobody can enter the chat now."""

    OFF = "off"  # the organisation offers none
    HOURS = "hours"  # not open, or nobody is on duty for it
    CLOSING = "closing"  # whoever came now would not be reached before it closes
    FULL = "full"  # too many wait


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether the chat is open. until: when it closes, if it is open by its hours now.

    opens_at: when it opens next, where it is shut by its hours (None: not planned). wait: what the
    next one who comes has to expect.
    """

    shut: Shut | None
    until: datetime | None = None
    opens_at: datetime | None = None
    wait: Wait | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A team's chats at a moment. waiting: in line; the others as `expected` takes them."""

    waiting: int
    free: int
    seats: int
    lengths: Sequence[timedelta] = ()


def opening(
    *,
    offered: bool,
    hours: Sequence[tuple[datetime, datetime]],
    line: Line,
    most_waiting: int,
    last_entry: timedelta,
    at: datetime,
) -> Opening:
    """Say whether somebody may enter.

    hours: when the chat is open from `at` on, in order. most_waiting: so many may wait for each seat.
    last_entry: nobody enters so shortly before it closes, nor who would surely not be reached by then.
    """
    if not offered:
        return Opening(Shut.OFF)
    now = next(((opens, closes) for opens, closes in hours if opens <= at < closes), None)
    later = next((opens for opens, _closes in hours if opens > at), None)
    if now is None or line.seats < 1:
        return Opening(Shut.HOURS, opens_at=later)
    until = now[1]
    wait = expected(line.waiting + 1, free=line.free, seats=line.seats, lengths=line.lengths)
    assert wait is not None  # there is a seat
    if at + max(wait.least, last_entry) > until:
        return Opening(Shut.CLOSING, until=until, opens_at=later, wait=wait)
    if line.waiting >= line.free + most_waiting * line.seats:
        return Opening(Shut.FULL, until=until, wait=wait)
    return Opening(None, until=until, wait=wait)


def misses_closing(wait: Wait | None, *, until: datetime | None, at: datetime) -> bool:
    """Say whether somebody in line will perhaps not be reached before the chat closes."""
    return until is None or wait is None or at + wait.most > until
