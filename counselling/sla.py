"""By when an answer is promised, and whether the promise was kept. Pure functions: time is passed in.

`sofort` and `dringend` are counted around the clock. `normal` is counted in working time
(`working_time.Calendar`). First response runs from creation; next response runs from the first client
message without an answer and stops with a reply that the client can see; neither runs while the case
waits for the client, and no note, automatic answer or internal move stops one. Source of rules and
defaults: design.md, "Service levels".
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from counselling import working_time
from counselling.working_time import Calendar

DELETION_WARNING = timedelta(days=14)  # before a closed case is deleted
WARNING_SHARE = 0.75  # of a target; from then on it is about to be missed


class Urgency(IntEnum):
    """How soon a human must see a message; lower comes first."""

    SOFORT = 0
    DRINGEND = 1
    NORMAL = 2


@dataclass(frozen=True, slots=True)
class Targets:
    """How long an answer may take. sofort: until a human has seen it. All counted as said above."""

    sofort: timedelta = timedelta(minutes=5)
    dringend: timedelta = timedelta(hours=4)
    normal: timedelta = timedelta(hours=24)

    def of(self, urgency: Urgency) -> timedelta:
        """Return the target of an urgency."""
        return {
            Urgency.SOFORT: self.sofort,
            Urgency.DRINGEND: self.dringend,
            Urgency.NORMAL: self.normal,
        }[urgency]


def promised_by(
    start: datetime, urgency: Urgency, *, targets: Targets, calendar: Calendar
) -> datetime:
    """Return the moment by which the answer to a message written at `start` is promised.

    The answer is aware and in the calendar's zone. Raises ValueError for a target that is not
    positive or a naive start, CalendarImpossible for a calendar that is closed for years.
    """
    return working_time.deadline(start, targets.of(urgency), _counted_in(urgency, calendar))


def _counted_in(urgency: Urgency, calendar: Calendar) -> Calendar:
    if urgency is Urgency.NORMAL:
        return calendar
    return working_time.round_the_clock(calendar.zone)


def deleted_at(
    quiet_since: datetime, *, days: int, warned_at: datetime | None, now: datetime
) -> datetime:
    """Return the moment from which a closed case is deleted.

    days: how long the organisation keeps closed cases. warned_at: when the client was warned, None
    if that is still to come. The client has 14 days from the warning, also when the organisation
    shortens the time afterwards (source: "Nobody can read it", retention).
    """
    return max(quiet_since + timedelta(days=days), (warned_at or now) + DELETION_WARNING)


# --- Clocks, out of what happened ----------------------------------------------------------------
class Happened(StrEnum):
    """What can happen in a case, as far as clocks are concerned."""

    ASKED = "asked"
    CLIENT_WROTE = "client wrote"
    REPLIED = "replied"  # the client can see it
    CLOSED = "closed"
    REOPENED = "reopened"
    NOTED = "noted"
    ANSWERED_BY_MACHINE = "answered by machine"
    MOVED = "moved"  # claimed, released, handed over: inside the house
    RATED = "rated"  # the urgency changed


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `urgency`: of the case from then on, where it changed."""

    at: datetime
    what: Happened
    urgency: Urgency | None = None


class Response(StrEnum):
    """Which answer a clock waits for."""

    FIRST = "first"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Clock:
    """The client waits for an answer. `stopped_at` and `by`: when and by what that ended.

    levels: the urgencies since it ran, each with the moment from which its target counts; what was
    promised for an earlier one stays promised.
    """

    response: Response
    since: datetime
    levels: tuple[tuple[Urgency, datetime], ...]
    stopped_at: datetime | None = None
    by: Happened | None = None

    @property
    def urgency(self) -> Urgency:
        """Return the urgency that the client waits with."""
        return self.levels[-1][0]


def clocks(history: Iterable[Event]) -> list[Clock]:
    """Return every clock that ran in a case, in order; only the last may still run.

    history: in the order in which it happened.
    """
    done: list[Clock] = []
    running: Clock | None = None
    urgency = Urgency.NORMAL
    answered = False
    for event in history:
        urgency = urgency if event.urgency is None else event.urgency
        if event.what in _STARTS and running is None:
            response = Response.NEXT if answered else Response.FIRST
            running = Clock(response, event.at, ((urgency, event.at),))
        elif running is not None and event.what in _STOPS:
            done.append(replace(running, stopped_at=event.at, by=event.what))
            running = None
        elif running is not None and urgency < running.urgency:
            running = replace(running, levels=(*running.levels, (urgency, event.at)))
        elif running is not None and urgency > running.urgency:
            # Only a human lowers; then it is as if it had never been higher.
            running = replace(running, levels=((urgency, running.since),))
        answered = answered or event.what is Happened.REPLIED
    return done if running is None else [*done, running]


_STARTS = frozenset([Happened.ASKED, Happened.CLIENT_WROTE, Happened.REOPENED])
_STOPS = frozenset([Happened.REPLIED, Happened.CLOSED])


class Standing(StrEnum):
    """How a promise stands."""

    KEPT = "kept"
    RUNNING = "running"
    WARNED = "warned"  # about to be missed
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Promise:
    """By when an answer is due, and from when on somebody should be warned."""

    due_at: datetime
    warn_at: datetime

    def standing(self, clock: Clock, *, now: datetime) -> Standing:
        """Say how the promise of a clock stands."""
        if clock.stopped_at is not None:
            return Standing.BREACHED if clock.stopped_at > self.due_at else Standing.KEPT
        if now > self.due_at:
            return Standing.BREACHED
        return Standing.WARNED if now >= self.warn_at else Standing.RUNNING


def promise(
    clock: Clock, *, targets: Targets, calendar: Calendar, warning: float = WARNING_SHARE
) -> Promise:
    """Return what is promised for a clock: the earliest of what its urgencies promise.

    warning: after which share of the target somebody is warned.
    """
    due, warn = min(
        (
            working_time.deadline(since, targets.of(urgency), counted),
            working_time.deadline(since, targets.of(urgency) * warning, counted),
        )
        for urgency, since in clock.levels
        for counted in [_counted_in(urgency, calendar)]
    )
    return Promise(due, warn)
