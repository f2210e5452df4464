"""What a server writes arrives whole and in order, however slowly it is read, and keeps nobody waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from twisted.internet.protocol import Factory, Protocol

from config.reactor import PromptReactor
from tests.servers.chatting import until

WORDS = 200
LONG = 100_000  # bytes of a word: two hundred are more than the sockets between two ends take
PATIENCE = 30.0  # seconds


class Speaking(Protocol):  # type: ignore[misc]  # brings no types
    """Says again what it hears; of `much` many long words, then goodbye."""

    def dataReceived(self, data: bytes) -> None:
        if data == b"much":
            for number in range(WORDS):
                self.transport.write(word(number))
            self.transport.loseConnection()
        else:
            self.transport.write(data)


def word(number: int) -> bytes:
    return b"%03d" % number + b"." * LONG


@pytest.fixture
async def reactor() -> PromptReactor:
    return PromptReactor(asyncio.get_running_loop())


@pytest.fixture
async def port(reactor: PromptReactor) -> AsyncIterator[int]:
    listening = reactor.listenTCP(0, Factory.forProtocol(Speaking), interface="127.0.0.1")
    yield listening.getHost().port
    await listening.stopListening().asFuture(asyncio.get_running_loop())


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        try:
            yield reader, writer
        finally:
            writer.close()


async def test_two_read_and_one_is_slow(port: int, reactor: PromptReactor) -> None:
    async with connected(port) as (slow, to_slow), connected(port) as (quick, to_quick):
        to_slow.write(b"much")
        for number in range(20):
            to_quick.write(word(number)[:100])
            assert await quick.readexactly(100) == word(number)[:100]
        assert reactor.getWriters(), "what was said to the slow one waits for them"
        heard = await slow.readexactly(WORDS * len(word(0)))
        assert heard == b"".join(map(word, range(WORDS)))
        assert await slow.read() == b"", "and then the goodbye"
    assert not reactor.getWriters()


async def test_who_leaves_in_the_middle_takes_nobody_along(
    port: int, reactor: PromptReactor
) -> None:
    async with connected(port) as (quick, to_quick):
        async with connected(port) as (leaving, to_leaving):
            to_leaving.write(b"much")
            await leaving.readexactly(1000)
            to_leaving.transport.abort()
        to_quick.write(b"still there")
        assert await quick.readexactly(11) == b"still there"
        await until(lambda: not reactor.getWriters(), seconds=PATIENCE)


async def test_what_is_said_in_one_turn_leaves_together(reactor: PromptReactor) -> None:
    writes: list[int] = []

    class Counting(Protocol):  # type: ignore[misc]  # brings no types
        def connectionMade(self) -> None:
            self.write = self.transport.writeSomeData
            self.transport.writeSomeData = self.counted

        def counted(self, data: bytes) -> object:
            writes.append(len(data))
            return self.write(data)

        def dataReceived(self, data: bytes) -> None:
            for _word in range(3):
                self.transport.write(data)

    listening = reactor.listenTCP(0, Factory.forProtocol(Counting), interface="127.0.0.1")
    async with connected(listening.getHost().port) as (reader, writer):
        writer.write(b"ja")
        assert await reader.readexactly(6) == b"jajaja"
    assert writes == [6]
    await listening.stopListening().asFuture(asyncio.get_running_loop())
