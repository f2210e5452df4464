"""The sweep: finds deadlines of which to warn and those that were missed, and starts their ladders.

Any number of workers may sweep at once; each row is claimed by a conditional update, and a claim, its
breach, its trail entry and its escalation are one transaction, so that a killed worker leaves nothing
half done. It reads the first rows of two indexes: what it costs grows with what is due.

A wall clock may be set. Deadlines are moments of it, so a clock that jumps two hours forward would
break promises that have two hours left, and one that jumps back would keep silent for two hours.
Each sweep therefore compares the wall clock with one that nobody can set; what was counted from before
a jump goes on being judged by the old time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet

from counselling import reaching
from counselling.due import Due
from counselling.models import ClockJump, Deadline, Escalation, SweepClock
from counselling.operations import deadlines, entries, escalations
from counselling.ticks import Ticks

MOST = 200  # deadlines in one go
JUMP = 60.0  # seconds by which a clock may drift between two sweeps before it counts as set
REMEMBERED = 50  # jumps of a machine that are still reckoned with

_SOON = Due(
    lambda at: Deadline.objects.filter(
        ended_at__isnull=True, warn_at__lte=at, warned_at__isnull=True
    ).order_by("warn_at")
)
_LATE = Due(
    lambda at: Deadline.objects.filter(
        ended_at__isnull=True, due_at__lt=at, breached_at__isnull=True
    ).order_by("due_at")
)


@dataclass(frozen=True, slots=True)
class _Era:
    """Deadlines with ids in (after, until] were counted from by a clock that now shows `at`."""

    after: int
    until: int | None
    at: datetime


def once(*, at: datetime, ticks: Ticks, most: int = MOST) -> int:
    """Warn of what is about to be missed and note what was; return how many deadlines that were.

    at: what the wall clock shows. ticks: what the other one shows. most: how many in one go.
    """
    done = 0
    for era in _eras(at, ticks):
        done += _warn(era, at=at, most=most)
        done += _breach(era, at=at, most=most)
    return done


def _warn(era: _Era, *, at: datetime, most: int) -> int:
    if not _SOON.any(era.at):
        return 0
    return _claim_all(_of(era, _SOON.rows(era.at))[:most], at=at, missed=False)


def _breach(era: _Era, *, at: datetime, most: int) -> int:
    if not _LATE.any(era.at):
        return 0
    return _claim_all(_of(era, _LATE.rows(era.at))[:most], at=at, missed=True)


def _of(era: _Era, rows: QuerySet[Deadline]) -> QuerySet[Deadline]:
    if era.after:
        rows = rows.filter(pk__gt=era.after)
    return rows if era.until is None else rows.filter(pk__lte=era.until)


def _claim_all(rows: Iterable[Deadline], *, at: datetime, missed: bool) -> int:
    musters = reaching.Musters(at)
    return sum(_claim(row, at=at, missed=missed, musters=musters) for row in rows)


@transaction.atomic
def _claim(row: Deadline, *, at: datetime, missed: bool, musters: reaching.Musters) -> int:
    # The case first, as everybody does who moves it: otherwise two could wait for each other.
    try:
        row.case = entries.locked(row.case_id)
    except entries.CaseGone:
        return 0
    mine = deadlines.breach(row, at=at) if missed else deadlines.warn(row, at=at)
    if mine:
        why = Escalation.Why.BREACH if missed else Escalation.Why.WARNING
        escalations.start(case=row.case, why=why, at=at, musters=musters)
    return int(mine)


# --- Clocks that are set -----------------------------------------------------------------------------
def _eras(at: datetime, ticks: Ticks) -> Iterator[_Era]:
    """Yield which deadlines are judged by which time."""
    if not ticks.boot:
        yield _Era(0, None, at)
        return
    _look_at_clocks(at, ticks)
    jumps = ClockJump.objects.filter(boot=ticks.boot).order_by("-last", "-pk")
    until, shift = None, 0.0
    for last, seconds in jumps.values_list("last", "seconds")[:REMEMBERED]:
        yield _Era(last, until, at - timedelta(seconds=shift))
        until, shift = last, shift + seconds
    yield _Era(0, until, at - timedelta(seconds=shift))


@transaction.atomic
def _look_at_clocks(at: datetime, ticks: Ticks) -> None:
    """Note what both clocks show now, and a jump if they went apart since the last sweep."""
    last = (
        SweepClock.objects.select_for_update()
        .filter(pk=ticks.boot)
        .values_list("wall", "ticks")
        .first()
    )
    if last is None:
        SweepClock.objects.update_or_create(
            pk=ticks.boot, defaults={"wall": at, "ticks": ticks.seconds}
        )
        return
    wall, seconds = last
    if ticks.seconds <= seconds:
        return  # another worker has looked since
    jumped = (at - wall).total_seconds() - (ticks.seconds - seconds)
    if abs(jumped) > JUMP:
        # Set some time before this look: what began since then by the new time belongs to it.
        new = at - timedelta(seconds=ticks.seconds - seconds)
        old = Deadline.objects.exclude(since__range=(new, at)).aggregate(newest=Max("pk"))
        newest = old["newest"] or 0
        ClockJump.objects.create(boot=ticks.boot, noticed_at=at, seconds=jumped, last=newest)
    SweepClock.objects.filter(pk=ticks.boot).update(wall=at, ticks=ticks.seconds)
