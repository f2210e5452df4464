"""The ground under the verbs of chats: find the one that goes on, move it.

Only the other operations call this, each in a transaction in which the case is locked: whatever
changes a chat changes its case or asks who holds it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from audit import trail
from chat import events, queries, states
from chat.models import Chat
from chat.states import ChatMove, ChatState

# A counsellor counts as there for so long without a sign (source: issue "Live chat", desk).
SEAT = timedelta(minutes=1)


class NoChat(Exception):
    """No chat goes on in this case, or not any more."""


def current(case: UUID) -> Chat:
    """Return the chat that goes on in a locked case. Raises NoChat."""
    chat = queries.open_chat(case)
    if chat is None:
        raise NoChat
    return chat


def move(
    chat: Chat,
    what: ChatMove,
    *,
    by: trail.Actor,
    at: datetime,
    why: Chat.Why | None = None,
    **detail: str | int | bool | None,
) -> None:
    """Move a chat of a locked case to its next state, with the trail entry. Raises states.IllegalMove.

    why: for a move that ends it.
    """
    old = ChatState(chat.state)
    new = states.after(what, old)
    chat.state = new
    if new in ChatState.seated():
        chat.taken_at = chat.taken_at or at
        if what is not ChatMove.LOSE:
            chat.seat_until = at + SEAT
    else:
        chat.seat_until = None
    chat.quiet_seq = chat.quiet_until = None
    if new not in ChatState.open():
        chat.over_at = at
        chat.why = why or ""
        chat.companions.filter(left_at__isnull=True).update(left_at=at)
    chat.save(
        update_fields=[
            "state",
            "taken_at",
            "seat_until",
            "over_at",
            "why",
            "quiet_seq",
            "quiet_until",
        ]
    )
    trail.record(
        f"chat.{_PAST[what]}",
        by=by,
        at=at,
        organisation=chat.organisation_id,
        case=chat.case_id,
        old=old,
        new=new,
        **({"why": str(why)} if why else {}),
        **detail,
    )
    events.chat_moved(chat.case_id, chat.case.team_id)


_PAST = {
    ChatMove.TAKE: "taken",
    ChatMove.GIVE_BACK: "given_back",
    ChatMove.LOSE: "interrupted",
    ChatMove.COME_BACK: "resumed",
    ChatMove.END: "ended",
    ChatMove.TO_MAIL: "became_mail",
    ChatMove.LEAVE: "left",
}
