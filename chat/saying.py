"""What is said over the wire: many chats in one transaction, or one line by itself; how far one has read.

The same for a socket and for polling over HTTP. Synchronous; whoever runs an event loop calls it in a
thread. It writes nothing itself: operations do.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import DatabaseError

from accounts.text import clean, is_empty
from chat import exchange, protocol
from chat.exchange import Frames, Gone, News, Out, Reader, Speaker
from chat.operations import speaking
from chat.protocol import Broken, Close, Got, Hello, Kind, Read, Send
from counselling.operations import messages, together
from counselling.operations.cases import NotHolder
from counselling.operations.entries import CaseGone, DifferentText
from counselling.operations.together import Line, Written
from counselling.sharing import Sealed
from counselling.states import IllegalMove
from vault.keyring import KeyUnavailable
from vault.sealing import SealBroken

_REFUSALS: tuple[tuple[type[Exception], str], ...] = (
    (NotHolder, "not_yours"),
    (IllegalMove, "not_yours"),
    (messages.NeedsApproval, "needs_approval"),
    (SealBroken, "unreadable"),
    (DatabaseError, "try_again"),
)


def read(speaker: Speaker, frame: Read) -> None:
    """Note up to where somebody has looked."""
    if speaker.member is None:
        speaking.read_by_client(case=speaker.case, seq=frame.seq)
    else:
        speaking.read_by_team(case=speaker.case, seq=frame.seq)


@dataclass(frozen=True, slots=True)
class Saying:
    """Something fit to be said, and who says it. text: cleaned; line: what is to be written, once it is heard."""

    speaker: Speaker
    frame: Send
    text: str = field(repr=False)
    line: Line | None = field(default=None, repr=False)

    @property
    def is_rated(self) -> bool:
        """Say whether it has to be heard before it can be said: a client's words are rated."""
        return self.speaker.member is None

    def as_line(self) -> Line:
        """Return what is to be written."""
        speaker = self.speaker
        return self.line or Line(
            speaker.case, self.text, self.frame.id, speaker.holder, speaker.member
        )


def fit(speaker: Speaker, frame: Send) -> Saying | Out:
    """Return what a frame wants to say, or its refusal where nobody need ask the database. Raises Broken."""
    if speaker.member is None and frame.kind is Kind.NOTE:
        raise Broken("unknown_kind")
    cleaned = clean(frame.text)
    if is_empty(cleaned.text):
        return _refused(frame, "empty")
    if len(cleaned.text) > protocol.LONGEST_TEXT:
        return _refused(frame, "too_long")
    return Saying(speaker, frame, cleaned.text)


@dataclass(frozen=True, slots=True)
class Said:
    """What came of it: the sender's answer, and what each reader gets; None: they have to look."""

    answer: Out
    news: Sequence[News | None]


def hear(some: Sequence[Saying]) -> list[Saying]:
    """Return what clients want to say, with what the triage makes of it: the first half of `say_together`.

    It may be said while others' lines are written: it takes the database and the triage, but no lock. Raises
    DatabaseError.
    """
    heard = together.hear([one.as_line() for one in some])
    return [replace(one, line=line) for one, line in zip(some, heard, strict=True)]


def say_together(
    some: Sequence[Saying], readers: Sequence[Sequence[Reader]], *, at: datetime
) -> list[Said | None]:
    """Write what is said in different chats at once; None for each that `say_alone` has to do.

    readers: who looks at each of the chats here; those who stand right before the new entry get it at
    once, nobody reads its row for them. Never raises for what one of them says; DatabaseError says that
    nothing was written.
    """
    plain = [one for one in some if one.frame.kind is Kind.MESSAGE]
    written = speaking.say_all([one.as_line() for one in plain], at=at)
    found = dict(zip(map(id, plain), written, strict=True))
    return [
        _said(one, new, who) if (new := found.get(id(one))) is not None else None
        for one, who in zip(some, readers, strict=True)
    ]


def _said(one: Saying, written: Written, readers: Sequence[Reader]) -> Said:
    answer = _ack(one.frame, written.seq)
    if written.message is None:
        return Said(answer, [None] * len(readers))
    case = written.message.case
    found = Sealed(case.pk, [written.message], (), written.seq, is_all=True)
    frames: Frames = {}
    return Said(answer, [_at_once(reader, found, written, frames) for reader in readers])


def _at_once(reader: Reader, found: Sealed, written: Written, frames: Frames) -> News | None:
    """Return a new entry for who stands right before it; None: they have to look by themselves.

    The transaction that wrote it has just asked whether the case has its key and whether its holder may
    read it. About a colleague who looks on it has not asked.
    """
    member = reader.speaker.member
    key = reader.speaker.holder.kept_key(found.case)
    is_asked_about = member is None or member.pk == written.holder
    if key is None or reader.after != written.seq - 1 or not is_asked_about:
        return None
    return exchange.opened_for(reader, found, frames, key)


def say_alone(one: Saying, *, at: datetime) -> Out:
    """Say something by itself and return what its sender gets for it. Raises Gone."""
    frame = one.frame
    try:
        seq = _say(one.speaker, frame, one.text, at=at)
    except DifferentText as before:
        return _refused(frame, "different_text") | {"seq": before.seq}
    except (CaseGone, KeyUnavailable):
        raise Gone(Close.NOT_THERE) from None
    except tuple(kind for kind, _name in _REFUSALS) as refusal:
        name = next(name for kind, name in _REFUSALS if isinstance(refusal, kind))
        return _refused(frame, name)
    return _ack(frame, seq)


def take(speaker: Speaker, frame: Send, *, at: datetime) -> Out:
    """Say something in a batch of one, else by itself; return what its sender gets. Raises Gone or Broken."""
    one = fit(speaker, frame)
    if not isinstance(one, Saying):
        return one
    with suppress(DatabaseError):  # then by itself, which says so
        (said,) = say_together([one], [()], at=at)
        if said is not None:
            return said.answer
    return say_alone(one, at=at)


def poll(
    speaker: Speaker, hello: Hello, frames: list[protocol.Frame], *, at: datetime
) -> list[Out]:
    """Do what a request's frames say and return everything that is new. Raises Gone or Broken.

    The same as a socket that opens, sends and closes; `welcome` says where the count begins.
    """
    first = exchange.welcome(speaker, hello, at=at)
    exchange.keep(speaker, at=at)
    out = [first]
    for frame in frames:
        if isinstance(frame, Send):
            out.append(take(speaker, frame, at=at))
        elif isinstance(frame, Read):
            read(speaker, frame)
        elif isinstance(frame, Hello | Got):
            raise Broken("unexpected")
    new = exchange.news(speaker, after=first["after"])
    return [*out, *new, exchange.stands(speaker, at=at).state]


def _say(speaker: Speaker, frame: Send, text: str, *, at: datetime) -> int:
    if speaker.member is None:
        return speaking.say(
            case=speaker.case, text=text, client_msg_id=frame.id, holder=speaker.holder, at=at
        ).seq
    exchange.still(speaker)
    verb = speaking.note if frame.kind is Kind.NOTE else speaking.reply
    return verb(
        case=speaker.case,
        text=text,
        client_msg_id=frame.id,
        by=speaker.member,
        holder=speaker.holder,
        at=at,
    ).seq


def _ack(frame: Send, seq: int) -> Out:
    return {"type": "ack", "id": str(frame.id), "seq": seq}


def _refused(frame: Send, error: str) -> Out:
    return {"type": "refused", "id": str(frame.id), "error": error}
