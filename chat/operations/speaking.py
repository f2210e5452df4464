"""What is said in a chat: the messages of its case, and how far each side has read."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from accounts.written import WrittenChange, WrittenForMany
from chat import events, queries
from chat.models import Chat
from chat.operations import moves
from chat.states import ChatMove, ChatState
from counselling import events as hints
from counselling.claims import holds
from counselling.models import Case
from counselling.operations import cases, entries, messages, together
from counselling.operations.entries import Appended
from counselling.operations.together import Line, Written
from vault.keyring import Holder

# Of the time that a place is kept: it is not put off with every look, a third is written off first.
UNTOUCHED = 2 / 3


def say_all(lines: Sequence[Line], *, at: datetime) -> list[Written | None]:
    """Add what is said in different chats in one moment; None for what has to be said by itself.

    As together.write; the same exceptions. Who sends a line again may do so because what wrote it was
    killed before it told anybody: that there is something is told again.
    """
    written = together.write(lines, at=at)
    for line, one in zip(lines, written, strict=True):
        if one and one.message is None:
            hints.case_changed(line.case, one.seq)
    # A case that somebody holds has no chat in line.
    free = [
        line.case
        for line, one in zip(lines, written, strict=True)
        if one and one.message and one.holder is None
    ]
    for case, team in _WAITING.rows(free):
        events.chat_moved(case, team)
    return written


_WAITING = WrittenForMany(
    lambda cases: Chat.objects.filter(
        case__in=cases, state=ChatState.WAITING, over_at__isnull=True
    ).values_list("case_id", "case__team"),
)


def say(*, case: UUID, text: str, client_msg_id: UUID, holder: Holder, at: datetime) -> Appended:
    """Add what the client says, rated like every message; urgent, it moves to the front of the line.

    A chat that is over takes it all the same: then it is a message. As messages.write; the same
    exceptions.
    """
    said = messages.write(
        case=case, text=text, client_msg_id=client_msg_id, in_danger=False, holder=holder, at=at
    )
    _tell_line(case)
    return said


def reply(
    *, case: UUID, text: str, client_msg_id: UUID, by: Membership, holder: Holder, at: datetime
) -> Appended:
    """Add what the counsellor says, or a colleague who has joined openly. As messages.reply; the same
    exceptions.
    """
    said = partial(
        messages.reply,
        case=case,
        text=text,
        client_msg_id=client_msg_id,
        by=by,
        holder=holder,
        at=at,
    )
    try:
        return said()
    except cases.NotHolder:
        if not queries.sits_beside(case, by):
            raise
        return said(beside_holder=True)


def note(
    *, case: UUID, text: str, client_msg_id: UUID, by: Membership, holder: Holder, at: datetime
) -> Appended:
    """Add an internal note. As messages.note; the same exceptions."""
    return messages.note(
        case=case, text=text, client_msg_id=client_msg_id, by=by, holder=holder, at=at
    )


@transaction.atomic
def read_by_client(*, case: UUID, seq: int) -> bool:
    """Note up to which entry the client has looked, never backwards; says whether that moved."""
    return _read(case, "client_read", seq)


@transaction.atomic
def read_by_team(*, case: UUID, seq: int) -> bool:
    """Note up to which entry the team has looked, never backwards; says whether that moved."""
    return _read(case, "team_read", seq)


def keep_place(*, case: UUID, at: datetime) -> None:
    """Put off the end of a client's place: they are connected now."""
    chat = queries.open_chat(case)
    if chat is not None:
        keep_place_in(chat, at=at)


def keep_place_in(chat: Chat, *, at: datetime) -> None:
    """Do that in a chat that was just read. One that is over has no place."""
    if chat.over_at is not None:
        return
    keep = timedelta(minutes=queries.rules(chat.organisation_id).keep_minutes)
    if at < chat.kept_until < at + keep * UNTOUCHED:
        Chat.objects.filter(pk=chat.pk, over_at__isnull=True, kept_until__gt=at).update(
            kept_until=at + keep
        )


def keep_seat(*, case: UUID, by: Membership, at: datetime) -> None:
    """Put off the end of a counsellor's seat: they are connected now. Who comes back has it again."""
    chat = queries.open_chat(case)
    if chat is not None:
        keep_seat_in(chat, by=by, at=at)


def keep_seat_in(chat: Chat, *, by: Membership, at: datetime) -> bool:
    """Do that in a chat that was just read; say whether they may have come back."""
    if chat.state == ChatState.INTERRUPTED:
        _come_back(chat.case_id, by, at=at)
        return True
    if chat.state == ChatState.ACTIVE and holds(chat.case_id, by):
        keep_seats([chat.pk], at=at)
    return False


def keep_seats(chats: Collection[UUID], *, at: datetime) -> None:
    """Put off the end of several counsellors' seats: they are connected now, and hold the cases."""
    _SEATS.make(chats, seat_until=at + moves.SEAT)


_SEATS = WrittenChange(lambda chats: Chat.objects.filter(pk__in=chats, state=ChatState.ACTIVE))


@transaction.atomic
def _come_back(case: UUID, by: Membership, *, at: datetime) -> None:
    row = entries.locked(case)
    try:
        cases.must_hold(row, by)
        chat = moves.current(case)
    except (cases.NotHolder, moves.NoChat):
        return
    if chat.state == ChatState.INTERRUPTED:
        moves.move(chat, ChatMove.COME_BACK, by=by.actor, at=at)


def _read(case: UUID, mark: str, seq: int) -> bool:
    last = Case.objects.filter(pk=case).values_list("last_seq", flat=True).first()
    if last is None:
        return False
    upto = min(seq, last)
    moved = Chat.objects.filter(case=case, over_at__isnull=True, **{f"{mark}__lt": upto}).update(
        **{mark: upto}
    )
    if moved:
        events.marks_moved(case)
    return bool(moved)


def _tell_line(case: UUID) -> None:
    chat = queries.open_chat(case)
    if chat is not None and chat.state == ChatState.WAITING:
        with transaction.atomic():
            events.chat_moved(case, chat.case.team_id)
