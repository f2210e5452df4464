"""The sockets of chats: frames in, frames out. No table is touched here; `exchange` does everything.

docs/protocol.md describes what goes over the wire.
"""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from random import uniform
from typing import Any, TypeVar
from uuid import UUID

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from accounts.events import member_group, person_group
from accounts.sockets import Socket, Watch
from chat import events, exchange, protocol, saying
from chat import rounds as rounds_of
from chat.committer import Committer
from chat.exchange import Gone, News, Reader, Side, Speaker
from chat.protocol import Broken, Close, Got, Hello, Ping, Read, Send, Typing
from chat.rooms import Room, Rooms
from chat.rounds import Mark
from chat.saying import Said, Saying
from chat.states import ChatState
from vault import sessions

log = logging.getLogger("lotse.sockets")
Answer = TypeVar("Answer")

HELLO_WITHIN = 10.0  # seconds
POLL_BETWEEN = (15.0, 20.0)  # seconds; not all at once
STATE_WITHIN = (0.02, 0.4)  # seconds after a hint
STALLED = 30.0  # seconds that a reader with a full window may leave it more than half full
# Who looks, and what is said by itself; a few at once, beside the one thread of all other sockets.
_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="chat")
# What is said waits for nobody who looks; what is rated keeps nobody from being written.
_HEARER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chat-hearer")
_WRITER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chat-writer")
# When all come back at once, whoever is there already waits for none of the others.
_COMERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="chat-comer")


