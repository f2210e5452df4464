"""The ground under the verbs: lock a case, move it, append an entry to it.

Only the other operations call this; each of them opens the transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db.models import F

from accounts.models import Membership, Team
from accounts.written import Asked, WrittenForMany, WrittenRows
from audit import trail
from audit.models import TrailEntry
from counselling import events, places, promises, states
from counselling.models import Approval, Case, Claim, Message
from counselling.operations import attachments, claims, consultation_ground, escalations
from counselling.operations.attachments import Stored
from counselling.signals import case_changed_team, case_moved, claim_changed
from counselling.sla import Urgency
from counselling.states import CaseState, Move
from vault import keyring
from vault.sealing import CaseKey, open_sealed, seal


class CaseGone(Exception):
    """The case was deleted."""


class DifferentText(Exception):
    """A message with this id was sent before, with another text. `seq`: the number of the first."""

    def __init__(self, seq: int) -> None:
        super().__init__("another text was sent under this id")
        self.seq = seq


class Unread(Exception):
    """The client wrote again after what the sender has seen. `seq`: the number of the newest."""

    def __init__(self, seq: int) -> None:
        super().__init__("the client wrote again meanwhile")
        self.seq = seq


@dataclass(frozen=True, slots=True)
class Appended:
    """The entry's number in its case, and whether it was new or the same one sent again."""

    seq: int
    is_new: bool


def locked(case: UUID) -> Case:
    """Return the case, locked until the transaction ends. Raises CaseGone.

    On SQLite there is nothing to lock: an IMMEDIATE transaction is alone already.
    """
    row = (
        Case.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(pk=case)
        .first()
    )
    if row is None:
        raise CaseGone
    return row


def locking(cases: Collection[UUID]) -> Asked[dict[UUID, Case]]:
    """Ask for those of some cases that there are, locked as by `locked`, in one order everywhere.

    Their organisations are as `promises.remembered_of` knows them: at most two seconds old.
    """
    return _LOCKED.asked(cases).then(_with_houses)


def _with_houses(rows: list[Case]) -> dict[UUID, Case]:
    for row in rows:
        row.organisation = promises.remembered_of(row.organisation_id).organisation
    return {row.pk: row for row in rows}


_LOCKED = WrittenForMany(
    lambda cases: Case.objects.select_for_update().filter(pk__in=cases).order_by("pk")
)


MESSAGES, TRAIL = WrittenRows(Message), WrittenRows(TrailEntry)


def was_sent(case: UUID, role: Message.Role, client_msg_id: UUID) -> bool:
    """Say whether a message with this id is there."""
    return Message.objects.filter(case=case, role=role, client_msg_id=client_msg_id).exists()


def must_have_seen(case: Case, seen: int | None) -> None:
    """Raise Unread if the client wrote after the entry with number `seen`; None: not asked."""
    if seen is None:
        return
    newest = Message.objects.filter(case=case, role=Message.Role.CLIENT, seq__gt=seen).last()
    if newest is not None:
        raise Unread(newest.seq)


def append(
    case: Case,
    *,
    role: Message.Role,
    text: str,
    key: CaseKey,
    at: datetime,
    client_msg_id: UUID | None = None,
    author: Membership | None = None,
    files: Sequence[Stored] = (),
) -> Appended:
    """Seal a text and add it as the next entry of a locked case, with its files.

    The same id with the same text and files is the same entry. Raises DifferentText for the same id
    with another text or other files, or attachments.TooManyFiles.
    """
    token = client_msg_id or uuid4()
    before = Message.objects.filter(case=case, role=role, client_msg_id=token).first()
    if before is not None:
        place = places.message(case.pk, before.seq, role, token)
        same_text = open_sealed(bytes(before.sealed), key=key, place=place) == text
        if not same_text or not attachments.are_the_same(before, files, key=key):
            raise DifferentText(before.seq)
        return Appended(before.seq, is_new=False)
    case.last_seq += 1
    Case.objects.filter(pk=case.pk).update(last_seq=F("last_seq") + 1)
    message = Message.objects.create(
        case=case,
        seq=case.last_seq,
        role=role,
        client_msg_id=token,
        author=author,
        sealed=seal(text, key=key, place=places.message(case.pk, case.last_seq, role, token)),
        created_at=at,
    )
    attachments.keep(message, files, key=key)
    events.case_changed(case.pk, case.last_seq)
    return Appended(case.last_seq, is_new=True)


