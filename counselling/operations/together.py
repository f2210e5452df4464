"""What is said in many chats in one moment, written in one transaction: statements do not grow with it.

Only what is plain is done here: a line in a chat that goes on, by its client or by who holds the case,
that alarms nobody and misses nothing. Everything else is left to `messages`, line by line. Whatever is
plain has exactly the effects that it has there; tests/chat/test_together.py holds both against
each other.
"""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, UUIDField

from accounts import queries as staff_queries
from accounts.models import Membership
from accounts.rules import allows, same_organisation
from accounts.written import WrittenChange, WrittenForMany, ask, at_once
from audit import trail
from audit.models import TrailEntry
from counselling import events, places, promises, roster
from counselling.models import Attachment, Case, Claim, Draft, Escalation, Message
from counselling.operations import assessments, claims, deadlines, entries, messages
from counselling.operations.assessments import Heard
from counselling.operations.deadlines import Plain
from counselling.signals import case_moved
from counselling.sla import Channel, Happened, Urgency
from counselling.states import CaseState, IllegalMove, Move
from counselling.triaging import Verdict
from vault import keyring
from vault.keyring import Holder, KeyUnavailable
from vault.sealing import CaseKey, SealBroken, open_sealed, seal


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody says in a case. by: who of the team; None: the client.

    heard: what `hear` found in a client's text; None: it has not been heard yet.
    """

    case: UUID
    text: str = field(repr=False)
    client_msg_id: UUID
    holder: Holder = field(repr=False)
    by: Membership | None = None
    heard: Heard | Exception | None = None

    @property
    def role(self) -> Message.Role:
        """Return as what it is stored."""
        return Message.Role.CLIENT if self.by is None else Message.Role.REPLY


@dataclass(frozen=True, slots=True)
class Written:
    """A line that is stored now. message: None where it was sent before.

    holder: who holds the case, if they may still read and answer it.
    """

    seq: int
    message: Message | None = None
    holder: UUID | None = None


@dataclass(slots=True)
class _Step:
    """What a plain line does to its case, decided under the lock and not stored yet."""

    case: Case
    message: Message
    entry: TrailEntry
    clocks: Plain
    before: dict[str, Any]  # of the case, as it is stored
    holder: UUID | None
    has_draft: bool
    verdict: Verdict | None = None


class _Standing(NamedTuple):
    """What stands beside a case."""

    case: UUID
    holder: UUID | None
    is_answered: bool
    is_alarmed: bool
    has_draft: bool
    has_key: bool
    is_approved: bool  # whoever holds it writes nothing that nobody reads first


@dataclass(frozen=True, slots=True)
class _Ground:
    """All that is read about the cases of some lines, under their locks."""

    cases: dict[UUID, Case]
    keys: dict[UUID, CaseKey]
    holders: dict[UUID, Membership]
    standing: dict[UUID, _Standing]
    running: dict[UUID, list[Any]]


def hear(lines: Sequence[Line]) -> list[Line]:
    """Rate what clients say, before anything is locked; return the lines with what was found.

    What somebody else says in a case before its line is written makes it not plain.
    """
    if not lines:
        return []
    found = assessments.of_messages([(line.case, line.text, line.holder) for line in lines])
    return [replace(line, heard=heard) for line, heard in zip(lines, found, strict=True)]


def write(lines: Sequence[Line], *, at: datetime) -> list[Written | None]:
    """Write lines of different cases; None for each that is not plain: then nothing of it was written.

    Raises ValueError for two lines of one case, and DatabaseError, when nothing was written at all.
    """
    if len({line.case for line in lines}) < len(lines):
        raise ValueError("one line of a case at a time")
    unheard = [line for line in lines if line.by is None and line.heard is None]
    before = _sent_before(unheard)
    # Before the locks: nobody else waits while texts are read.
    heard = {line.client_msg_id: line for line in hear(_without(unheard, before))}
    fresh = [heard.get(line.client_msg_id, line) for line in _without(lines, before)]
    try:
        steps = _taken(fresh, at=at)
    except _SentBefore:
        before = _sent_before(lines)
        steps = _taken(_without(fresh, before), at=at)
    else:
        # Who was answered, and has left the case since, is told so again.
        before |= _sent_before(_without(fresh, steps))
    return [_outcome(line, before, steps) for line in lines]


def _without(lines: Sequence[Line], known: Container[UUID]) -> list[Line]:
    return [line for line in lines if line.client_msg_id not in known]


class _SentBefore(DatabaseError):
    """One of the lines was sent before: nothing was written."""


@transaction.atomic
def _taken(lines: Sequence[Line], *, at: datetime) -> dict[UUID, _Step]:
    """Take the steps of plain lines and return them by the lines' ids. Raises _SentBefore."""
    if not lines:
        return {}
    ground = _ground(lines)
    steps: dict[UUID, _Step] = {}
    for line in lines:
        step = _step(line, ground, at=at)
        if step is not None:
            steps[line.client_msg_id] = step
    _store(list(steps.values()), at=at)
    return steps


