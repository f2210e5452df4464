"""Somebody enters the chat: with a new case or with one they have. Text first, then a place in line."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Organisation
from audit import trail
from chat import events, queries
from chat.models import Chat
from chat.sla import Opening
from counselling.models import Case
from counselling.operations import asking, cases, entries, messages
from counselling.sla import Channel
from vault.codes import AccessCode
from vault.keyring import ClientHolder, Holder


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
        _place(organisation.pk, holder.subject, keep, at=at)
        together_with(holder)

    return asking.ask(
        organisation=organisation,
        question=asking.Question(text=text, in_danger=in_danger, channel=Channel.CHAT),
        code=code,
        submission=submission,
        at=at,
        together_with=begin,
    )


def begin(
    *,
    case: UUID,
    text: str,
    in_danger: bool,
    client_msg_id: UUID,
    holder: Holder,
    at: datetime,
) -> None:
    """Let the client of a case go into the chat with it, text first. The same text twice is one.

    Whoever held the case lets go: who is free sits down, and that may be they. While a chat goes on
    the text is said in it. As messages.write; the same exceptions. Raises ChatShut before anything is
    kept.
    """
    row = Case.objects.select_related("organisation", "team").filter(pk=case).first()
    if row is None:
        raise entries.CaseGone
    opening = queries.opening_of(row.organisation, row.team, at=at)
    if opening.shut is not None and queries.open_chat(case) is None:
        raise ChatShut(opening)
    messages.write(
        case=case,
        text=text,
        client_msg_id=client_msg_id,
        in_danger=in_danger,
        holder=holder,
        at=at,
    )
    _sit_in_line(case, at=at)


@transaction.atomic
def _sit_in_line(case: UUID, *, at: datetime) -> None:
    row = entries.locked(case)
    if queries.open_chat(case) is not None:
        return
    # First the channel: a question that waits is given out, a chat is not.
    cases.go_on_over(case=case, channel=Channel.CHAT, by=trail.CLIENT, at=at)
    cases.back_to_queue(case=case, by=trail.CLIENT, at=at)
    keep = timedelta(minutes=queries.rules(row.organisation_id).keep_minutes)
    _place(row.organisation_id, case, keep, at=at)


def _place(organisation: UUID, case: UUID, keep: timedelta, *, at: datetime) -> None:
    chat = Chat.objects.create(
        organisation_id=organisation, case_id=case, entered_at=at, kept_until=at + keep
    )
    trail.record(
        "chat.entered",
        by=trail.CLIENT,
        at=at,
        organisation=organisation,
        case=case,
        new=chat.state,
    )
    events.chat_moved(case, chat.case.team_id)


def _was_taken(submission: UUID) -> bool:
    return Case.objects.filter(submission=submission).exists()
