"""Somebody's own program at one end of a chat, written from docs/protocol.md, with a ledger of what it saw."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.servers.chats import Room
from tests.servers.websocket import Closed, Refused, WebSocket

HANDSHAKE = 60.0  # seconds to wait for an answer to the handshake
AGAIN_AFTER = 2.0  # seconds after which a message is sent again that was refused for a moment
SILENCE = 45.0  # seconds without any answer after which it is sent again on the same connection
PATIENCE = 120.0  # seconds for a whole conversation to arrive
AGAIN = frozenset(["too_fast", "try_again"])  # what docs/protocol.md says to send again


@dataclass
class Seen:
    """One entry as a view got it, and when (time.monotonic)."""

    seq: int
    id: str
    text: str
    at: float


@dataclass
class End:
    """One end of a chat that never gives up. ports: of the servers to choose from.

    waiting: what it said and nobody has acknowledged, by id; acknowledged: number and moment of the
    rest, by id; seen: its view.
    """

    room: Room
    side: str
    ports: Sequence[int]
    waiting: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, tuple[int, float]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    connected: int = 0
    sent: int = 0
    again_at: dict[str, float] = field(default_factory=dict)
    there: list[float] = field(default_factory=list)  # each welcome, and each end of a stall
    closes: list[int] = field(default_factory=list)
    stalled_until: float = 0.0
    _socket: WebSocket | None = None

    @property
    def after(self) -> int:
        """Return the highest number that the view has."""
        return self.seen[-1].seq if self.seen else 0

    def there_at(self, moment: float) -> float:
        """Return since when the view was connected at a moment, and read."""
        return max((at for at in self.there if at <= moment), default=moment)

    def say(self, text: str) -> None:
        """Say something, now or when there is a connection again."""
        token = str(uuid4())
        self.waiting[token] = self.texts[token] = text
        self._put(token)

    def cut(self, *, in_frame: bool = True) -> None:
        """Lose the connection, in the middle of a frame."""
        if self._socket is not None:
            if in_frame:
                self._socket.cut_in_frame()
            else:
                self._socket.drop()

    async def live(self) -> None:
        """Stay connected until cancelled."""
        pause = 0.5
        while True:
            before = self.connected
            try:
                await self._once()
            except (Refused, OSError, TimeoutError):
                pause = min(15.0, pause * 2)
            except Closed as closed:
                self.closes.append(closed.code)
                pause = min(15.0, pause * 2) if before == self.connected else 0.5
            finally:
                if self._socket is not None:
                    self._socket.drop()
                    self._socket = None
            await asyncio.sleep(random.uniform(pause / 2, pause))

    async def _once(self) -> None:
        port = random.choice(self.ports)
        path = "/ws/chat/" if self.side == "client" else f"/ws/chats/{self.room.case}/"
        cookie = f"lotse={self.room.client if self.side == 'client' else self.room.team}"
        async with asyncio.timeout(HANDSHAKE):
            self._socket = await WebSocket.open(port, path, cookie=cookie)
        self._socket.put(json.dumps({"type": "hello", "v": 1, "after": self.after}))
        asking = asyncio.create_task(self._ask_again())
        try:
            while True:
                if (left := self.stalled_until - time.monotonic()) > 0:
                    await asyncio.sleep(left)
                    self.there.append(time.monotonic())
                # Silence for longer than that, although we ping: the connection is dead.
                async with asyncio.timeout(45):
                    text = await self._socket.get()
                self._take(json.loads(text))
        finally:
            asking.cancel()

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "welcome":
            self.connected += 1
            self.there.append(time.monotonic())
            for token in list(self.waiting):
                self._put(token)
        elif kind == "message":
            if frame["seq"] <= self.after:
                return  # a repetition
            self.seen.append(Seen(frame["seq"], frame["id"], frame["text"], time.monotonic()))
            self._send({"type": "got", "seq": frame["seq"]})
        elif kind == "ack":
            known = self.acknowledged.setdefault(frame["id"], (frame["seq"], time.monotonic()))
            if known[0] != frame["seq"]:
                self.mistakes.append(f"{frame['id']} is {known[0]} and {frame['seq']}")
            self.waiting.pop(frame["id"], None)
            self.again_at.pop(frame["id"], None)
        elif kind == "refused" and frame["error"] in AGAIN:
            pause = AGAIN_AFTER * random.uniform(1, 2)
            self.again_at[frame["id"]] = time.monotonic() + pause
        elif kind == "refused":
            self.mistakes.append(f"refused: {frame['error']}")
        elif kind == "error":
            self.mistakes.append(f"error: {frame['error']}")

    async def _ask_again(self) -> None:
        """Ping, and send again what was to be sent again, until cancelled."""
        while True:
            await asyncio.sleep(AGAIN_AFTER)
            now = time.monotonic()
            for token in [token for token, at in self.again_at.items() if at <= now]:
                self._put(token)
            self._send({"type": "ping"})

    def _put(self, token: str) -> None:
        if self.connected and token in self.waiting:
            self.sent += 1
            self.again_at[token] = time.monotonic() + SILENCE
            self._send({"type": "send", "id": token, "text": self.waiting[token]})

    def _send(self, frame: dict[str, Any]) -> None:
        if self._socket is not None:
            self._socket.put(json.dumps(frame))


async def view(room: Room, side: str, port: int, *, upto: int) -> list[Seen]:
    """Return what one side sees of a chat, over a connection of its own, until entry `upto` is there."""
    reader = End(room, side, [port])
    living = asyncio.create_task(reader.live())
    try:
        await until(lambda: reader.after >= upto, seconds=PATIENCE)
    finally:
        living.cancel()
    return reader.seen


async def until(is_so: Callable[[], bool], *, seconds: float) -> None:
    """Wait until something is so. Raises TimeoutError after `seconds`."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - of many ends at once, none of which says so by itself
            await asyncio.sleep(0.02)
