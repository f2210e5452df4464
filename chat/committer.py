"""What is said at once in all chats of this process is written together, by one thread, in one transaction.

A client's line is rated first, by another thread, while others are being written; then it waits with the
team's lines for the next batch. Nobody waits for others without need. Whoever was in the batch gets their
acknowledgement after its commit; who looks at these chats here gets the new entry from memory. A case has
one line under way, so that its order is the order of arrival.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError

from chat.exchange import Out, Reader
from chat.rooms import Room, Rooms, safely
from chat.saying import Said, Saying

log = logging.getLogger("lotse.sockets")

MOST = 50  # lines in one batch; SQLite takes so many in one statement

Hear = Callable[[Sequence[Saying]], Awaitable[list[Saying]]]
Together = Callable[[Sequence[Saying], Sequence[Sequence[Reader]]], Awaitable[list[Said | None]]]
Alone = Callable[[Saying], Awaitable[Out]]


@dataclass(slots=True)
class _Waiting:
    one: Saying
    answer: asyncio.Future[Out]

    @property
    def case(self) -> UUID:
        return self.one.speaker.case


@dataclass(slots=True)
class _Desk:
    """What is under way in one event loop. A case has one line at a time in all but `waiting`: busy.

    unheard: clients' lines, to be rated; ready: to be written.
    """

    waiting: list[_Waiting] = field(default_factory=list)
    unheard: list[_Waiting] = field(default_factory=list)
    ready: list[_Waiting] = field(default_factory=list)
    busy: set[UUID] = field(default_factory=set)
    hearing: asyncio.Task[None] | None = None
    writing: asyncio.Task[None] | None = None
    beside: set[asyncio.Task[None]] = field(default_factory=set)

    def sort(self) -> None:
        """Let the first line of each case that is not busy go on."""
        later: list[_Waiting] = []
        for waiting in self.waiting:
            if waiting.case in self.busy:
                later.append(waiting)
            else:
                self.busy.add(waiting.case)
                (self.unheard if waiting.one.is_rated else self.ready).append(waiting)
        self.waiting = later

    def done(self, waiting: _Waiting) -> None:
        """Let the next line of a case go on."""
        self.busy.discard(waiting.case)


class Committer:
    """The one in this process who writes what is said over sockets."""

    def __init__(self, hear: Hear, together: Together, alone: Alone, rooms: Rooms) -> None:
        self._hear_all = hear
        self._together = together
        self._alone = alone
        self._rooms = rooms
        self._desks: dict[asyncio.AbstractEventLoop, _Desk] = {}

    async def say(self, one: Saying) -> Out:
        """Return what its sender gets, when it is committed or refused. Raises exchange.Gone."""
        loop = asyncio.get_running_loop()
        desk = self._desks.setdefault(loop, _Desk())
        waiting = _Waiting(one, loop.create_future())
        desk.waiting.append(waiting)
        self._go_on(desk)
        return await waiting.answer

    def _go_on(self, desk: _Desk) -> None:
        desk.sort()
        if desk.unheard and (desk.hearing is None or desk.hearing.done()):
            desk.hearing = asyncio.create_task(self._hear(desk))
        if desk.ready and (desk.writing is None or desk.writing.done()):
            desk.writing = asyncio.create_task(self._write(desk))
        if not desk.waiting and not desk.busy:
            self._desks.pop(asyncio.get_running_loop(), None)

    async def _hear(self, desk: _Desk) -> None:
        while desk.unheard:
            batch, desk.unheard = desk.unheard[:MOST], desk.unheard[MOST:]
            try:
                heard = await self._hear_all([waiting.one for waiting in batch])
            except Exception as error:  # noqa: BLE001 - the writer tries again, and says so
                log.warning("a batch of chats was not heard: %s", type(error).__name__)
            else:
                for waiting, one in zip(batch, heard, strict=True):
                    waiting.one = one
            desk.ready += batch
            self._go_on(desk)

    async def _write(self, desk: _Desk) -> None:
        while desk.ready:
            batch, desk.ready = desk.ready[:MOST], desk.ready[MOST:]
            await self._write_batch(desk, batch)
            self._go_on(desk)

    async def _write_batch(self, desk: _Desk, batch: list[_Waiting]) -> None:
        rooms = [self._rooms.room(waiting.case) for waiting in batch]
        wanting = [room.expect() if room else [] for room in rooms]
        readers = [[reader for _one, reader in those] for those in wanting]
        said: list[Said | None] = [None] * len(batch)
        try:
            said = await self._together([waiting.one for waiting in batch], readers)
        except DatabaseError as error:
            log.warning("a batch of chats was not written: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - one of them may be at fault: each by itself, then
            log.error("a batch of chats was not written: %s", type(error).__name__)
        for waiting, room, those, done in zip(batch, rooms, wanting, said, strict=True):
            if done is None:
                self._beside(desk, self._by_itself(desk, waiting, room))
                continue
            desk.done(waiting)
            if not waiting.answer.done():  # who said it may have gone
                waiting.answer.set_result(done.answer)
            if room is not None:
                self._beside(desk, safely(room.bring(those, done.news)))

    def _beside(self, desk: _Desk, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        desk.beside.add(task)
        task.add_done_callback(desk.beside.discard)

    async def _by_itself(self, desk: _Desk, waiting: _Waiting, room: Room | None) -> None:
        try:
            answer = await self._alone(waiting.one)
        except Exception as error:  # noqa: BLE001 - it is the sender's, who waits for it
            if not waiting.answer.done():
                waiting.answer.set_exception(error)
        else:
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
        finally:
            desk.done(waiting)
            self._go_on(desk)
        if room is not None:
            await safely(room.bring((), ()))  # they look, and not by the hint, which may be lost