async def asked(question: Callable[[], Answer], *, by: ThreadPoolExecutor = _THREADS) -> Answer:
    """Call something that needs the database in one of the chat's threads.

    As `database_sync_to_async`, without what that carries back and forth for code that has its own thread.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(by, lambda: copy_context().run(_answered, question))


def _answered(question: Callable[[], Answer]) -> Answer:
    close_old_connections()
    try:
        return question()
    finally:
        close_old_connections()


class ChatConsumer(Socket):
    """One end of a chat. Subclasses say whose."""

    side: Side

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.speaker: Speaker | None = None
        self.mark = ""  # of the session's data, as the watch saw them last
        self._joined: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._soon: asyncio.Task[None] | None = None
        self._stale = False
        self._room: Room | None = None
        self._newest = 0  # the entry that was looked at last
        self._on_the_way: deque[int] = deque()
        self._is_held = False  # the window was full and is not half empty yet
        self._sent_at = 0.0
        self._last_state = ""
        self._waits = True  # in line, or not known yet
        self._calm = ""  # what was the case when it was last told where the chat stands
        self._frames = protocol.frames_bucket()
        self._sends = protocol.sends_bucket()
        self._has_begun = False
        self._closing = False

    # --- Coming and going ---------------------------------------------------------------------------
    async def connect(self) -> None:
        """Accept, and wait for a hello."""
        await self.accept()
        self._tasks.append(asyncio.create_task(self._expect_hello()))

    async def disconnect(self, code: int) -> None:
        """Stop everything that belongs to this socket, and let the others know."""
        self._closing = True
        self._go()
        for task in [*self._tasks, *filter(None, [self._soon])]:
            if task is not asyncio.current_task():
                task.cancel()
        if self.speaker is not None:
            await self._tell(there=False, ask=False)
        for group in self._joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def end(self, code: Close) -> None:
        """Close, once."""
        if not self._closing:
            self._closing = True
            self._go()
            await self.close(int(code))  # the server below takes nothing that only equals a number

    def _go(self) -> None:
        watched.discard(self)
        if self.speaker is not None:
            rooms.leave(self.speaker.case, self)

    async def _expect_hello(self) -> None:
        await asyncio.sleep(HELLO_WITHIN)
        if self.speaker is None:
            await self.end(Close.NO_HELLO)

    # --- Frames from the other end ------------------------------------------------------------------
    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Take a frame; one that is wrong is named, and ends the socket, not the process."""
        if self._closing:
            return
        try:
            if not self._frames.take(time.monotonic()):
                raise Broken("flood", Close.FLOOD)
            if text_data is None:
                raise Broken("binary")
            await self._take(protocol.parse(text_data))
        except Broken as broken:
            await self._out({"type": "error", "error": broken.error})
            await self.end(broken.close)
        except Gone as gone:
            await self.end(gone.close)
        except DatabaseError as error:
            # What was not acknowledged is sent again by who said it.
            log.warning("a chat's frame met a database that is away: %s", type(error).__name__)
            if not self._has_begun:  # nobody would look for this end
                await self.end(Close.AWAY)

    async def _take(self, frame: protocol.Frame) -> None:
        if isinstance(frame, Hello):
            await self._begin(frame)
        elif self.speaker is None:
            raise Broken("hello_first")
        elif isinstance(frame, Send):
            await self._said(frame)
        elif isinstance(frame, Read):
            speaker = self._speaker()
            await asked(lambda: saying.read(speaker, frame))
        elif isinstance(frame, Got):
            await self._got(frame)
        elif isinstance(frame, Typing):
            await self._to_room({"type": "typing", "by": self.side.value})
        elif isinstance(frame, Ping):
            await self._out({"type": "pong"})

    async def _begin(self, hello: Hello) -> None:
        if self.speaker is not None:
            raise Broken("unexpected")
        speaker = await asked(lambda: self._who(hello.language), by=_COMERS)
        self.speaker = speaker
        await self._join(speaker)
        first, looked = await asked(lambda: _beginning(speaker, hello), by=_COMERS)
        self._newest = first["after"]
        watched.add(self)
        self._room = rooms.enter(speaker.case, self)
        await self._room.open()
        await self._out(first)
        await self._room.look()
        await self._say(looked)
        await self._tell(there=True, ask=True)
        self._tasks.append(asyncio.create_task(self._look()))
        self._has_begun = True

    def _who(self, language: str) -> Speaker:
        # The mark first: what changes in the session from now on is looked at.
        self.mark = exchange.mark_of(self.cookie)
        return self.who(language)

    def who(self, language: str) -> Speaker:
        """Return who speaks here, by the session's cookie. Raises Gone."""
        raise NotImplementedError

    async def _join(self, speaker: Speaker) -> None:
        # What is new in the case is heard by the room.
        groups = [events.room_group(speaker.case), events.line_group(speaker.team)]
        if speaker.member is not None:
            groups += [member_group(speaker.member.pk), person_group(speaker.member.user_id)]
        for group in groups:
            await self.channel_layer.group_add(group, self.channel_name)
            self._joined.append(group)

    async def _said(self, frame: Send) -> None:
        if not self._sends.take(time.monotonic()):
            await self._out({"type": "refused", "id": str(frame.id), "error": "too_fast"})
            return
        one = saying.fit(self._speaker(), frame)
        if not isinstance(one, Saying):
            await self._out(one)
            return
        await self._out(await committer.say(one))

    async def _got(self, frame: Got) -> None:
        while self._on_the_way and self._on_the_way[0] <= frame.seq:
            self._on_the_way.popleft()
        # Not for each place that gets free: every look is a question to the database.
        if self._is_held and len(self._on_the_way) <= protocol.WINDOW // 2:
            self._is_held = False
            await self._catch_up()

    # --- Hints and looking by itself -----------------------------------------------------------------
    async def changed(self, _event: dict[str, Any]) -> None:
        """Look: a hint to the member says that there is something. What is new in the case the room hears."""
        await self._safely(self._catch_up)

    async def moved(self, _event: dict[str, Any]) -> None:
        """Say where the chat stands: a hint says that something moved here.

        Many hints in a moment are answered once, and not by a whole line of sockets at the same time.
        """
        self._stale = True
        if self._soon is None or self._soon.done():
            self._soon = asyncio.create_task(self._say_state_soon())

    async def line_moved(self, event: dict[str, Any]) -> None:
        """Say where the chat stands in line, if it does: a hint says that the line moved."""
        if self._waits:
            await self.moved(event)

    async def _say_state_soon(self) -> None:
        # Again, if a hint came while it looked.
        while self._stale and not self._closing:
            await asyncio.sleep(uniform(*STATE_WITHIN))  # noqa: S311 - only spreads looks in time
            self._stale = False
            await self._safely(self._say_state)

    async def ended(self, _event: dict[str, Any]) -> None:
        """Look whether the session still is there: a hint says that it may not be."""
        await self.look_again()

    async def typing(self, event: dict[str, Any]) -> None:
        """Pass on that the other side types."""
        if event["by"] != self.side.value and self.speaker is not None:
            await self._out({"type": "typing", "by": event["by"]})

    async def presence(self, event: dict[str, Any]) -> None:
        """Pass on that the other side is there or not; who has just come learns that we are.

        Of several at one side (a second tab, a connection that died unnoticed, a companion) one goes: the
        others are still there.
        """
        if self.speaker is None or self._closing:
            return
        if event["who"] == self.side.value:
            if not event["there"]:
                await self._tell(there=True, ask=False)
        else:
            await self._out({"type": "presence", "who": event["who"], "there": event["there"]})
            if event["ask"]:
                await self._tell(there=True, ask=False)

    async def _look(self) -> None:
        """Look by itself: a hint may be lost. Ends with the socket."""
        while not self._closing:
            await asyncio.sleep(uniform(*POLL_BETWEEN))  # noqa: S311 - only spreads looks in time
            if await self._is_stalled():
                return
            try:
                await self._safely(self._look_once)
            except Exception as error:  # noqa: BLE001 - whatever it is: the next look may mend it
                log.error("a chat's look failed: %s", type(error).__name__)

    async def _look_once(self) -> None:
        speaker = self._speaker()
        mark = await rounds.mark(speaker)
        if not mark.standing or mark.newest > self._newest:
            await self._catch_up()
        if not mark.standing or mark.standing != self._calm:
            await self._say(await asked(lambda: exchange.look(speaker, at=timezone.now())))

    async def _is_stalled(self) -> bool:
        if self._is_held and time.monotonic() - self._sent_at > STALLED:
            await self.end(Close.TOO_SLOW)
            return True
        return False

    async def look_again(self) -> None:
        """Ask who this is, as at the beginning; close if it is nobody any more."""
        speaker = self.speaker
        if speaker is None:
            return
        try:
            now = await asked(lambda: self.who(speaker.language))
        except Gone as gone:
            await self.end(gone.close)
            return
        if (now.case, now.member) != (speaker.case, speaker.member):
            await self.end(Close.SIGNED_OUT)

    async def _safely(self, do: Callable[[], Any]) -> None:
        if self.speaker is None or self._closing:
            return
        try:
            await do()
        except Gone as gone:
            await self.end(gone.close)
        except DatabaseError as error:
            log.warning("a chat could not look: %s", type(error).__name__)

    # --- Frames to the other end ---------------------------------------------------------------------
    async def _catch_up(self) -> None:
        """Send what is new, as far as the reader keeps up."""
        if self._room is not None:
            await self._room.look()

    def stands(self) -> int | None:
        """Return up to which entry this end has everything; None while it is held."""
        return None if self._closing or self._is_held else self._newest

    def wants(self) -> Reader | None:
        """Return from where on this end reads; None while it is held."""
        if self.speaker is None or self.stands() is None:
            return None
        return Reader(self.speaker, self._newest, protocol.WINDOW - len(self._on_the_way))

    async def bring(self, news: News) -> None:
        """Send what is new; close if it is not for this end any more."""
        if news.gone is not None:
            await self.end(news.gone)
        if self._closing:
            return
        for out in news.frames:
            self._on_the_way.append(out.seq)
            self._is_held = len(self._on_the_way) >= protocol.WINDOW
            self._sent_at = time.monotonic()
            await self.send(text_data=out.text)
            self._newest = out.seq
        self._newest = max(self._newest, news.upto)

    async def _say_state(self) -> None:
        speaker = self._speaker()
        await self._say(await asked(lambda: exchange.stands(speaker, at=timezone.now())))

    async def _say(self, looked: exchange.Looked) -> None:
        state = looked.state
        self._waits = state["state"] == ChatState.WAITING
        said = json.dumps(state, sort_keys=True)
        if said != self._last_state:
            self._last_state = said
            await self._out(state)
        self._calm = looked.calm

    async def _tell(self, *, there: bool, ask: bool) -> None:
        await self._to_room(
            {"type": "presence", "who": self.side.value, "there": there, "ask": ask}
        )

    async def _to_room(self, message: dict[str, Any]) -> None:
        await self.channel_layer.group_send(events.room_group(self._speaker().case), message)

    async def _out(self, frame: exchange.Out) -> None:
        await self.send(text_data=protocol.encode(frame))

    def _speaker(self) -> Speaker:
        if self.speaker is None:
            raise Broken("hello_first")
        return self.speaker


