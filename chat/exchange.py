"""Between the wire and the house: who speaks, what they get, what their frames do.

The same for a socket and for polling over HTTP, so that both keep the same contract. Synchronous;
whoever runs an event loop calls it in a thread. It writes nothing itself: operations do.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest
from django.utils import translation

from accounts import queries as staff_queries
from accounts.holders import holder_of
from accounts.models import Membership, Organisation
from accounts.rules import allows
from accounts.sockets import request_of_cookie
from chat import protocol, queries, wording
from chat.models import Chat
from chat.operations import ending, speaking
from chat.protocol import Close, Hello
from chat.states import ChatState
from chat.wording import InLine
from counselling import markup, sharing
from counselling import queries as cases
from counselling import wording as case_wording
from counselling.access import kept_holder
from counselling.models import Case, Message
from counselling.operations import cases as case_operations
from counselling.operations import reading
from counselling.queries import Entry
from counselling.sharing import Sealed
from counselling.sla import Urgency
from vault import sessions
from vault.keyring import Holder, KeyUnavailable
from vault.sealing import CaseKey

Out = dict[str, Any]
POLL = timedelta(seconds=20)  # after which everybody looks by themselves, hint or not


class Side(StrEnum):
    """Who speaks."""

    CLIENT = "client"
    TEAM = "team"


class Gone(Exception):
    """Whoever speaks may not go on. `close`: why."""

    def __init__(self, close: Close) -> None:
        super().__init__("may not go on")
        self.close = close


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody at one end of the wire. `member`: who of the team; None for the client.

    team: in whose line the case was when they came.
    """

    side: Side
    case: UUID
    organisation: UUID
    team: UUID
    holder: Holder = field(repr=False)
    member: Membership | None = None
    language: str = "de"


def client_of(cookie: str, *, language: str) -> Speaker:
    """Return the client whose session has this cookie. Raises Gone."""
    holder = kept_holder(request_of_cookie(cookie))
    if holder is None:
        raise Gone(Close.SIGNED_OUT)
    case = cases.case_of_client(holder.subject)
    if case is None:
        raise Gone(Close.NOT_THERE)
    return Speaker(
        Side.CLIENT,
        case.pk,
        case.organisation_id,
        case.team_id,
        holder,
        language=_spoken(language, case.organisation),
    )


def member_of(cookie: str, case: UUID, *, language: str) -> Speaker:
    """Return the member whose session has this cookie, at a case that they may chat in. Raises Gone."""
    request = request_of_cookie(cookie)
    member = staff_queries.current_member(request)
    if member is None:
        raise Gone(Close.SIGNED_OUT)
    return at_case(request, member, case, language=language)


def at_case(request: HttpRequest, member: Membership, case: UUID, *, language: str) -> Speaker:
    """Return a signed-in member at a case. Raises Gone."""
    row = cases.case_of(member, case)
    if row is None or not allows(member, "chat.answer", row):
        raise Gone(Close.NOT_THERE)
    return Speaker(
        Side.TEAM,
        case,
        member.organisation_id,
        row.team_id,
        holder_of(request),
        member,
        _spoken(language, member.organisation),
    )


def still(speaker: Speaker) -> None:
    """Ask again whether somebody may get what is said. Raises Gone."""
    row = _case(speaker)
    if speaker.member is not None and (why := _gone(speaker.member, row)):
        raise Gone(why)


def _gone(speaking: Membership, case: Case) -> Close | None:
    """Return why a member may not go on in a case, as both are now; None: they may."""
    member = staff_queries.current(speaking.pk)
    if member is None:
        return Close.SIGNED_OUT
    return None if allows(member, "chat.answer", case) else Close.NOT_THERE


def welcome(speaker: Speaker, hello: Hello, *, at: datetime) -> Out:
    """Return the answer to a hello. Raises Gone.

    A member's reading is noted in the trail, if there is anything that they have not got.
    """
    case = _case(speaker)
    if speaker.member is not None and hello.after < case.last_seq:
        reading.note_reading(case=case, by=speaker.member, at=at)
    return {
        "type": "welcome",
        "v": protocol.VERSION,
        "you": speaker.side.value,
        # Who claims to have more than there is has lost count, not us.
        "after": min(hello.after, case.last_seq),
        "limits": {
            "text": protocol.LONGEST_TEXT,
            "frame": protocol.LARGEST_FRAME,
            "window": protocol.WINDOW,
            "poll": int(POLL.total_seconds()),
        },
    }


