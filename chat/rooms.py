"""Who of this process is in which chat: what is new is read once for all of them, in one thread's turn.

A hint says that there is something; the room hears it for all its sockets. However many hints and sockets
a message has here, its row is read once: who asks while somebody reads shares the next reading with
everybody else who asks.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import uniform
from typing import Any, Protocol
from uuid import UUID

from django.db import DatabaseError

from accounts.events import layer
from chat.events import case_group
from chat.exchange import News, Reader
from chat.protocol import Close

log = logging.getLogger("lotse.sockets")

AGAIN_WITHIN = (1.0, 2.0)  # seconds after a look that met no database; not all rooms at once

Reading = Callable[[UUID, Sequence[Reader]], Awaitable[tuple[list[News], bool]]]


class Listener(Protocol):
    """A socket in a room."""

    def stands(self) -> int | None:
        """Return up to which entry it has everything; None while it cannot take anything."""

    def wants(self) -> Reader | None:
        """Return from where on it reads; None while it cannot take anything."""

    async def bring(self, news: News) -> None:
        """Send what is new."""

    async def end(self, code: Close) -> None:
        """Close, once."""


async def safely(looking: Awaitable[None]) -> None:
    """Wait for a look that may meet no database: it is written down, and the room looks again by itself."""
    try:
        await looking
    except DatabaseError as error:
        log.warning("a chat could not look: %s", type(error).__name__)


class Room:
    """The sockets of one case in this process, in one event loop."""

    def __init__(self, case: UUID, read: Reading) -> None:
        self.listeners: set[Listener] = set()
        self._case = case
        self._read = read
        self._reading = asyncio.Lock()
        self._asked = 0
        self._answered = 0
        self._is_written = False
        self._hinted = 0
        self._again: asyncio.Task[None] | None = None
        self._ear: asyncio.Task[str] | None = None
        self._looking: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Hear hints from now on."""
        if self._ear is None:
            hearing = layer().listen(case_group(self._case), self._hint)
            self._ear = asyncio.create_task(hearing)
        await asyncio.shield(self._ear)

    async def close(self) -> None:
        """Hear no more."""
        if self._ear is not None:
            await layer().stop_listening(case_group(self._case), await self._ear)

    def _hint(self, event: dict[str, Any]) -> None:
        """Look if somebody has not got that far; not while it is written here: then it is brought."""
        seq = event["seq"]
        if self._is_written:
            self._hinted = max(self._hinted, seq)
        elif self._lacks(seq):
            task = asyncio.create_task(safely(self.look()))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    def expect(self) -> list[tuple[Listener, Reader]]:
        """Let hints wait for what is being written here; return who can take something."""
        self._is_written = True
        return self.wanting()

    def _lacks(self, seq: int) -> bool:
        return any((at := one.stands()) is not None and at < seq for one in self.listeners)

    async def look(self) -> None:
        """Bring everybody what was there when this was called.

        Raises DatabaseError; then it looks again by itself, since the hint that asked will not come twice.
        """
        try:
            await self._look()
        except DatabaseError:
            if self._again is None or self._again.done():
                self._again = asyncio.create_task(self._look_until_answered())
            raise

    async def _look_until_answered(self) -> None:
        while self.listeners:
            await asyncio.sleep(uniform(*AGAIN_WITHIN))  # noqa: S311 - only spreads looks in time
            with suppress(DatabaseError):
                await self._look()
                return

    async def _look(self) -> None:
        self._asked += 1
        mine = self._asked
        async with self._reading:
            if self._answered >= mine:
                return  # somebody has looked since
            answers = self._asked
            await self._bring_all()
            self._answered = answers

    def wanting(self) -> list[tuple[Listener, Reader]]:
        """Return who can take something, and from where on."""
        return [(one, reader) for one in self.listeners if (reader := one.wants()) is not None]

    async def bring(
        self, wanting: Sequence[tuple[Listener, Reader]], news: Sequence[News | None]
    ) -> None:
        """Bring what was written here just now; who stands elsewhere by now, or gets None, looks."""
        self._is_written = False
        async with self._reading:
            for (one, reader), found in zip(wanting, news, strict=True):
                if found is not None and one.stands() == reader.after:
                    await self._bring_to(one, found)
        brought = [found.upto for found in news if found is not None]
        if not brought or self._lacks(max(*brought, self._hinted)):
            await self.look()

    async def _bring_all(self) -> None:
        is_all = False
        while not is_all:
            wanting = self.wanting()
            if not wanting:
                return
            news, is_all = await self._read(self._case, [reader for _one, reader in wanting])
            for (one, _reader), found in zip(wanting, news, strict=True):
                await self._bring_to(one, found)

    async def _bring_to(self, one: Listener, found: News) -> None:
        """Bring one of them what is new; who fails at it leaves, keeps nobody else from theirs, and may come back."""
        try:
            await one.bring(found)
        except Exception as error:  # noqa: BLE001 - mostly a line that breaks at this moment
            log.warning("a chat did not take what is new: %s", type(error).__name__)
            self.listeners.discard(one)
            with suppress(Exception):
                await one.end(Close.AWAY)


class Rooms:
    """All rooms of this process, apart by event loop."""

    def __init__(self, read: Reading) -> None:
        self._read = read
        self._rooms: dict[tuple[asyncio.AbstractEventLoop, UUID], Room] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def enter(self, case: UUID, listener: Listener) -> Room:
        """Let a socket hear what is new in a case."""
        place = (asyncio.get_running_loop(), case)
        room = self._rooms.setdefault(place, Room(case, self._read))
        room.listeners.add(listener)
        return room

    def room(self, case: UUID) -> Room | None:
        """Return the room of a case if anybody is in it."""
        return self._rooms.get((asyncio.get_running_loop(), case))

    def leave(self, case: UUID, listener: Listener) -> None:
        """Let it hear no more; one that never entered is no error."""
        place = (asyncio.get_running_loop(), case)
        room = self._rooms.get(place)
        if room is not None:
            room.listeners.discard(listener)
            if not room.listeners:
                del self._rooms[place]
                closing = asyncio.create_task(room.close())
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)
