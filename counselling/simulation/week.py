"""Play a week minute by minute: clients ask, people on duty answer, the worker sweeps and is killed.

Everything goes through the operations and sweeps that the product uses, with the time passed in. What
people do is drawn by chance from a seed. Time is counted in UTC, as the product's clock does: on the day
on which the clocks change, a minute after 01:59 on the wall may be 03:00.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from random import Random
from typing import Any
from uuid import UUID, uuid4

from accounts.models import Membership
from counselling import queries, roster, second_eyes
from counselling.models import Approval, Case, Escalation
from counselling.operations import (
    approvals,
    asking,
    assigning,
    cases,
    entries,
    escalations,
    holding,
    messages,
    patterns,
    sweep,
)
from counselling.operations.asking import Question
from counselling.signals import case_moved
from counselling.simulation.house import ZONE, House, Worker
from counselling.states import CaseState, IllegalMove
from counselling.ticks import Ticks
from vault.codes import AccessCode
from vault.keyring import ClientHolder, Holder

MINUTE = timedelta(minutes=1)
# By hour of the day: parents write in the evening and at night too.
HOURS = (3, 2, 2, 1, 1, 1, 2, 4, 5, 6, 6, 5, 5, 5, 5, 5, 6, 6, 7, 8, 9, 9, 8, 5)
TEXTS = (
    "Mein Sohn ist zwei und schläft nicht durch. Was kann ich tun?",
    "Unsere Tochter möchte nicht mehr in die Schule gehen. Wie reden wir mit ihr?",
    "Seit der Trennung streiten wir nur noch über die Wochenenden.",
    "Wie viel Zeit am Handy ist mit elf in Ordnung?",
    "Ich bin so erschöpft und weiß nicht, wie ich den Alltag schaffen soll.",
)
DANGER = 0.03  # share of messages whose writer says that somebody is in danger
FORGETS = 0.02  # share of claimed cases that somebody claims and never answers
WRITES_AGAIN = 0.2  # share of answers to which the client writes again
APPROVES = 0.15  # chance that somebody who is free looks for replies to approve
ANSWERS_CALL = 0.35  # chance per minute that somebody who was called confirms

Killer = Callable[[Callable[[], None]], bool]


@dataclass(slots=True)
class Week:
    """What is going on. `killer`: runs the sweeps in a worker that it kills; says whether it did in time.

    start, end: in UTC, so that a minute more is a minute later.
    """

    house: House
    start: datetime
    end: datetime
    random: Random
    killer: Killer
    clients: dict[UUID, ClientHolder] = field(default_factory=dict)
    coming: list[tuple[datetime, int, UUID | None]] = field(default_factory=list)
    danger: list[tuple[UUID, datetime]] = field(default_factory=list)
    forgotten: set[UUID] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    moved: int = 0  # how often any case has moved; a page that shows cases is told so
    _next: int = 0

    def count(self, what: str, number: int = 1) -> None:
        """Count something that happened."""
        self.counts[what] = self.counts.get(what, 0) + number

    def expect(self, at: datetime, case: UUID | None = None) -> None:
        """Let a client write at a moment: a new question, or again in a case."""
        self._next += 1
        heappush(self.coming, (at, self._next, case))


def play(week: Week, *, questions: int, progress: Callable[[str], None]) -> None:
    """Play the week. questions: how many are asked. progress: called with a line for every day."""
    for _number in range(questions):
        week.expect(_some_time(week))

    def note(**_facts: object) -> None:
        week.moved += 1

    case_moved.connect(note)
    try:
        _play(week, progress)
    finally:
        case_moved.disconnect(note)


def _play(week: Week, progress: Callable[[str], None]) -> None:
    at, kill_at = week.start, _minute_of_hour(week, week.start)
    while at < week.end:
        _clients(week, at)
        _people(week, at)
        if at == kill_at:
            in_time = week.killer(partial(_sweep, week, at))
            week.count("workers killed" if in_time else "workers done before the kill")
            week.moved += 1  # perhaps: it was another process that swept
            kill_at = _minute_of_hour(week, at + timedelta(hours=1))
        else:
            _sweep(week, at)
        day = at.astimezone(ZONE).date()
        at += MINUTE
        if at.astimezone(ZONE).date() != day:
            progress(f"{day}: {len(week.clients)} cases so far")
    _sweep(week, week.end)


def _some_time(week: Week) -> datetime:
    """Return a minute of the week, by chance, the busier hours more often."""
    minutes = int((week.end - week.start) / MINUTE)
    while True:
        at = week.start + week.random.randrange(minutes) * MINUTE
        if week.random.random() * max(HOURS) < HOURS[at.astimezone(ZONE).hour]:
            return at


def _minute_of_hour(week: Week, at: datetime) -> datetime:
    return at.replace(minute=week.random.randrange(60))


# --- Clients -----------------------------------------------------------------------------------------
def _clients(week: Week, at: datetime) -> None:
    while week.coming and week.coming[0][0] <= at:
        _at, _number, case = heappop(week.coming)
        if case is None:
            _ask(week, at)
        else:
            _write(week, case, at)


def _ask(week: Week, at: datetime) -> None:
    random = week.random
    in_danger = random.random() < DANGER
    kept: list[ClientHolder] = []
    made = asking.ask(
        organisation=week.house.organisation,
        question=Question(text=random.choice(TEXTS), in_danger=in_danger),
        code=AccessCode.generate(),
        submission=uuid4(),
        at=at,
        together_with=kept.append,
    )
    week.clients[made.pk] = kept[0]
    if in_danger:
        week.danger.append((made.pk, at))
    week.count("questions")


def _write(week: Week, case: UUID, at: datetime) -> None:
    in_danger = week.random.random() < DANGER
    messages.write(
        case=case,
        text=week.random.choice(TEXTS),
        client_msg_id=uuid4(),
        in_danger=in_danger,
        holder=week.clients[case],
        at=at,
    )
    if in_danger:
        week.danger.append((case, at))
    week.count("messages after an answer")


# --- People ------------------------------------------------------------------------------------------
def _people(week: Week, at: datetime) -> None:
    if at.minute % 30 == 0:  # shifts and absences change at full hours
        there = {
            member.pk for team in week.house.teams for member in roster.on_duty(team=team, at=at)
        }
        for worker in week.house.workers:
            if worker.member.pk not in there:
                worker.free_at = at + timedelta(minutes=30)
    for worker in week.house.workers:
        if worker.free_at <= at:
            _work(week, worker, at)
    _answer_calls(week, at)


def _work(week: Week, worker: Worker, at: datetime) -> None:
    """Let somebody who is free do what is next: approve, answer, claim."""
    worker.free_at = at + timedelta(minutes=week.random.randrange(2, 5))
    if week.random.random() < APPROVES:
        waits = second_eyes.waiting_for(worker.member)
        if waits:
            _approve(week, worker, waits[0].pk, at)
            return
    if worker.nothing_at == week.moved:
        return
    held = [
        case
        for case in queries.held_by(worker.member)
        if case.state == CaseState.CLAIMED and case.pk not in week.forgotten
    ]
    handed_in = set(
        Approval.objects.filter(case__in=held, state=Approval.State.WAITING).values_list(
            "case_id", flat=True
        )
        if held
        else ()
    )
    answerable = [case for case in held if case.pk not in handed_in]
    if answerable:
        _answer(week, worker, answerable[0], at)
        return
    page = queries.waiting(worker.member)
    if not page.cases:
        worker.nothing_at = week.moved
        return
    case = page.cases[0]
    try:
        cases.claim(case=case.pk, by=worker.member, at=at)
    except cases.ClaimedByOther:
        return
    week.count("claims")
    if week.random.random() < FORGETS:
        week.forgotten.add(case.pk)
        week.count("claimed and forgotten")


def _answer(week: Week, worker: Worker, case: Case, at: datetime) -> None:
    common: dict[str, Any] = {
        "case": case.pk,
        "text": "Danke, dass Sie schreiben. Das kennen viele Eltern.",
        "client_msg_id": uuid4(),
        "by": worker.member,
        "holder": _fresh(worker),
        "at": at,
    }
    try:
        if roster.needs_second_person(case, worker.member):
            approvals.submit(**common)
            week.count("replies handed in")
            return
        messages.reply(**common)
    except (cases.NotHolder, IllegalMove, approvals.WaitsAlready):
        return
    _answered(week, case.pk, at)


def _approve(week: Week, worker: Worker, approval: UUID, at: datetime) -> None:
    text = "Danke, dass Sie schreiben. Das kennen viele Eltern, wirklich."
    try:
        approvals.approve(
            approval=approval,
            text=text,
            comment="",
            by=worker.member,
            holder=_fresh(worker),
            at=at,
        )
    except (approvals.ApprovalGone, approvals.MayNotApprove, entries.CaseGone):
        return
    week.count("replies approved")


def _answered(week: Week, case: UUID, at: datetime) -> None:
    week.count("replies")
    if week.random.random() < WRITES_AGAIN:
        week.expect(at + timedelta(minutes=week.random.randrange(30, 30 * 60)), case)


def _answer_calls(week: Week, at: datetime) -> None:
    """Let who was called, on duty or not, confirm some of the open alarms."""
    called_about = Escalation.objects.filter(ended_at__isnull=True, taken__gt=1)
    for alarm in list(called_about.order_by("started_at", "case").values_list("pk", flat=True)):
        if week.random.random() < ANSWERS_CALL:
            by = _called(week, at)
            escalations.acknowledge(escalation=alarm, by=by, how=Escalation.How.MAIL, at=at)
            week.count("alarms confirmed from a mail")


def _called(week: Week, at: datetime) -> Membership:
    people = roster.on_call(organisation=week.house.organisation, at=at)
    return people[0] if people else week.house.workers[1].member


def _fresh(worker: Worker) -> Holder:
    """Return a holder as a request has one: it remembers no case of the request before."""
    return type(worker.holder)(worker.holder.unlocked)


# --- The worker ----------------------------------------------------------------------------------------
def _sweep(week: Week, at: datetime) -> None:
    """Do what the worker's tasks do each minute (counselling/tasks.py)."""
    holding.sweep(at=at)
    assigning.sweep(at=at)
    while approvals.note_overdue(at=at):
        pass
    ticks = Ticks("simulated", (at - week.start).total_seconds())
    while sweep.once(at=at, ticks=ticks):
        pass
    escalations.settle_clock(at=at)
    while escalations.move_on(at=at):
        pass
    if at.minute == 41:
        while patterns.make_ahead(at=at):
            pass
