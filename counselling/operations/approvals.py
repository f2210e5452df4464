"""The one writer of approvals: hand a reply in, approve it, give it back, withdraw it.

The client sees the reply only once it is approved; only then the clock of the case stops.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from audit import trail
from counselling import events, places, roster, second_eyes
from counselling.due import Due
from counselling.models import Approval, Case, Draft, Escalation, Message
from counselling.operations import cases, claims, deadlines, entries, escalations, holding
from counselling.operations.entries import Appended
from counselling.sla import Happened
from counselling.states import CaseState, Move
from vault import keyring
from vault.keyring import Holder
from vault.sealing import CaseKey, open_sealed, seal

_OVERDUE = Due(
    lambda at: Approval.objects.filter(
        state=Approval.State.WAITING, due_at__lte=at, overdue_noted_at__isnull=True
    ).order_by("due_at")
)


class WaitsAlready(Exception):
    """A reply in this case waits for a second person already."""


class ApprovalGone(Exception):
    """The reply was approved, given back or withdrawn meanwhile."""


class MayNotApprove(Exception):
    """Nobody approves their own reply, and nobody whose own replies need it."""


@transaction.atomic
def submit(
    *,
    case: UUID,
    text: str,
    client_msg_id: UUID,
    by: Membership,
    holder: Holder,
    at: datetime,
    seen: int | None = None,
) -> Approval:
    """Hand in a reply for a second person; the draft goes, the case's clock runs on.

    seen: number of the last entry that the author saw (None: not asked). The same form again is the
    same reply. Raises cases.NotHolder, entries.CaseGone, entries.Unread, states.IllegalMove or
    WaitsAlready.
    """
    row = entries.locked(case)
    before = Approval.objects.filter(case=row, client_msg_id=client_msg_id).first()
    if before is not None:
        return before
    cases.must_hold(row, by)
    entries.must_have_seen(row, seen)
    if Approval.objects.filter(case=row, state=Approval.State.WAITING).exists():
        raise WaitsAlready
    key = keyring.open_case_key(subject=case, holder=holder)
    rules = roster.house_rules(row.organisation_id)
    made = Approval(
        case=row,
        author=by,
        client_msg_id=client_msg_id,
        submitted_at=at,
        due_at=at + timedelta(minutes=rules.approval_minutes),
    )
    made.sealed = seal(text, key=key, place=places.approval(case, made.pk))
    made.save(force_insert=True)
    Draft.objects.filter(case=row).delete()
    claims.stop_watching(row)
    _record("reply.submitted", made, row, by=by.actor, at=at)
    return made


@transaction.atomic
def approve(
    *,
    approval: UUID,
    text: str,
    comment: str,
    by: Membership,
    holder: Holder,
    at: datetime,
    seen: int | None = None,
) -> Appended:
    """Send a reply to the client, as it was handed in or as the second person changed it.

    Both texts are kept. Raises ApprovalGone, MayNotApprove, entries.Unread or states.IllegalMove.
    """
    made, row = _locked(approval)
    _must_be_second(made, by)
    entries.must_have_seen(row, seen)
    key = keyring.open_case_key(subject=row.pk, holder=holder)
    first = open_sealed(bytes(made.sealed), key=key, place=places.approval(row.pk, made.pk))
    made.state = Approval.State.APPROVED
    made.decided_by, made.decided_at = by, at
    if text != first:
        made.edited = seal(text, key=key, place=places.approval_edit(row.pk, made.pk))
    if comment:
        made.comment = seal(comment, key=key, place=places.approval_comment(row.pk, made.pk))
    made.save(update_fields=["state", "decided_by", "decided_at", "edited", "comment"])
    appended = entries.append(
        row,
        role=Message.Role.REPLY,
        text=text,
        key=key,
        at=at,
        client_msg_id=made.client_msg_id,
        author=made.author,
    )
    _record("reply.approved", made, row, by=by.actor, at=at, edited=text != first)
    entries.move(row, Move.REPLY, by=made.author.actor, at=at, seq=appended.seq, files=0)
    deadlines.happened(row, Happened.REPLIED, at=at)
    return appended


@transaction.atomic
def give_back(
    *, approval: UUID, comment: str, by: Membership, holder: Holder, at: datetime
) -> None:
    """Give a reply back to its author, as a draft, with words on what is to be different.

    Raises ApprovalGone or MayNotApprove.
    """
    made, row = _locked(approval)
    _must_be_second(made, by)
    key = keyring.open_case_key(subject=row.pk, holder=holder)
    made.state = Approval.State.RETURNED
    made.decided_by, made.decided_at = by, at
    if comment:
        made.comment = seal(comment, key=key, place=places.approval_comment(row.pk, made.pk))
    made.save(update_fields=["state", "decided_by", "decided_at", "comment"])
    _to_draft(made, row, key=key, at=at)
    _record("reply.returned", made, row, by=by.actor, at=at)


@transaction.atomic
def withdraw(*, approval: UUID, by: Membership, holder: Holder, at: datetime) -> None:
    """Take an own reply back before somebody has decided; it becomes a draft again.

    Raises ApprovalGone or cases.NotHolder.
    """
    made, row = _locked(approval)
    if made.author_id != by.pk:
        raise cases.NotHolder
    key = keyring.open_case_key(subject=row.pk, holder=holder)
    made.state = Approval.State.WITHDRAWN
    made.save(update_fields=["state"])
    _to_draft(made, row, key=key, at=at)
    _record("reply.withdrawn", made, row, by=by.actor, at=at)


def note_overdue(*, at: datetime, most: int = 200) -> int:
    """Note replies that nobody has looked at in time, once each, and alarm. Returns how many.

    Any number of workers may sweep: each row is taken by a conditional update.
    """
    return sum(_note_overdue(row, at=at) for row in _OVERDUE.first(at, most))


@transaction.atomic
def _note_overdue(made: Approval, *, at: datetime) -> bool:
    # The case first, as everybody does who moves it: otherwise two could wait for each other.
    try:
        made.case = entries.locked(made.case_id)
    except entries.CaseGone:
        return False
    mine = Approval.objects.filter(
        pk=made.pk, state=Approval.State.WAITING, overdue_noted_at__isnull=True
    ).update(overdue_noted_at=at)
    if mine:
        _record("reply.approval_overdue", made, made.case, by=trail.SYSTEM, at=at)
        escalations.start(case=made.case, why=Escalation.Why.APPROVAL, at=at)
    return bool(mine)


def _must_be_second(approval: Approval, member: Membership) -> None:
    if not second_eyes.may_approve(approval, member):
        raise MayNotApprove


def _locked(approval: UUID) -> tuple[Approval, Case]:
    """Return a waiting approval and its case, locked. Raises ApprovalGone."""
    found = Approval.objects.filter(pk=approval).values_list("case", flat=True).first()
    if found is None:
        raise ApprovalGone
    try:
        row = entries.locked(found)
    except entries.CaseGone:
        raise ApprovalGone from None
    # Every change of an approval holds its case's lock.
    made = (
        Approval.objects.filter(pk=approval, state=Approval.State.WAITING)
        .select_related("author")
        .first()
    )
    if made is None or row.state not in CaseState.held():
        raise ApprovalGone
    return made, row


def _to_draft(made: Approval, row: Case, *, key: CaseKey, at: datetime) -> None:
    text = open_sealed(bytes(made.sealed), key=key, place=places.approval(row.pk, made.pk))
    Draft.objects.update_or_create(
        case=row,
        defaults={
            "author": made.author,
            "sealed": seal(text, key=key, place=places.draft(row.pk)),
            "saved_at": at,
        },
    )
    claims.watch(row, at=at)
    holding.let_go_if_gone(row, at=at)


def _record(
    what: str,
    made: Approval,
    row: Case,
    *,
    by: trail.Actor,
    at: datetime,
    edited: bool = False,
) -> None:
    trail.record(
        what,
        by=by,
        at=at,
        organisation=row.organisation_id,
        case=row.pk,
        author=str(made.author_id),
        edited=edited,
    )
    events.queue_changed(row.team_id)
    events.case_changed(row.pk, row.last_seq)
