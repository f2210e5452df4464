"""By when an answer is promised, and whether the promise was kept. Pure functions: time is passed in.

`sofort` and `dringend` are counted around the clock. `normal` is counted in working time
(`working_time.Calendar`). First response runs from creation; next response runs from the first client
message without an answer and stops with a reply that the client can see; neither runs while the case
waits for the client, and no note, automatic answer or internal move stops one. Beside either runs the
acknowledgement: until a human has looked. Source of rules and defaults: design.md, "Service levels".
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


class Channel(StrEnum):
    """Over what a client writes."""

    MAIL = "mail"
    CHAT = "chat"


class Response(StrEnum):
    """What a clock waits for."""

    ACKNOWLEDGEMENT = "ack"  # a human has looked
    FIRST = "first"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Level:
    """What is promised at one urgency.

    first, next: how long an answer may take. acknowledgement: until a human has looked; None: not
    promised. most_days: an answer never takes longer than to the end of so many working days after
    the day of the message (None: no such bound). warning: after which share of the time somebody is
    warned.
    """

    first: timedelta
    next: timedelta
    acknowledgement: timedelta | None = None
    most_days: int | None = None
    warning: float = WARNING_SHARE

    def of(self, response: Response) -> timedelta | None:
        """Return the target of one response; None when nothing is promised."""
        return {
            Response.ACKNOWLEDGEMENT: self.acknowledgement,
            Response.FIRST: self.first,
            Response.NEXT: self.next,
        }[response]


@dataclass(frozen=True, slots=True)
class Targets:
    """How long an answer may take, at each urgency. All counted as said above.

    The design has no number for the answer to `sofort` after a human has looked; an hour, so that it is
    due before everything else (ADR 0013).
    """

    sofort: Level = Level(
        timedelta(hours=1), timedelta(hours=1), acknowledgement=timedelta(minutes=5)
    )
    dringend: Level = Level(timedelta(hours=4), timedelta(hours=4))
    normal: Level = Level(timedelta(hours=24), timedelta(hours=24), most_days=2)

    def of(self, urgency: Urgency) -> Level:
        """Return what is promised at an urgency."""
        return {
            Urgency.SOFORT: self.sofort,
            Urgency.DRINGEND: self.dringend,
            Urgency.NORMAL: self.normal,
        }[urgency]


def promised_by(
    start: datetime, urgency: Urgency, *, targets: Targets, calendar: Calendar
) -> datetime:
    """Return the moment that is promised to who writes for the first time at `start`.

    Where a human looks first that moment is the promise, otherwise the answer. The result is aware
    and in the calendar's zone. Raises ValueError for a target that is not positive or a naive start,
    CalendarImpossible for a calendar that is closed for years.
    """
    responses = (Response.ACKNOWLEDGEMENT, Response.FIRST)
    promises = (
        promise(Clock(one, start, ((urgency, start),)), targets=targets, calendar=calendar)
        for one in responses
    )
    return min(one.due_at for one in promises if one is not None)


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
    SEEN = "seen"  # a human looked: claimed it, or acknowledged its alarm
    NOTED = "noted"
    ANSWERED_BY_MACHINE = "answered by machine"
    MOVED = "moved"  # released, handed over: inside the house
    RATED = "rated"  # a human rated the case, who looked at it for that


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `urgency`: of the case from then on, where it changed."""

    at: datetime
    what: Happened
    urgency: Urgency | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """The client waits for something. `stopped_at` and `by`: when and by what that ended.

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

    def rated(self, urgency: Urgency, *, at: datetime) -> "Clock":
        """Return the clock at an urgency from `at` on: higher adds a promise, lower leaves only its own."""
        if urgency < self.urgency:
            # A clock that was set back meanwhile must not promise something before the beginning.
            return replace(self, levels=(*self.levels, (urgency, max(at, self.since))))
        if urgency > self.urgency:
            # Only a human lowers; then it is as if it had never been higher.
            return replace(self, levels=((urgency, self.since),))
        return self

    def stopped(self, by: Happened, *, at: datetime) -> "Clock":
        """Return the clock as it ended."""
        return replace(self, stopped_at=at, by=by)


@dataclass(frozen=True, slots=True)
class Running:
    """The clocks of a case that run: the one for an answer, and until a human has looked."""

    response: Clock | None = None
    acknowledgement: Clock | None = None


def after(
    running: Running, event: Event, *, urgency: Urgency, answered: bool
) -> tuple[Running, list[Clock]]:
    """Return what runs after an event, and which clocks it stopped.

    urgency: of the case after the event. answered: whether the client has had an answer before it.
    """
    response, looked = running.response, running.acknowledgement
    stopped = []
    if event.what in _LOOKS and looked is not None:
        stopped.append(looked.stopped(event.what, at=event.at))
        looked = None
    if event.what in _STOPS and response is not None:
        stopped.append(response.stopped(event.what, at=event.at))
        response = None
    begins = event.what in _STARTS and response is None
    if begins:
        kind = Response.NEXT if answered else Response.FIRST
        response = Clock(kind, event.at, ((urgency, event.at),))
    rises = response is not None and urgency < response.urgency and event.what not in _LOOKS
    if response is not None:
        response = response.rated(urgency, at=event.at)
    if looked is not None:
        looked = looked.rated(urgency, at=event.at)
    elif rises or (begins and event.what is not Happened.REOPENED):  # who reopens has looked
        looked = Clock(Response.ACKNOWLEDGEMENT, event.at, ((urgency, event.at),))
    return Running(response, looked), stopped


def clocks(history: Iterable[Event]) -> list[Clock]:
    """Return every clock that ran in a case: the stopped ones in the order of their ends, then what runs.

    history: in the order in which it happened.
    """
    done: list[Clock] = []
    running = Running()
    urgency = Urgency.NORMAL
    answered = False
    for event in history:
        urgency = urgency if event.urgency is None else event.urgency
        running, stopped = after(running, event, urgency=urgency, answered=answered)
        done += stopped
        answered = answered or event.what is Happened.REPLIED
    return [*done, *(one for one in (running.acknowledgement, running.response) if one)]


_STARTS = frozenset([Happened.ASKED, Happened.CLIENT_WROTE, Happened.REOPENED])
_STOPS = frozenset([Happened.REPLIED, Happened.CLOSED])
_LOOKS = _STOPS | {Happened.SEEN, Happened.RATED}


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


def promise(clock: Clock, *, targets: Targets, calendar: Calendar) -> Promise | None:
    """Return what is promised for a clock: the earliest of what its urgencies promise.

    None when nothing is. Raises ValueError or CalendarImpossible as `working_time.deadline` does.
    """
    promises = [
        one
        for urgency, since in clock.levels
        if (one := _promised(clock.response, urgency, since, targets, calendar)) is not None
    ]
    return min(promises, key=lambda one: (one.due_at, one.warn_at), default=None)


def _promised(
    response: Response, urgency: Urgency, since: datetime, targets: Targets, calendar: Calendar
) -> Promise | None:
    level = targets.of(urgency)
    target = level.of(response)
    if target is None:
        return None
    counted = calendar if urgency is Urgency.NORMAL else working_time.round_the_clock(calendar.zone)
    due = working_time.deadline(since, target, counted)
    if level.most_days is not None:
        last = working_time.end_of_working_day(since, level.most_days, counted)
        if last < due:
            due, target = last, working_time.elapsed(since, last, counted)
    return Promise(due, working_time.deadline(since, target * level.warning, counted))