def move(
    case: Case,
    what: Move,
    *,
    by: trail.Actor,
    at: datetime,
    reason: Case.Reason | None = None,
    **detail: str | int | bool | None,
) -> None:
    """Move a locked case to its next state, with the trail entry. Raises IllegalMove."""
    old = step(case, what, at=at, reason=reason)
    case.save(update_fields=STEPPED)
    trail.record_all([stepped(case, what, old=old, by=by, at=at, **detail)])
    claims.watch(case, at=at)
    if what is Move.CLOSE:
        consultation_ground.end_all_of(case, by=by, at=at)
    escalations.moved(case, what, old=old, by=by, at=at)
    case_moved.send(sender=Case, team=case.team_id, at=at)
    events.queue_changed(case.team_id)
    events.case_changed(case.pk, case.last_seq)


# What `step` changes.
STEPPED = ("state", "closed_at", "quiet_since", "deletion_warned_at", "reason")


def step(case: Case, what: Move, *, at: datetime, reason: Case.Reason | None = None) -> CaseState:
    """Put a locked case into its next state, stored by the caller; return the old one.

    Raises IllegalMove.
    """
    old = CaseState(case.state)
    new = states.after(what, old)
    case.state = new
    case.closed_at = at if new is CaseState.CLOSED else None
    if new not in CaseState.quiet():
        case.quiet_since = None
    elif what in (Move.REPLY, Move.CLOSE):
        case.quiet_since = at
    case.deletion_warned_at = None
    if reason is not None:
        case.reason = reason
    return old


def stepped(
    case: Case,
    what: Move,
    *,
    old: CaseState,
    by: trail.Actor,
    at: datetime,
    **detail: str | int | bool | None,
) -> TrailEntry:
    """Return the trail's entry of a step that was just taken."""
    return trail.entry(
        f"case.{_PAST[what]}",
        by=by,
        at=at,
        organisation=case.organisation_id,
        case=case.pk,
        old=old,
        new=CaseState(case.state),
        **detail,
    )


_PAST = {
    Move.CLAIM: "claimed",
    Move.RELEASE: "released",
    Move.HAND_TO_COLLEAGUE: "handed_to_colleague",
    Move.HAND_TO_TEAM: "handed_to_team",
    Move.REPLY: "replied",
    Move.CLIENT_WRITES: "client_wrote",
    Move.CLOSE: "closed",
    Move.REOPEN: "reopened",
}


def change_team(case: Case, to: Team) -> None:
    """Put a locked case into another team, with everything that is listed by its team.

    Nothing else changes the team of a case (`tests/architecture/test_case_team.py`).
    """
    case.team = to
    case.save(update_fields=["team"])
    escalations.follow(case)
    case_changed_team.send(sender=Case, case=case.pk, team=to.pk)


def alarm(case: Case, urgency: Urgency, *, signal: str, at: datetime) -> bool:
    """Raise a locked case's urgency, never lower it, and say whether it rose.

    signal: the code of what the machine saw, or nothing.
    """
    if urgency >= case.urgency:
        return False
    case.urgency = urgency
    case.signal = signal
    case.save(update_fields=["urgency", "signal"])
    claims.watch(case, at=at)
    return True


def end_claim(case: Case, how: Claim.End, *, at: datetime) -> None:
    """End the open claim of a locked case, if there is one, what was lent to who held it, and
    what of theirs waited for a second person.
    """
    keyring.take_back(subject=case.pk)
    Approval.objects.filter(case=case, state=Approval.State.WAITING).update(
        state=Approval.State.WITHDRAWN
    )
    if Claim.objects.filter(case=case, ended_at__isnull=True).update(ended_at=at, end=how):
        claim_changed.send(sender=Claim, case=case.pk, holder=None, how=how, at=at)
