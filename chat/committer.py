"""What is said at once in all chats of this process is written together, by one thread, in one transaction.

While one batch is being written the next one gathers: nobody waits for others without need. Whoever was
in the batch gets their acknowledgement after its commit; who looks at these chats here gets the new entry
from memory. A case has one line in a batch, so that its order is the order of arrival.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError

from chat.exchange import Out, Reader
from chat.rooms import Room, Rooms
from chat.saying import Said, Saying

log = logging.getLogger("lotse.sockets")

MOST = 50  # lines in one batch; SQLite takes so many in one statement

Together = Callable[[Sequence[Saying], Sequence[Sequence[Reader]]], Awaitable[list[Said | None]]]
Alone = Callable[[Saying], Awaitable[Out]]


@dataclass(slots=True)
class _Waiting:
    one: Saying
    answer: asyncio.Future[Out]


@dataclass(slots=True)
class _Desk:
    """What waits in one event loop. busy: cases with a line that is being written by itself."""

    waiting: list[_Waiting] = field(default_factory=list)
    busy: set[UUID] = field(default_factory=set)
    writing: asyncio.Task[None] | None = None
    beside: set[asyncio.Task[None]] = field(default_factory=set)

    def next_batch(self) -> list[_Waiting]:
        """Take what is first in each case that is not busy."""
        batch: list[_Waiting] = []
        later: list[_Waiting] = []
        taken = set(self.busy)
        for waiting in self.waiting:
            case = waiting.one.speaker.case
            (later if case in taken or len(batch) == MOST else batch).append(waiting)
            taken.add(case)
        self.waiting = later
        return batch


class Committer:
    """The one in this process who writes what is said over sockets."""

    def __init__(self, together: Together, alone: Alone, rooms: Rooms) -> None:
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
        if desk.writing is None or desk.writing.done():
            desk.writing = asyncio.create_task(self._write(desk))

    async def _write(self, desk: _Desk) -> None:
        while batch := desk.next_batch():
            await self._write_batch(desk, batch)
        if not desk.waiting and not desk.busy:
            self._desks.pop(asyncio.get_running_loop(), None)

    async def _write_batch(self, desk: _Desk, batch: list[_Waiting]) -> None:
        rooms = [self._rooms.room(waiting.one.speaker.case) for waiting in batch]
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
            if not waiting.answer.done():  # who said it may have gone
                waiting.answer.set_result(done.answer)
            if room is not None:
                self._beside(desk, _safely(room.bring(those, done.news)))

    def _beside(self, desk: _Desk, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        desk.beside.add(task)
        task.add_done_callback(desk.beside.discard)

    async def _by_itself(self, desk: _Desk, waiting: _Waiting, room: Room | None) -> None:
        case = waiting.one.speaker.case
        desk.busy.add(case)
        try:
            answer = await self._alone(waiting.one)
        except Exception as error:  # noqa: BLE001 - it is the sender's, who waits for it
            if not waiting.answer.done():
                waiting.answer.set_exception(error)
        else:
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
        finally:
            desk.busy.discard(case)
            if desk.waiting:
                self._go_on(desk)
        if room is not None:
            await _safely(room.bring((), ()))  # they look, and not by the hint, which may be lost


async def _safely(looking: Awaitable[None]) -> None:
    try:
        await looking
    except DatabaseError as error:
        log.warning("a chat could not look: %s", type(error).__name__)