def mark_of(cookie: str) -> str:
    """Return a mark that changes when the data of the session with this cookie do; nothing: it has ended."""
    return sessions.marks([cookie]).get(cookie, "")


def keep(speaker: Speaker, *, at: datetime) -> Chat | None:
    """Note that somebody is connected, and see to it if the other side is not. Call it every 20 seconds.

    Returns the latest chat as it stands then.
    """
    chat = queries.latest_chat(speaker.case)
    if chat is None or chat.over_at is not None:
        return chat
    if speaker.member is not None:
        has_moved = speaking.keep_seat_in(chat, by=speaker.member, at=at)
    else:
        speaking.keep_place_in(chat, at=at)
        is_alone = chat.state == ChatState.ACTIVE and chat.seat_until and chat.seat_until <= at
        has_moved = bool(is_alone) and ending.lose_seat(case=speaker.case, at=at)
    return queries.latest_chat(speaker.case) if has_moved else chat


class Looked(NamedTuple):
    """Where a chat stands. calm: what stays the same as long as this does (`what_changes`)."""

    state: Out
    calm: str


def look(speaker: Speaker, *, at: datetime) -> Looked:
    """Note that somebody is connected, as `keep`, and return where the chat stands then. Raises Gone."""
    return _stands(speaker, keep(speaker, at=at), at=at)


def what_changes(chat: Chat, holder: UUID | None, companions: Collection[UUID]) -> str:
    """Return what is another text as soon as a chat's state is to be told anew; not for its place in line.

    holder: which member holds its case; companions: which members have joined openly.
    """
    return repr(
        (
            chat.pk,
            chat.state,
            chat.case.urgency,
            chat.client_read,
            chat.team_read,
            chat.ends_by_itself_at,
            holder,
            sorted(companions),
        )
    )


def news(speaker: Speaker, *, after: int, most: int = protocol.WINDOW) -> list[Out]:
    """Return the entries beyond a number that somebody may see, in order. Raises Gone."""
    roles = Message.Role.for_client() if speaker.member is None else None
    try:
        found = cases.thread(
            _case(speaker), holder=speaker.holder, roles=roles, after=after, most=most
        )
    except KeyUnavailable:
        raise Gone(Close.NOT_THERE) from None
    with translation.override(speaker.language):
        return [_message(entry, speaker) for entry in found]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who looks at a case from one entry on. room: for how many messages."""

    speaker: Speaker
    after: int
    room: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """An entry's frame as it goes over the wire: written once, however many get it."""

    seq: int
    text: str = field(repr=False)


Frames = dict[int, Encoded]  # of the entries of one case that are brought to several, by number


@dataclass(frozen=True, slots=True)
class News:
    """What a reader gets. upto: the last entry that was looked at; gone: they may not read any more."""

    frames: Sequence[Encoded] = ()
    upto: int = 0
    gone: Close | None = None


def shared_news(case: UUID, readers: Sequence[Reader]) -> tuple[list[News], bool]:
    """Return what is new for each of those who look at a case, and whether that was all.

    The rows are read once for all of them; who may read is asked for each of them.
    """
    row = cases.case_of_client(case)
    if row is None:
        return [News(gone=Close.NOT_THERE) for _reader in readers], True
    most = min(reader.room for reader in readers)
    found = sharing.sealed(case, after=min(reader.after for reader in readers), most=most)
    frames: Frames = {}
    return [_news_of(reader, row, found, frames) for reader in readers], found.is_all


def _news_of(reader: Reader, case: Case, found: Sealed, frames: Frames) -> News:
    speaker = reader.speaker
    if speaker.member is not None and (why := _gone(speaker.member, case)):
        return News(gone=why)
    return opened_for(reader, found, frames)


def opened_for(reader: Reader, found: Sealed, frames: Frames, key: CaseKey | None = None) -> News:
    """Return what a reader who may read gets of some entries.

    frames: what was made for others before. key: where the holder has just shown it.
    """
    speaker = reader.speaker
    roles = Message.Role.for_client() if speaker.member is None else None
    try:
        entries = sharing.opened(
            found, holder=speaker.holder, roles=roles, after=reader.after, key=key
        )
    except KeyUnavailable:
        return News(gone=Close.NOT_THERE)
    with translation.override(speaker.language):
        out = [_message_once(entry, speaker, frames) for entry in entries]
    return News(out, max(found.upto, reader.after))


