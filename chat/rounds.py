"""Whether anything has changed for those who look by themselves: asked once for many sockets of a process.

A hint may be lost, so every socket looks every 15 to 20 seconds. In most of these moments nothing has
changed; then a handful of statements says so for all who come round at about the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from accounts import queries as staff_queries
from accounts.rules import allows
from chat import queries
from chat.exchange import Speaker, what_changes
from chat.operations import speaking
from chat.states import ChatState
from counselling import claims

GATHER = 0.5  # seconds in which those who come round are asked about together


class Mark(NamedTuple):
    """What a socket asks about. newest: the number of the last entry in its case.

    standing: as a look has it (`exchange.Looked.calm`): the same again says that nothing else has changed;
    nothing: it has to look by itself.
    """

    standing: str = ""
    newest: int = 0


Marks = Callable[[Sequence[Speaker]], Awaitable[list[Mark]]]


def marks(speakers: Sequence[Speaker], *, at: datetime) -> list[Mark]:
    """Return a mark for each, and keep seats meanwhile.

    Nothing stands in it where somebody has to look by themselves: in line, whose lease has to be put
    off or has run out, who looks on at a colleague's chat, whose membership has ended, where no chat goes
    on.
    """
    chats = queries.open_chats({speaker.case for speaker in speakers})
    holders = claims.holders(chats)
    beside = queries.companions_among([chat.pk for chat in chats.values()])
    there = staff_queries.current_among({one.member.pk for one in speakers if one.member})
    keep = queries.keep_times({chat.organisation_id for chat in chats.values()})
    kept = {
        chat.pk
        for one in speakers
        if (chat := chats.get(one.case)) is not None
        and chat.state == ChatState.ACTIVE
        and one.member is not None
        and holders.get(one.case) == one.member.pk
        and one.member.pk in there
        and allows(there[one.member.pk], "chat.answer")
    }
    speaking.keep_seats(kept, at=at)

    def mark(one: Speaker) -> Mark:
        chat = chats.get(one.case)
        if chat is None or chat.state != ChatState.ACTIVE or chat.seat_until is None:
            return Mark()
        if one.member is None:
            lasts = keep[chat.organisation_id] * speaking.UNTOUCHED
            if chat.kept_until < at + lasts or chat.seat_until <= at:
                return Mark()
        elif chat.pk not in kept:
            return Mark()
        standing = what_changes(chat, holders.get(one.case), beside.get(chat.pk, ()))
        return Mark(standing, chat.case.last_seq)

    return [mark(one) for one in speakers]


class Rounds:
    """Gathers those who come round within half a second, in each event loop."""

    def __init__(self, ask: Marks) -> None:
        self._ask = ask
        self._waiting: dict[
            asyncio.AbstractEventLoop, list[tuple[Speaker, asyncio.Future[Mark]]]
        ] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def mark(self, speaker: Speaker) -> Mark:
        """Return what `marks` says about one of many. Raises DatabaseError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Mark] = loop.create_future()
        waiting = self._waiting.setdefault(loop, [])
        waiting.append((speaker, answer))
        if len(waiting) == 1:
            task = loop.create_task(self._answer(loop))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        return await answer

    async def _answer(self, loop: asyncio.AbstractEventLoop) -> None:
        await asyncio.sleep(GATHER)
        waiting = self._waiting.pop(loop)
        try:
            found = await self._ask([speaker for speaker, _answer in waiting])
        except Exception as error:  # noqa: BLE001 - it is everybody's who waits for it
            for _speaker, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_speaker, answer), mark in zip(waiting, found, strict=True):
            if not answer.done():
                answer.set_result(mark)
