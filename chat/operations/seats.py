"""The one writer of who sits in a chat. A seat is the claim of the case: at most one, for mail and chat."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from audit import trail
from chat import queries
from chat.models import Chat
from chat.operations import moves
from chat.states import ChatMove, ChatState
from counselling import roster
from counselling.models import Claim
from counselling.operations import cases, claims, entries, messages
from counselling.sla import Channel
from counselling.states import Move
from vault.keyring import Holder


class NoRoom(Exception):
    """They have as many cases and chats as they take at once. `capacity`: how many."""

    def __init__(self, capacity: int) -> None:
        super().__init__("no room for another one")
        self.capacity = capacity


class NotThere(Exception):
    """Who should take the chat is not on duty for it."""


@transaction.atomic
def take(*, case: UUID, by: Membership, at: datetime) -> None:
    """Sit down in a chat: the next in line, or one whose counsellor is gone. One wins.

    Taking again what one has is no error. Raises claims.SecondPersonReads, NoRoom, cases.ClaimedByOther,
    moves.NoChat or entries.CaseGone.
    """
    row = entries.locked(case)
    chat = moves.current(case)
    holder = cases.holder_of(case)
    if holder is not None and holder.pk == by.pk:
        if chat.state == ChatState.INTERRUPTED:
            moves.move(chat, ChatMove.COME_BACK, by=by.actor, at=at)
        return
    if roster.is_learning(by):
        raise claims.SecondPersonReads
    _must_have_room(by, at=at)
    if chat.state == ChatState.WAITING:
        cases.claim(case=case, by=by, at=at)
        return
    if chat.state != ChatState.INTERRUPTED:
        raise cases.ClaimedByOther(holder)
    entries.end_claim(row, Claim.End.HANDED_OVER, at=at)
    entries.move(row, Move.HAND_TO_COLLEAGUE, by=by.actor, at=at, to=str(by.pk))
    claims.begin(row, by, at=at)


@transaction.atomic
def pass_on(
    *,
    case: UUID,
    to: Membership,
    introduction: str,
    client_msg_id: UUID,
    by: Membership,
    holder: Holder,
    at: datetime,
) -> None:
    """Give a chat to a colleague, with an introduction that the client reads.

    Raises NotThere, NoRoom, cases.NotHolder, cases.NobodyReads, moves.NoChat, or what messages.reply
    raises.
    """
    row = entries.locked(case)
    cases.must_hold(row, by)
    chat = moves.current(case)
    if to not in queries.counsellors(row.team, at=at):
        raise NotThere
    _must_have_room(to, at=at)
    messages.reply(
        case=case, text=introduction, client_msg_id=client_msg_id, by=by, holder=holder, at=at
    )
    cases.hand_to_colleague(case=case, to=to, by=by, holder=holder, at=at)
    trail.record(
        "chat.passed_on",
        by=by.actor,
        at=at,
        organisation=chat.organisation_id,
        case=case,
        to=str(to.pk),
    )


def follow_claim(*, case: UUID, holder: Membership | None, how: str, at: datetime) -> None:
    """Let a chat follow who holds its case, whatever led to that: a desk, a queue, the end of a shift.

    Called inside the transaction, under the case's lock. A chat whose counsellor has let go is in line
    again, where it stood; with a case that was closed it ends.
    """
    chat = queries.open_chat(case)
    if chat is None:
        return
    state = ChatState(chat.state)
    if holder is not None and state is ChatState.WAITING:
        moves.move(chat, ChatMove.TAKE, by=holder.actor, at=at)
    elif holder is None and how == Claim.End.CLOSED and state in ChatState.seated():
        moves.move(chat, ChatMove.END, by=trail.SYSTEM, at=at, why=Chat.Why.CLOSED)
        cases.go_on_over(case=case, channel=Channel.MAIL, by=trail.SYSTEM, at=at)
    elif holder is None and state in ChatState.seated():
        moves.move(chat, ChatMove.GIVE_BACK, by=trail.SYSTEM, at=at, how=how)


def _must_have_room(member: Membership, *, at: datetime) -> None:
    """Raise NoRoom, under a lock: of two chats at once only one fills the last place."""
    list(Membership.objects.select_for_update(of=("self",)).filter(pk=member.pk).values("pk"))
    load = roster.load(member, at=at)
    if load.free < 1:
        raise NoRoom(load.capacity)
