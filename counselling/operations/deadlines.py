"""The one writer of deadlines: what runs in a case, what stopped it, what was missed.

Every change of a case that clocks care about is told to `happened`, under the case's lock; which
clocks that starts or stops is decided by `sla.after` alone.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.written import Asked, WrittenChange, WrittenForMany, WrittenRows
from audit import trail
from counselling import events, promises, sla
from counselling.models import Breach, Case, Deadline, Message
from counselling.promises import Rules, clock_of
from counselling.sla import Clock, Event, Happened, Running, Urgency
from counselling.states import CaseState


@dataclass(frozen=True, slots=True)
class Plain:
    """What follows for one case: deadlines that end in time, and new ones."""

    ended: Sequence[Deadline]
    begun: Sequence[Deadline]


# What of a case says where it stands in a queue.
PLACED = ("waiting_since", "due_at")


def begin(case: Case, *, at: datetime) -> list[Deadline]:
    """Promise an answer to a case that is about to be stored; return the deadlines to store after it."""
    rules = promises.remembered(case.organisation)
    running, _stopped = sla.after(
        Running(), Event(at, Happened.ASKED), urgency=Urgency(case.urgency), answered=False
    )
    clocks = [clock for clock in (running.response, running.acknowledgement) if clock]
    rows = [row for clock in clocks if (row := _new(clock, case=case, rules=rules)) is not None]
    case.waiting_since, case.due_at = at, min(row.due_at for row in rows)
    return rows


def store(rows: Sequence[Deadline]) -> None:
    """Store what `begin` returned, when the case is stored."""
    _NEW.add(rows)


def happened(case: Case, what: Happened, *, at: datetime) -> None:
    """Start, stop and move the clocks of a locked case after something happened in it.

    case: with its organisation, and its urgency as it is now.
    """
    rows = running_of(case)
    follows = _follows(case, what, rows, answered=lambda: _was_answered(case), at=at)
    for clock in follows.stopped:
        _stop(rows, clock, case=case, at=at)
    rows = [row for row in rows if row.ended_at is None]
    if follows.begun or follows.changed:
        rules = promises.rules(case.organisation)
        for clock in (*follows.begun, *follows.changed):
            rows = _keep(rows, clock, case=case, rules=rules)
    _place(case, rows)


def plainly(
    case: Case,
    what: Happened,
    rows: Sequence[Deadline],
    *,
    answered: bool,
    rules: Rules,
    at: datetime,
) -> Plain | None:
    """Return what follows for a locked case, as `happened` does it, if it is nothing but that.

    rows: what runs in it. answered: whether its client has had an answer. None: a deadline was missed,
    or one that runs changes; then `happened` has to do it.
    """
    follows = _follows(case, what, rows, answered=lambda: answered, at=at)
    ended = [row for clock in follows.stopped for row in rows if row.kind == clock.response]
    if follows.changed or any(at > row.due_at and row.breached_at is None for row in ended):
        return None
    new = (_new(clock, case=case, rules=rules) for clock in follows.begun)
    begun = [row for row in new if row is not None]
    for row, clock in zip(ended, follows.stopped, strict=True):
        assert clock.by is not None
        row.ended_at, row.end = at, Deadline.End(clock.by)
    left = [row for row in rows if row.ended_at is None]
    if left or begun or case.state not in CaseState.client_waits():
        _put(case, [*left, *begun])
    return Plain(ended, begun)


def store_plain(plain: Iterable[Plain]) -> None:
    """Store what `plainly` returned of several cases; PLACED of the cases is the caller's."""
    plain = list(plain)
    alike: dict[tuple[datetime | None, str], list[Deadline]] = {}
    for row in (row for one in plain for row in one.ended):
        alike.setdefault((row.ended_at, row.end), []).append(row)
    for (ended_at, end), rows in alike.items():
        _ENDED.make([row.pk for row in rows], ended_at=ended_at, end=end)
    store([row for one in plain for row in one.begun])


def running_among(cases: Collection[UUID]) -> Asked[dict[UUID, list[Deadline]]]:
    """Ask for the deadlines that run in some cases, by case."""
    return _RUNNING.asked(cases).then(_by_case)


def _by_case(rows: list[Deadline]) -> dict[UUID, list[Deadline]]:
    found: dict[UUID, list[Deadline]] = {}
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found


