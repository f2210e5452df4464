"""The one writer of messages: what the client writes, replies and internal notes."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from audit import trail
from counselling.models import Case, Draft, Message
from counselling.operations import cases, entries
from counselling.operations.entries import Appended
from counselling.sla import Urgency
from counselling.states import Move
from vault import keyring
from vault.keyring import Holder


class Unread(Exception):
    """The client wrote again after what the sender has seen. `seq`: the number of the newest."""

    def __init__(self, seq: int) -> None:
        super().__init__("the client wrote again meanwhile")
        self.seq = seq


@transaction.atomic
def write(
    *, case: UUID, text: str, client_msg_id: UUID, in_danger: bool, holder: Holder, at: datetime
) -> Appended:
    """Add what the client writes. A closed case opens again and waits in its team's queue.

    in_danger: the client says that somebody is in danger now; the case becomes `sofort` and its clock
    starts anew. Raises entries.CaseGone or entries.DifferentText.
    """
    row = entries.locked(case)
    key = keyring.open_case_key(subject=case, holder=holder)
    appended = entries.append(
        row,
        role=Message.Role.CLIENT,
        text=text,
        key=key,
        at=at,
        client_msg_id=client_msg_id,
    )
    if not appended.is_new:
        return appended
    if in_danger and row.urgency != Urgency.SOFORT:
        row.urgency = Urgency.SOFORT
        row.save(update_fields=["urgency"])
        row.waiting_since = None
    entries.move(
        row,
        Move.CLIENT_WRITES,
        by=trail.CLIENT,
        at=at,
        reason=Case.Reason.DANGER if in_danger else Case.Reason.WROTE_AGAIN,
        seq=appended.seq,
        danger=in_danger,
    )
    entries.start_clock(row, at=at)
    return appended


@transaction.atomic
def reply(
    *,
    case: UUID,
    text: str,
    client_msg_id: UUID,
    by: Membership,
    holder: Holder,
    at: datetime,
    seen: int | None = None,
) -> Appended:
    """Send a reply to the client; it is never changed afterwards. The draft goes, the clock stops.

    seen: number of the last entry that the sender saw; a client message after it is not to be
    answered unread, as the reply would stop its clock (None: not asked). Raises cases.NotHolder,
    entries.CaseGone, entries.DifferentText or Unread.
    """
    row = entries.locked(case)
    cases.must_hold(row, by)
    key = keyring.open_case_key(subject=case, holder=holder)
    appended = entries.append(
        row,
        role=Message.Role.REPLY,
        text=text,
        key=key,
        at=at,
        client_msg_id=client_msg_id,
        author=by,
    )
    if appended.is_new:
        _must_have_seen(row, seen)
        Draft.objects.filter(case=row).delete()
        entries.move(row, Move.REPLY, by=by.actor, at=at, seq=appended.seq)
        entries.stop_clock(row)
    return appended


@transaction.atomic
def note(
    *, case: UUID, text: str, client_msg_id: UUID, by: Membership, holder: Holder, at: datetime
) -> Appended:
    """Add an internal note, which no client ever sees and which stops no clock.

    Raises entries.CaseGone or entries.DifferentText.
    """
    row = entries.locked(case)
    key = keyring.open_case_key(subject=case, holder=holder)
    appended = entries.append(
        row,
        role=Message.Role.NOTE,
        text=text,
        key=key,
        at=at,
        client_msg_id=client_msg_id,
        author=by,
    )
    if appended.is_new:
        trail.record(
            "case.noted",
            by=by.actor,
            at=at,
            organisation=row.organisation_id,
            case=case,
            seq=appended.seq,
        )
    return appended


def _must_have_seen(case: Case, seen: int | None) -> None:
    if seen is None:
        return
    newest = Message.objects.filter(case=case, role=Message.Role.CLIENT, seq__gt=seen).last()
    if newest is not None:
        raise Unread(newest.seq)