def _beginning(speaker: Speaker, hello: Hello) -> tuple[exchange.Out, exchange.Looked]:
    at = timezone.now()
    return exchange.welcome(speaker, hello, at=at), exchange.look(speaker, at=at)


class ClientChat(ChatConsumer):
    """The client's end: the case is the session's, no address names it."""

    side = Side.CLIENT

    def who(self, language: str) -> Speaker:
        """Return the client of the session. Raises Gone."""
        return exchange.client_of(self.cookie, language=language)


class TeamChat(ChatConsumer):
    """A counsellor's end."""

    side = Side.TEAM

    def who(self, language: str) -> Speaker:
        """Return the member of the session, if they may chat in the case. Raises Gone."""
        case: UUID = self.scope["url_route"]["kwargs"]["case"]
        return exchange.member_of(self.cookie, case, language=language)


async def _look_at_sessions(sockets: list[ChatConsumer]) -> None:
    """Close whose session has ended, and look again at whose has changed. Clients' end without a hint."""
    cookies = {socket.cookie for socket in sockets}
    marks = await asked(lambda: sessions.marks(cookies))
    for socket in sockets:
        mark = marks.get(socket.cookie, "")
        if not mark:
            await socket.end(Close.SIGNED_OUT)
        elif mark != socket.mark:
            socket.mark = mark
            await socket.look_again()


async def _read(case: UUID, readers: Sequence[Reader]) -> tuple[list[News], bool]:
    return await asked(lambda: exchange.shared_news(case, readers))


async def _hear(some: Sequence[Saying]) -> list[Saying]:
    return await asked(lambda: saying.hear(some), by=_HEARER)


async def _say_together(
    some: Sequence[Saying], readers: Sequence[Sequence[Reader]]
) -> list[Said | None]:
    return await asked(lambda: saying.say_together(some, readers, at=timezone.now()), by=_WRITER)


async def _say_alone(one: Saying) -> exchange.Out:
    return await asked(lambda: saying.say_alone(one, at=timezone.now()))


async def _marks(speakers: Sequence[Speaker]) -> list[Mark]:
    return await asked(lambda: rounds_of.marks(speakers, at=timezone.now()))


watched = Watch(_look_at_sessions)
rounds = rounds_of.Rounds(_marks)
rooms = Rooms(_read)
committer = Committer(_hear, _say_together, _say_alone, rooms)