_NEW = WrittenRows(Deadline)
_ENDED = WrittenChange(lambda rows: Deadline.objects.filter(pk__in=rows))
_RUNNING = WrittenForMany(
    lambda cases: Deadline.objects.filter(case__in=cases, ended_at__isnull=True)
)


def seen(*, case: UUID, at: datetime) -> None:
    """Note that a human has looked at a case: claimed it, or acknowledged its alarm.

    Called inside a transaction. A case that was deleted meanwhile needs nobody any more.
    """
    row = (
        Case.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(pk=case)
        .first()
    )
    if row is not None:
        happened(row, Happened.SEEN, at=at)


def put_into_queue(case: Case, *, at: datetime) -> None:
    """Give a locked case a place in a queue although its client waits for nothing.

    No promise runs, nothing can be missed; yet it must be seen by somebody, in the order of the others.
    """
    if case.due_at is not None:
        return
    rules = promises.rules(case.organisation)
    place = sla.promised_by(
        at,
        Urgency(case.urgency),
        targets=rules.targets(case.team_id, case.channel),
        calendar=rules.calendar(case.team_id),
    )
    case.waiting_since, case.due_at = at, place
    case.save(update_fields=["waiting_since", "due_at"])


def moved_to_team(case: Case) -> None:
    """Reckon what is due under the rules of a locked case's new team; never later than promised."""
    rules = promises.rules(case.organisation)
    rows = running_of(case)
    for row in rows:
        new = rules.promise(clock_of(row), team=case.team_id, channel=case.channel)
        if new is not None and new.due_at < row.due_at:
            _move(row, new, promised_at=new.due_at)
    _place(case, rows)


def running_of(case: Case) -> list[Deadline]:
    """Return the deadlines that run in a case: at most one answer and one look."""
    return list(Deadline.objects.filter(case=case, ended_at__isnull=True))


# --- Warnings and breaches -------------------------------------------------------------------------
def warn(row: Deadline, *, at: datetime) -> bool:
    """Note that a running deadline is about to be missed; say whether it was this call that did.

    A conditional update: of any number of workers one wins. row: with its case.
    """
    mine = Deadline.objects.filter(
        pk=row.pk, warn_at=row.warn_at, ended_at__isnull=True, warned_at__isnull=True
    ).update(warned_at=at)
    if mine:
        _record("case.due_soon", row, at=at)
    return bool(mine)


def breach(row: Deadline, *, at: datetime) -> bool:
    """Note that a running deadline was missed, with its breach; say whether it was this call that did.

    A conditional update, as `warn`.
    """
    mine = Deadline.objects.filter(
        pk=row.pk, due_at=row.due_at, ended_at__isnull=True, breached_at__isnull=True
    ).update(breached_at=at)
    if mine:
        _break(row, at=at)
    return bool(mine)


def _break(row: Deadline, *, at: datetime) -> None:
    case = row.case
    Breach.objects.create(
        deadline=row.pk,
        case=case.pk,
        organisation=case.organisation_id,
        team=case.team_id,
        channel=case.channel,
        kind=row.kind,
        urgency=row.urgency,
        since=row.since,
        due_at=row.due_at,
        noted_at=at,
    )
    _record("case.overdue", row, at=at)


def _record(action: str, row: Deadline, *, at: datetime) -> None:
    case = row.case
    trail.record(
        action,
        by=trail.SYSTEM,
        at=at,
        organisation=case.organisation_id,
        case=case.pk,
        old=case.state,
        new=case.state,
        kind=row.kind,
        urgency=int(row.urgency),
    )
    events.queue_changed(case.team_id)


# --- Changed rules ---------------------------------------------------------------------------------
@transaction.atomic
def reckon_anew(case: UUID, *, rules: Rules) -> int:
    """Reckon what runs in a case under changed rules; return how many due times that moved.

    What the client was told is kept (`promised_at`), so that a page can say that it got later. A
    deadline that is breached stays as it is.
    """
    row = Case.objects.select_for_update(of=("self",)).filter(pk=case).first()
    if row is None:
        return 0
    running = running_of(row)
    moved = 0
    for one in running:
        if one.breached_at is not None:
            continue
        new = rules.promise(clock_of(one), team=row.team_id, channel=row.channel)
        if new is None:
            one.delete()
        elif new.due_at != one.due_at:
            _move(one, new, promised_at=min(one.promised_at, new.due_at))
        else:
            continue
        moved += 1
    if moved:
        _place(row, running_of(row))
    return moved


