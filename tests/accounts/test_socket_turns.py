"""A socket handles one message after the other, whether it comes from its other end or from a hint."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from channels.exceptions import StopConsumer
from channels.layers import get_channel_layer

from accounts.sockets import Socket
from tests.servers.chatting import until

MANY = 1_000_000  # messages: so many seconds that nobody would wait for their end


class Listing(Socket):
    """Lists what it handles, and takes a moment for each."""

    def __init__(self) -> None:
        super().__init__()
        self.handled: list[str] = []
        self.busy = 0

    async def one(self, message: dict[str, Any]) -> None:
        self.busy += 1
        assert self.busy == 1, "two messages are handled at once"
        if not message.get("quick"):
            await asyncio.sleep(0.001)
        self.handled.append(message["word"])
        self.busy -= 1

    async def mistake(self, _message: dict[str, Any]) -> None:
        raise RuntimeError("a mistake")

    async def goodbye(self, _message: dict[str, Any]) -> None:
        raise StopConsumer


class Running:
    """A socket, and what its server would hand to it."""

    def __init__(self, receive: Callable[[], Awaitable[dict[str, Any]]] | None = None) -> None:
        self.socket = Listing()
        self.arriving: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.layer: Any = get_channel_layer()
        self.task = asyncio.create_task(self.socket({}, receive or self.arriving.get, None))

    async def hint(self, **message: Any) -> None:
        await self.layer.send(self.socket.channel_name, message)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    found = Running()
    await until(lambda: hasattr(found.socket, "channel_name"), seconds=5)
    yield found
    found.task.cancel()
    await asyncio.gather(found.task, return_exceptions=True)


async def test_one_message_at_a_time_and_each_source_in_its_order(running: Running) -> None:
    for number in range(20):
        running.arriving.put_nowait({"type": "one", "word": f"frame {number}"})
        await running.hint(type="one", word=f"hint {number}")
    handled = running.socket.handled
    await until(lambda: len(handled) == 40, seconds=10)
    for source in ("frame", "hint"):
        assert [one for one in handled if source in one] == [f"{source} {n}" for n in range(20)]


async def test_who_sends_without_end_keeps_no_hint_and_no_neighbour_waiting(
    running: Running,
) -> None:
    left = MANY

    async def without_end() -> dict[str, Any]:
        nonlocal left
        left -= 1
        if left < 0:
            raise StopConsumer
        return {"type": "one", "word": "", "quick": True}

    flooding = Running(without_end)
    running.arriving.put_nowait({"type": "one", "word": "neighbour"})
    await until(lambda: running.socket.handled == ["neighbour"], seconds=30)
    await flooding.hint(type="goodbye")
    await flooding.task
    assert left > 0


async def test_a_mistake_ends_its_own_socket_and_says_so(running: Running) -> None:
    neighbour = Running()
    await until(lambda: hasattr(neighbour.socket, "channel_name"), seconds=5)
    await running.hint(type="mistake")
    with pytest.raises(RuntimeError, match="a mistake"):
        await running.task
    await neighbour.hint(type="one", word="here")
    await until(lambda: neighbour.socket.handled == ["here"], seconds=5)
    neighbour.arriving.put_nowait({"type": "goodbye"})
    await neighbour.task
    assert neighbour.socket.channel_name not in neighbour.layer.channels
