"""Somebody enters the chat: a case begins with their text, and a place in line with it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Organisation
from audit import trail
from chat import events, queries
from chat.models import Chat
from chat.sla import Opening
from counselling.models import Case
from counselling.operations import asking
from counselling.sla import Channel
from vault.codes import AccessCode
from vault.keyring import ClientHolder


class ChatShut(Exception):
    """Nobody can enter now. `opening`: why, and when it goes on."""

    def __init__(self, opening: Opening) -> None:
        super().__init__("the chat is shut")
        self.opening = opening


def enter(
    *,
    organisation: Organisation,
    text: str,
    in_danger: bool,
    code: AccessCode,
    submission: UUID,
    at: datetime,
    together_with: Callable[[ClientHolder], None],
) -> Case:
    """Take a text, rate it, and give its writer a place in line; who is in danger stands in front.

    As asking.ask, which does the most of it; the same exceptions. Raises ChatShut before anything is
    kept, unless this form was taken before.
    """
    opening = queries.opening(organisation, at=at)
    if opening.shut is not None and not _was_taken(submission):
        raise ChatShut(opening)
    keep = timedelta(minutes=queries.rules(organisation.pk).keep_minutes)

    def begin(holder: ClientHolder) -> None:
        chat = Chat.objects.create(
            organisation=organisation,
            case_id=holder.subject,
            entered_at=at,
            kept_until=at + keep,
        )
        trail.record(
            "chat.entered",
            by=trail.CLIENT,
            at=at,
            organisation=organisation.pk,
            case=holder.subject,
            new=chat.state,
        )
        events.chat_moved(holder.subject, chat.case.team_id)
        together_with(holder)

    return asking.ask(
        organisation=organisation,
        question=asking.Question(text=text, in_danger=in_danger, channel=Channel.CHAT),
        code=code,
        submission=submission,
        at=at,
        together_with=begin,
    )


def _was_taken(submission: UUID) -> bool:
    return Case.objects.filter(submission=submission).exists()