def stands(speaker: Speaker, *, at: datetime) -> Looked:
    """Return where the chat stands, for one side. Raises Gone."""
    return _stands(speaker, queries.latest_chat(speaker.case), at=at)


def _stands(speaker: Speaker, chat: Chat | None, *, at: datetime) -> Looked:
    if chat is None:
        raise Gone(Close.NOT_THERE)
    counsellor = case_operations.holder_of(chat.case_id)
    beside = queries.companions(chat)
    name = counsellor.name if counsellor and chat.state in ChatState.seated() else ""
    out: Out = {
        "type": "state",
        "state": chat.state,
        "with": name,
        "read": chat.team_read if speaker.member is None else chat.client_read,
        "why": chat.why,
        "ends": chat.ends_by_itself_at and chat.ends_by_itself_at.isoformat(),
    }
    with translation.override(speaker.language):
        if chat.state == ChatState.WAITING:
            place = in_line(chat, at=at)
            out |= _in_line(place, at=at)
        else:
            place = None
        if speaker.member is None:
            said = standing(chat, place, name, beside, at=at)
            out |= {"kind": said.kind, "title": said.title, "text": said.text}
            out["danger"] = needs_help(chat)
        else:
            out["yours"] = speaker.member in [counsellor, *beside]
    holder = counsellor.pk if counsellor else None
    return Looked(out, what_changes(chat, holder, [one.pk for one in beside]))


def needs_help(chat: Chat) -> bool:
    """Say whether a client is shown help for an acute crisis: in danger, or urgent and nobody there yet."""
    if chat.state not in ChatState.open():
        return False
    urgent = chat.case.urgency == Urgency.DRINGEND and chat.state == ChatState.WAITING
    return urgent or chat.case.urgency == Urgency.SOFORT


def in_line(chat: Chat, *, at: datetime) -> InLine:
    """Return where a waiting chat stands in its line."""
    team = chat.case.team
    return InLine(
        queries.position(chat), queries.expected(chat, at=at), queries.closes_at(team, at=at)
    )


def standing(
    chat: Chat,
    line: InLine | None,
    counsellor: str,
    beside: Sequence[Membership],
    *,
    at: datetime,
) -> case_wording.Standing:
    """Say where a chat stands, for its client.

    line: where it stands in line, if it does. beside: who has joined the counsellor openly.
    """
    if line is not None:
        return wording.waiting(chat.case, line, at=at)
    if chat.state in ChatState.seated():
        return wording.seated(chat, counsellor, [one.name for one in beside])
    return wording.over(chat, at=at)


def _case(speaker: Speaker) -> Case:
    row = cases.case_of_client(speaker.case)
    if row is None:
        raise Gone(Close.NOT_THERE)
    return row


def _message_once(entry: Entry, speaker: Speaker, frames: Frames) -> Encoded:
    """Return an entry's frame; what is the same for everybody is made once."""
    found = frames.get(entry.seq)
    if found is None:
        found = Encoded(entry.seq, protocol.encode(_message(entry, speaker)))
        if entry.role is not Message.Role.SYSTEM:
            frames[entry.seq] = found
    return found


def _message(entry: Entry, speaker: Speaker) -> Out:
    out: Out = {
        "type": "message",
        "seq": entry.seq,
        "id": str(entry.token),
        "from": entry.role.value,
        "name": entry.author,
        "at": entry.created_at.isoformat(),
        "text": entry.text,
        "files": len(entry.files),
    }
    if entry.role is Message.Role.SYSTEM:
        is_team = speaker.member is not None
        words = case_wording.system_words_for_team if is_team else case_wording.system_words
        out["text"] = words(entry.text)
    elif entry.role in (Message.Role.REPLY, Message.Role.NOTE):
        out["html"] = markup.render_reply(entry.text)
    return out


def _in_line(line: InLine, *, at: datetime) -> Out:
    wait = line.wait
    return {
        "position": line.position,
        "wait": wait
        and {
            "least": int(wait.least.total_seconds()),
            "most": int(wait.most.total_seconds()),
            "known": wait.known,
        },
        "until": line.until.isoformat() if line.until else None,
    }


def _spoken(language: str, organisation: Organisation) -> str:
    return "en" if language == "en" else organisation.language
