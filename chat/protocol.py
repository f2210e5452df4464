"""The wire protocol, version 1: what frames there are and what is refused. Pure; docs/protocol.md tells it.

Whatever arrives here was written by anybody. A frame is one flat JSON object of at most 32 KiB.
"""

import json
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, NoReturn
from uuid import UUID

VERSION = 1
LARGEST_FRAME = 32 * 1024  # bytes
LONGEST_TEXT = 4000  # characters of one message
WINDOW = 50  # messages on their way to a reader who has not said that they have them
HIGHEST_SEQ = 2**31 - 1


class Close(IntEnum):
    """Why the server closes a socket."""

    MALFORMED = 4400
    SIGNED_OUT = 4401
    NOT_THERE = 4404
    NO_HELLO = 4408
    TOO_SLOW = 4409
    TOO_LARGE = 4413
    WRONG_VERSION = 4426
    FLOOD = 4429
    AWAY = 4503  # come again; so says any socket of a process that ends (config/draining_daphne.py)


class Broken(Exception):
    """A frame that no client of this protocol sends. `error`: its name; `close`: how the socket ends."""

    def __init__(self, error: str, close: Close = Close.MALFORMED) -> None:
        super().__init__(error)
        self.error = error
        self.close = close


class Kind(StrEnum):
    """What a sent message is."""

    MESSAGE = "message"  # for the other side
    NOTE = "note"  # for the team only


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame. after: the newest entry that the sender has; 0: none."""

    after: int
    language: str


@dataclass(frozen=True, slots=True)
class Send:
    """Somebody says something. id: the sender's; the same one again is the same message."""

    id: UUID
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Got:
    """The sender has every entry up to `seq`."""

    seq: int


@dataclass(frozen=True, slots=True)
class Read:
    """Somebody has looked at every entry up to `seq`."""

    seq: int


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody is typing."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Somebody asks whether the server is there."""


Frame = Hello | Send | Got | Read | Typing | Ping


def parse(text: str) -> Frame:
    """Return the frame that a text is. Raises Broken."""
    if len(text) > LARGEST_FRAME // 4 and len(_bytes(text)) > LARGEST_FRAME:
        raise Broken("too_large", Close.TOO_LARGE)
    try:
        found = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise Broken("no_json") from None
    return parse_object(found)


def parse_object(found: Any) -> Frame:
    """Return the frame that a JSON value is. Raises Broken."""
    if not isinstance(found, dict):
        raise Broken("no_object")
    kind = found.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise Broken("unknown_type")
    frame: Frame = reader(found)
    return frame


def encode(frame: dict[str, Any]) -> str:
    """Return the text that a frame is."""
    return _ENCODER.encode(frame)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("no JSON")


# Made once: `json.loads` and `json.dumps` make one for each call that wants something of its own.
_DECODER = json.JSONDecoder(parse_constant=_no_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_KINDS = tuple(kind.value for kind in Kind)


def _hello(found: dict[str, Any]) -> Hello:
    if found.get("v") != VERSION or isinstance(found.get("v"), bool):
        raise Broken("wrong_version", Close.WRONG_VERSION)
    return Hello(_seq(found.get("after", 0)), "en" if found.get("lang") == "en" else "de")


def _send(found: dict[str, Any]) -> Send:
    text, kind = found.get("text"), found.get("kind", Kind.MESSAGE.value)
    if not isinstance(text, str):
        raise Broken("no_text")
    if kind not in _KINDS:
        raise Broken("unknown_kind")
    try:
        token = UUID(found["id"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Broken("no_id") from None
    return Send(token, text, Kind(kind))


def _seq(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= HIGHEST_SEQ:
        raise Broken("no_seq")
    return value


_READERS: dict[str, Any] = {
    "hello": _hello,
    "send": _send,
    "got": lambda found: Got(_seq(found.get("seq"))),
    "read": lambda found: Read(_seq(found.get("seq"))),
    "typing": lambda _found: Typing(),
    "ping": lambda _found: Ping(),
}


@dataclass(slots=True)
class Bucket:
    """So many at once, then so many a second. Time is passed in, in seconds."""

    most: float
    each_second: float
    left: float = -1.0
    since: float = 0.0

    def take(self, now: float) -> bool:
        """Count one, and say whether there was room for it."""
        if self.left < 0:
            self.left = self.most
        else:
            self.left = min(self.most, self.left + (now - self.since) * self.each_second)
        self.since = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def frames_bucket() -> Bucket:
    """Return how often a socket may send a frame of any kind: beyond it is closed."""
    return Bucket(60, 20)


def sends_bucket() -> Bucket:
    """Return how often a socket may say something: beyond it is refused for a moment."""
    return Bucket(10, 1)
