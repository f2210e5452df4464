"""A chat as the team's pages show it: its entries, its forms, and who may do what in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import StaffRequest
from accounts.models import Membership
from accounts.rules import allows
from chat import queries, wording
from chat.forms import EndForm, PassOnForm, SayForm
from chat.models import Chat
from chat.operations import company, moves, seats
from counselling import markup
from counselling import queries as cases
from counselling.models import Message
from counselling.operations import reading
from counselling.queries import Entry
from counselling.roster import Load
from counselling.views.refusals import LOCKED, words_for
from counselling.wording import system_words_for_team


class Place(StrEnum):
    """Where somebody of the team is in a chat."""

    SEAT = "seat"  # they have it
    BESIDE = "beside"  # they have joined it openly
    SILENT = "silent"  # they read along


@dataclass(frozen=True, slots=True)
class Panel:
    """A chat with its forms. unread_since: when the first unread word came."""

    chat: Chat
    reference: str
    entries: Sequence[dict[str, object]]
    newest: int
    unread: int
    minutes: str
    say: SayForm
    pass_on: PassOnForm
    finish: EndForm
    place: Place
    ends: str = ""
    unread_since: datetime | None = None
    locked: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a member typed in one panel and gets back. case: whose panel; refusal: why."""

    case: UUID | None = None
    say: SayForm | None = None
    pass_on: PassOnForm | None = None
    finish: EndForm | None = None
    refusal: str = ""


def panel(
    request: StaffRequest,
    chat: Chat,
    filled: Filled,
    colleagues_: dict[Membership, Load],
    *,
    at: datetime,
    place: Place = Place.SEAT,
) -> Panel:
    """Return a chat as its page shows it to somebody who may read it. Noted in the trail."""
    mine = filled if filled.case == chat.case_id else Filled()
    entries: list[Entry] = []
    locked = ""
    reading.note_reading(case=chat.case, by=request.member, at=at)
    try:
        entries = cases.thread(chat.case, holder=request.holder)
    except LOCKED as refusal:
        locked = words_for(refusal)
    unread = [e for e in entries if e.seq > chat.team_read and e.role == Message.Role.CLIENT]
    mark = chat.case_id.hex[:8]  # ids of one panel's fields differ from those of its neighbours
    return Panel(
        chat=chat,
        reference=chat.case.reference,
        entries=[_entry(entry) for entry in entries],
        newest=entries[-1].seq if entries else 0,
        unread=len(unread),
        minutes=minutes(chat.taken_at or chat.entered_at, at=at),
        say=mine.say or SayForm(initial={"message": uuid4()}, auto_id=f"say-{mark}-%s"),
        pass_on=mine.pass_on
        or PassOnForm(
            colleagues=colleagues_,
            initial={"message": uuid4()},
            auto_id=f"pass-{mark}-%s",
        ),
        finish=mine.finish or EndForm(initial={"message": uuid4()}, auto_id=f"end-{mark}-%s"),
        place=place,
        ends=wording.clock(chat.ends_by_itself_at) if chat.ends_by_itself_at else "",
        unread_since=unread[0].created_at if unread else None,
        locked=locked,
    )


def _entry(entry: Entry) -> dict[str, object]:
    is_system = entry.role == Message.Role.SYSTEM
    is_ours = entry.role in (Message.Role.REPLY, Message.Role.NOTE)
    return {
        "id": f"eintrag-{entry.seq}",
        "kind": entry.role.value,
        "author": entry.author,
        "at": entry.created_at,
        "text": system_words_for_team(entry.text) if is_system else entry.text,
        "html": markup.render_reply(entry.text) if is_ours else "",
    }


def colleagues(team: UUID, request: StaffRequest, *, at: datetime) -> dict[Membership, Load]:
    """Return who of a team may get a chat now, with how loaded they are."""
    row = next(
        (t for t in request.member.teams.select_related("organisation") if t.pk == team), None
    )
    if row is None:
        return {}
    found = queries.counsellors(row, at=at)
    return {
        member: load
        for member, load in found.items()
        if member.pk != request.member.pk and load.free > 0 and allows(member, "chat.answer")
    }


def minutes(since: datetime, *, at: datetime) -> str:
    """Return how long something has lasted: "3 Minuten"."""
    count = max(0, int((at - since).total_seconds() // 60))
    return ngettext("%(count)d Minute", "%(count)d Minuten", count) % {"count": count}


def refusal_words(refusal: Exception) -> str:
    """Return the sentence for a refusal of a chat or its case."""
    if isinstance(refusal, seats.NoRoom):
        return wording.no_room_words(refusal)
    if isinstance(refusal, seats.NotThere):
        return _("Diese Person ist gerade nicht für den Chat da.")
    if isinstance(refusal, company.NotSeated):
        return _("Gerade sitzt niemand in diesem Chat. Sie können ihn selbst nehmen.")
    if isinstance(refusal, moves.NoChat):
        return _("Diesen Chat gibt es nicht mehr. Was geschrieben wurde, steht im Fall.")
    return words_for(refusal)