def _outcome(
    line: Line, before: dict[UUID, Written | None], steps: dict[UUID, _Step]
) -> Written | None:
    if line.client_msg_id in before:
        return before[line.client_msg_id]
    step = steps.get(line.client_msg_id)
    return Written(step.message.seq, step.message, step.holder) if step else None


def _sent_before(lines: Sequence[Line]) -> dict[UUID, Written | None]:
    """Return by their ids the lines that are there already; None for what is not the same."""
    by_id = {line.client_msg_id: line for line in lines}
    rows = [
        row
        for row in _SENT.instances([line.case for line in lines], by_id)
        if (row.case_id, row.role) == (by_id[row.client_msg_id].case, by_id[row.client_msg_id].role)
    ]
    if not rows:
        return {}
    with_files = set(Attachment.objects.filter(message__in=rows).values_list("message", flat=True))
    keys = keyring.open_case_keys([(r.case_id, by_id[r.client_msg_id].holder) for r in rows])
    return {
        row.client_msg_id: Written(row.seq)
        if row.pk not in with_files and _is_same(row, by_id[row.client_msg_id], key)
        else None
        for row, key in zip(rows, keys, strict=True)
    }


def _is_same(row: Message, line: Line, key: CaseKey | KeyUnavailable) -> bool:
    if isinstance(key, KeyUnavailable):
        return False
    place = places.message(row.case_id, row.seq, row.role, row.client_msg_id)
    try:
        return open_sealed(bytes(row.sealed), key=key, place=place) == line.text
    except SealBroken:
        return False


def _ground(lines: Sequence[Line]) -> _Ground:
    ids = [line.case for line in lines]
    # The lock first: what stands beside a case is asked about when nobody changes it any more.
    locking, running = entries.locking(ids), deadlines.running_among(ids)
    stand, held = _STANDING.asked_rows(ids), _HOLDERS.asked(ids)
    ask(locking, stand, held, running)
    found = locking.answer
    standing = {one.case: one for one in map(_Standing._make, stand.answer)}
    there = {one.case for one in standing.values() if one.has_key}
    keys = keyring.open_case_keys([(line.case, line.holder) for line in lines], there=there)
    current = {member.pk: member for member in held.answer}
    return _Ground(
        cases=found,
        keys={
            line.case: key
            for line, key in zip(lines, keys, strict=True)
            if not isinstance(key, KeyUnavailable)
        },
        holders={
            case: member
            for case, one in standing.items()
            if one.holder
            and (member := current.get(one.holder)) is not None
            and allows(member, "case.reply")
            and same_organisation(member, found[case])
        },
        standing=standing,
        running=running.answer,
    )


_SENT = WrittenForMany(
    lambda cases, tokens: Message.objects.filter(case__in=cases, client_msg_id__in=tokens),
)


def _standings(cases: Collection[UUID]) -> QuerySet[Case, Any]:
    case = OuterRef("pk")
    claims = Claim.objects.filter(case=case, ended_at__isnull=True)
    alarms = Escalation.objects.filter(case=case, ended_at__isnull=True)
    return (
        Case.objects.filter(pk__in=cases)
        .annotate(
            holder=Subquery(claims.values("member")[:1], output_field=UUIDField()),
            is_answered=Exists(Message.objects.filter(case=case, role=Message.Role.REPLY)),
            is_alarmed=Exists(alarms),
            has_draft=Exists(Draft.objects.filter(case=case)),
            has_key=keyring.has_key(case),
            is_approved=Exists(roster.approved(claims.values("member"))),
        )
        .values_list("pk", *_Standing._fields[1:])
    )


_STANDING = WrittenForMany(_standings)
_HOLDERS = WrittenForMany(
    lambda cases: staff_queries.still(
        Claim.objects.filter(case__in=cases, ended_at__isnull=True).values("member")
    )
)


