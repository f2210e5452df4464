"""The one who ends chats: by their counsellor, by their client, or because nobody is there any more.

Whatever was written stays in the case, and whatever waits for an answer gets one as a message.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from audit import trail
from audit.models import TrailEntry
from chat import events, queries
from chat.models import Chat
from chat.operations import moves
from chat.states import ChatMove, ChatState
from counselling import queries as case_queries
from counselling.operations import cases, drafts, entries, holding, messages
from counselling.sla import Channel
from vault.keyring import Holder

MOST = 200  # chats in one go


@transaction.atomic
def end(
    *,
    case: UUID,
    summary: str,
    client_msg_id: UUID,
    by: Membership,
    holder: Holder,
    at: datetime,
) -> None:
    """End a chat and close its case. summary: what the client keeps of it, or nothing.

    Raises cases.NotHolder, moves.NoChat, or what messages.reply raises.
    """
    row = entries.locked(case)
    cases.must_hold(row, by)
    chat = moves.current(case)
    if summary:
        messages.reply(
            case=case, text=summary, client_msg_id=client_msg_id, by=by, holder=holder, at=at
        )
    moves.move(chat, ChatMove.END, by=by.actor, at=at, why=Chat.Why.COUNSELLOR)
    cases.go_on_over(case=case, channel=Channel.MAIL, by=by.actor, at=at)
    cases.close(case=case, by=by, holder=holder, at=at)


@transaction.atomic
def to_mail(*, case: UUID, summary: str, by: Membership, holder: Holder, at: datetime) -> None:
    """Let a counsellor go on by message; the case stays with them.

    summary: what they have written of one, or nothing; it waits in the draft of their next message.
    Raises cases.NotHolder, moves.NoChat or keyring.KeyUnavailable.
    """
    row = entries.locked(case)
    cases.must_hold(row, by)
    _over(moves.current(case), ChatMove.TO_MAIL, Chat.Why.COUNSELLOR, by=by.actor, at=at)
    if summary:
        before = case_queries.draft(row, holder=holder)
        text = f"{before[1].rstrip()}\n\n{summary}" if before else summary
        drafts.save(case=case, text=text, by=by, holder=holder, at=at)


@transaction.atomic
def take_as_mail(*, case: UUID, at: datetime) -> None:
    """Let the client go on by message; what waits for an answer keeps it. Raises moves.NoChat."""
    entries.locked(case)
    _over(moves.current(case), ChatMove.TO_MAIL, Chat.Why.CLIENT, by=trail.CLIENT, at=at)


@transaction.atomic
def leave(*, case: UUID, at: datetime) -> None:
    """Let the client go. What they wrote stays until they delete it. Raises moves.NoChat."""
    entries.locked(case)
    _over(moves.current(case), ChatMove.LEAVE, Chat.Why.CLIENT, by=trail.CLIENT, at=at)


@transaction.atomic
def stay(*, case: UUID, at: datetime) -> None:
    """Let the client say that they are still there: the warning goes. Raises moves.NoChat."""
    entries.locked(case)
    chat = moves.current(case)
    chat.here_at = at
    chat.quiet_seq = chat.quiet_until = None
    chat.save(update_fields=["here_at", "quiet_seq", "quiet_until"])
    events.chat_moved(case, chat.case.team_id)


def sweep(*, at: datetime) -> int:
    """Do what is due: seats and places whose people are gone, lines that close. Returns how much."""
    done = sum(lose_seat(case=case, at=at) for case in queries.overdue_seats(at=at, most=MOST))
    done += sum(lose_place(case=case, at=at) for case in queries.overdue_places(at=at, most=MOST))
    done += sum(_quiet(case, at=at) for case in queries.quiet_chats(at=at))
    for team in queries.teams_in_line():
        if queries.closes_at(team, at=at) is None:
            done += sum(_close_line(case, at=at) for case in queries.in_line(team.pk, most=MOST))
    return done


@transaction.atomic
def lose_seat(*, case: UUID, at: datetime) -> bool:
    """Offer a chat to colleagues whose counsellor's connection is gone for too long; says whether it did."""
    chat = _still(case)
    if (
        chat is None
        or chat.state != ChatState.ACTIVE
        or chat.seat_until is None
        or chat.seat_until > at
    ):
        return False
    moves.move(chat, ChatMove.LOSE, by=trail.SYSTEM, at=at)
    return True


@transaction.atomic
def lose_place(*, case: UUID, at: datetime) -> bool:
    """End a chat whose client did not come back in time; says whether it did."""
    chat = _still(case)
    if chat is None or chat.kept_until > at:
        return False
    _over(chat, ChatMove.LEAVE, Chat.Why.GONE, by=trail.SYSTEM, at=at)
    return True


@transaction.atomic
def _close_line(case: UUID, *, at: datetime) -> bool:
    chat = _still(case)
    if chat is None or chat.state != ChatState.WAITING:
        return False
    _over(chat, ChatMove.TO_MAIL, Chat.Why.CLOSING, by=trail.SYSTEM, at=at)
    return True


@transaction.atomic
def _quiet(case: UUID, *, at: datetime) -> bool:
    """Warn of the end of a chat in which the client owes a word, or end it if they were warned.

    A state, no entry: the worker opens no key.
    """
    chat = _still(case)
    if chat is None or not queries.is_quiet(chat, at=at):
        return False
    if chat.ends_by_itself_at is None:
        rules = queries.rules(chat.organisation_id)
        chat.quiet_seq = chat.case.last_seq
        chat.quiet_until = at + timedelta(minutes=rules.quiet_end_minutes)
        chat.save(update_fields=["quiet_seq", "quiet_until"])
        trail.record(
            "chat.quiet_warned",
            by=trail.SYSTEM,
            at=at,
            organisation=chat.organisation_id,
            case=case,
        )
        events.chat_moved(case, chat.case.team_id)
        return True
    if chat.ends_by_itself_at > at:
        return False
    _over(chat, ChatMove.TO_MAIL, Chat.Why.QUIET, by=trail.SYSTEM, at=at)
    return True


def _still(case: UUID) -> Chat | None:
    """Return the chat that goes on in a case, under its lock, or None."""
    try:
        entries.locked(case)
        return moves.current(case)
    except (entries.CaseGone, moves.NoChat):
        return None


def _over(chat: Chat, what: ChatMove, why: Chat.Why, *, by: trail.Actor, at: datetime) -> None:
    moves.move(chat, what, by=by, at=at, why=why)
    cases.go_on_over(case=chat.case_id, channel=Channel.MAIL, by=by, at=at)
    if by.kind != TrailEntry.ActorKind.STAFF:
        # A chat may outlast the shift of its counsellor; a question does not stay with who is gone.
        holding.let_go_if_gone(entries.locked(chat.case_id), at=at)
