"""The one writer of who sits beside the counsellor of a chat: openly, so that the client reads of it.

Reading along is no row: whoever may read the case may. It is written to the trail.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from audit import trail
from chat import events, queries
from chat.models import Chat, Companion
from chat.operations import moves
from chat.states import ChatState
from counselling import roster
from counselling.claims import holds
from counselling.models import Case, Message
from counselling.operations import claims, entries
from vault import keyring
from vault.keyring import Holder


class NotSeated(Exception):
    """Nobody sits in the chat whom one could join: take it instead."""


@transaction.atomic
def join(*, case: UUID, by: Membership, holder: Holder, at: datetime) -> None:
    """Sit down beside the counsellor of a chat; the client reads who has come.

    Who sits in it already changes nothing. Raises claims.SecondPersonReads, NotSeated, moves.NoChat,
    entries.CaseGone or keyring.KeyUnavailable.
    """
    row = entries.locked(case)
    chat = moves.current(case)
    if roster.is_learning(by):
        raise claims.SecondPersonReads
    if chat.state not in ChatState.seated():
        raise NotSeated
    if holds(case, by) or queries.sits_beside(case, by):
        return
    Companion.objects.create(chat=chat, member=by, joined_at=at)
    _tell(row, chat, "joined", by=by, holder=holder, at=at)


@transaction.atomic
def leave(*, case: UUID, by: Membership, holder: Holder, at: datetime) -> None:
    """Go again; the client reads that, too. Raises moves.NoChat, entries.CaseGone or keyring.KeyUnavailable."""
    row = entries.locked(case)
    chat = moves.current(case)
    gone = Companion.objects.filter(chat=chat, member=by, left_at__isnull=True).update(left_at=at)
    if gone and not holds(case, by):
        _tell(row, chat, "joined_left", by=by, holder=holder, at=at)


def note_silent_reading(*, chat: Chat, by: Membership, at: datetime) -> None:
    """Write down that somebody begins to read a chat along without being seen."""
    trail.record(
        "chat.read_along",
        by=by.actor,
        at=at,
        organisation=chat.organisation_id,
        case=chat.case_id,
    )


def _tell(
    row: Case, chat: Chat, what: str, *, by: Membership, holder: Holder, at: datetime
) -> None:
    key = keyring.open_case_key(subject=row.pk, holder=holder)
    entries.append(row, role=Message.Role.SYSTEM, text=f"{what}:{by.name}", key=key, at=at)
    trail.record(
        f"chat.{what}",
        by=by.actor,
        at=at,
        organisation=chat.organisation_id,
        case=row.pk,
    )
    events.chat_moved(row.pk, row.team_id)