def _step(line: Line, ground: _Ground, *, at: datetime) -> _Step | None:
    case, key = ground.cases.get(line.case), ground.keys.get(line.case)
    if case is None or key is None or case.channel != Channel.CHAT:
        return None
    old, before = CaseState(case.state), _state_of(case)
    seq = case.last_seq + 1
    if line.by is not None:
        if not _may_reply(line.by, case, ground):
            return None
        move, what, by = Move.REPLY, Happened.REPLIED, line.by.actor
        reason, verdict, detail = None, None, {}
    else:
        heard = line.heard
        if not isinstance(heard, Heard) or heard.after != case.last_seq:
            return None
        verdict = heard.verdict
        raises = verdict.level < case.urgency
        if raises or (verdict.is_urgent and verdict.shows_in(seq)) or old is CaseState.CLOSED:
            return None
        move, what, by = Move.CLIENT_WRITES, Happened.CLIENT_WROTE, trail.CLIENT
        reason = messages.reason_of(case, verdict, in_danger=False, alarms=False)
        detail = messages.rated_as(verdict, in_danger=False)
    try:
        entries.step(case, move, at=at, reason=reason)
    except IllegalMove:
        return None
    clocks = deadlines.plainly(
        case,
        what,
        ground.running.get(line.case, ()),
        answered=ground.standing[case.pk].is_answered,
        rules=promises.remembered(case.organisation),
        at=at,
    )
    if clocks is None:
        return None
    case.last_seq = seq
    message = Message(
        case=case,
        seq=seq,
        role=line.role,
        client_msg_id=line.client_msg_id,
        author=line.by,
        sealed=seal(
            line.text, key=key, place=places.message(case.pk, seq, line.role, line.client_msg_id)
        ),
        created_at=at,
    )
    entry = entries.stepped(case, move, old=old, by=by, at=at, seq=seq, files=0, **detail)
    holder = ground.holders.get(line.case)
    return _Step(
        case=case,
        message=message,
        entry=entry,
        clocks=clocks,
        before=before,
        holder=holder.pk if holder else None,
        has_draft=ground.standing[case.pk].has_draft,
        verdict=verdict,
    )


def _may_reply(by: Membership, case: Case, ground: _Ground) -> bool:
    """Say whether somebody holds a case, may still answer it, and nothing else hangs on their reply."""
    holder = ground.holders.get(case.pk)
    return (
        holder is not None
        and holder.pk == by.pk
        and not roster.learns(by, is_approved=ground.standing[case.pk].is_approved)
        and case.urgency != Urgency.SOFORT  # there a second person may have to read it
        and not ground.standing[case.pk].is_alarmed
    )


def _store(steps: Sequence[_Step], *, at: datetime) -> None:
    if not steps:
        return
    with at_once():
        entries.MESSAGES.add_all_or(_SentBefore, [step.message for step in steps])
        _store_what_follows(steps, at=at)
    # A line in a chat in which somebody sits brings nobody into a queue and gives nobody room.
    for team in {step.case.team_id for step in steps if step.holder is None}:
        case_moved.send(sender=Case, team=team, at=at)
    for team in {step.case.team_id for step in steps}:
        events.queue_changed(team)
    for step in steps:
        events.case_changed(step.case.pk, step.message.seq)


def _store_what_follows(steps: Sequence[_Step], *, at: datetime) -> None:
    rated = [(s.case, s.message.seq, s.verdict) for s in steps if s.verdict is not None]
    assessments.keep_all(rated, at=at)
    written = [step.case for step in steps if step.verdict is None and step.has_draft]
    if written:
        Draft.objects.filter(case__in=written).delete()
    trail.record_all([step.entry for step in steps], store=entries.TRAIL.add)
    claims.watch_all([step.case for step in steps], at=at, rules=roster.remembered_house_rules)
    deadlines.store_plain(step.clocks for step in steps)
    _update(steps)


_CHANGING = (*entries.STEPPED, *deadlines.PLACED)


def _state_of(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in _CHANGING}


def _update(steps: Iterable[_Step]) -> None:
    """Store what has changed of locked cases: one statement for all that have changed alike."""
    alike: dict[frozenset[tuple[str, Any]], list[UUID]] = defaultdict(list)
    for step in steps:
        changed = _state_of(step.case).items() - step.before.items()
        alike[frozenset(changed)].append(step.case.pk)
    for changes, cases in alike.items():
        _SPOKEN.make(cases, **dict(sorted(changes)))


_SPOKEN = WrittenChange(lambda cases: Case.objects.filter(pk__in=cases), last_seq=F("last_seq") + 1)