# --- Rows ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Follows:
    """Which clocks of a case stop, which begin, and which that run change."""

    stopped: Sequence[Clock]
    begun: Sequence[Clock]
    changed: Sequence[Clock]


def _follows(
    case: Case,
    what: Happened,
    rows: Sequence[Deadline],
    *,
    answered: Callable[[], bool],
    at: datetime,
) -> _Follows:
    """Return what `sla.after` makes of something that happened while these deadlines run.

    answered: says whether the client has had an answer; asked only where no answer is promised now.
    """
    before = Running(
        _clock(rows, Deadline.Kind.answers()), _clock(rows, [Deadline.Kind.ACKNOWLEDGEMENT])
    )
    running, stopped = sla.after(
        before,
        Event(at, what),
        urgency=Urgency(case.urgency),
        answered=before.response is None and answered(),
    )
    new = [
        (was, clock)
        for was, clock in (
            (before.response, running.response),
            (before.acknowledgement, running.acknowledgement),
        )
        if clock is not None and clock != was
    ]
    return _Follows(
        stopped,
        [clock for was, clock in new if was is None],
        [clock for was, clock in new if was is not None],
    )


def _clock(rows: Sequence[Deadline], kinds: Sequence[Deadline.Kind]) -> Clock | None:
    return next((clock_of(row) for row in rows if row.kind in kinds), None)


def _was_answered(case: Case) -> bool:
    return Message.objects.filter(case=case, role=Message.Role.REPLY).exists()


def _stop(rows: Sequence[Deadline], clock: Clock, *, case: Case, at: datetime) -> None:
    assert clock.by is not None
    row = next(row for row in rows if row.kind == clock.response)
    row.ended_at, row.end = at, Deadline.End(clock.by)
    late = at > row.due_at and row.breached_at is None
    if late:
        row.breached_at = at
    row.save(update_fields=["ended_at", "end", "breached_at"])
    if late:
        row.case = case
        _break(row, at=at)


def _keep(rows: Sequence[Deadline], clock: Clock, *, case: Case, rules: Rules) -> list[Deadline]:
    """Store a clock that runs, new or with other levels; return what runs then."""
    row = next((row for row in rows if row.kind == clock.response), None)
    if row is None:
        new = _new(clock, case=case, rules=rules)
        if new is None:
            return list(rows)
        new.save()
        return [*rows, new]
    promise = rules.promise(clock, team=case.team_id, channel=case.channel)
    if promise is None:
        # What was promised at another urgency is promised no longer.
        row.delete()
        return [one for one in rows if one is not row]
    row.urgency, row.levels = clock.urgency, _stored(clock)
    row.save(update_fields=["urgency", "levels"])
    if promise.due_at != row.due_at:
        _move(row, promise, promised_at=promise.due_at)
    return list(rows)


def _new(clock: Clock, *, case: Case, rules: Rules) -> Deadline | None:
    promise = rules.promise(clock, team=case.team_id, channel=case.channel)
    if promise is None:
        return None
    return Deadline(
        case=case,
        organisation=case.organisation,
        kind=clock.response,
        urgency=clock.urgency,
        levels=_stored(clock),
        since=clock.since,
        promised_at=promise.due_at,
        due_at=promise.due_at,
        warn_at=promise.warn_at,
    )


def _stored(clock: Clock) -> list[list[int | str]]:
    return [[int(level), since.isoformat()] for level, since in clock.levels]


def _move(row: Deadline, promise: sla.Promise, *, promised_at: datetime) -> None:
    """Store another due time, of which nobody was warned yet and which nobody missed."""
    row.due_at, row.warn_at, row.promised_at = promise.due_at, promise.warn_at, promised_at
    row.warned_at = row.breached_at = None
    row.save(update_fields=["due_at", "warn_at", "promised_at", "warned_at", "breached_at"])


def _place(case: Case, rows: Sequence[Deadline]) -> None:
    """Let the case stand in its queue as what runs in it says.

    Where nothing runs in a case that waits in a queue all the same, its place stays as it is.
    """
    if not rows and case.state in CaseState.client_waits():
        return
    before = (case.waiting_since, case.due_at)
    _put(case, rows)
    if (case.waiting_since, case.due_at) != before:
        case.save(update_fields=PLACED)


def _put(case: Case, rows: Sequence[Deadline]) -> None:
    case.waiting_since = min((row.since for row in rows), default=None)
    case.due_at = min((row.due_at for row in rows), default=None)
