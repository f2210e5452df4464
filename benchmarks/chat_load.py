"""The load of a chat's measurement, a process of its own: reads one order a line, prints one answer.

An order is JSON: {"port", "rooms": [[path, path, cookie, cookie], …], "lotse": bool, "do": …}. Two sit in
each room; a message counts when the *other* one has it.
"""

import asyncio
import json
import os
import random
import statistics
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.servers.chatting import until
from tests.servers.websocket import WebSocket

AT_ONCE = 50  # handshakes
LATEST = 20.0  # seconds: as late counts what has not arrived by then
EVERYTHING = 1_000_000  # entries that whoever connects has: nobody is brought what was said before
QUIET = 0.5  # seconds without a message after connecting
# What alarms nobody, however often it is said: each rating is of the whole conversation so far.
TEXTS = (
    "Danke, das hilft mir weiter.",
    "Das probiere ich aus.",
    "Wie lange dauert das?",
    "Gibt es dafür eine Liste?",
    "Wo finde ich das Formular für den Kita-Platz?",
    "Wir suchen einen Platz in der Krippe ab August.",
    "Wie hoch ist der Beitrag für zwei Kinder?",
    "Der Antrag liegt beim Jugendamt.",
    "Muss ich dafür einen Termin beim Amt machen?",
)


@dataclass
class Load:
    """Everybody who is connected, and what is under way. latencies: in seconds, of what arrived."""

    lotse: bool
    sockets: list[tuple[WebSocket, WebSocket]] = field(default_factory=list)
    under_way: dict[str, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    arrived: dict[int, asyncio.Event] = field(default_factory=dict)
    refused: int = 0
    heard_at: float = 0.0

    async def connect(self, port: int, rooms: list[list[str]]) -> None:
        """Connect both ends of each room, and wait until each was let in."""
        limit = asyncio.Semaphore(AT_ONCE)
        pairs: list[list[WebSocket | None]] = [[None, None] for _room in rooms]

        async def one(number: int, end: int) -> None:
            async with limit:
                path, cookie = rooms[number][end], rooms[number][end + 2]
                socket = await WebSocket.open(port, path, cookie=cookie and f"lotse={cookie}")
                pairs[number][end] = socket
                if self.lotse:
                    socket.put(json.dumps({"type": "hello", "v": 1, "after": EVERYTHING}))
                    while (found := json.loads(await socket.get()))["type"] != "state":
                        _acknowledge(socket, found)

        await asyncio.gather(*(one(n, end) for n in range(len(rooms)) for end in (0, 1)))
        self.sockets = [(a, b) for a, b in pairs if a is not None and b is not None]
        self.readers = [
            asyncio.create_task(self._read(number, end, socket))
            for number, pair in enumerate(self.sockets)
            for end, socket in enumerate(pair)
        ]
        self.heard_at = time.perf_counter()
        await until(lambda: time.perf_counter() > self.heard_at + QUIET, seconds=60)

    async def _read(self, number: int, end: int, socket: WebSocket) -> None:
        self.arrived[number] = asyncio.Event()
        while True:
            found = json.loads(await socket.get())
            kind = found["type"]
            if kind == "message":
                self.heard_at = time.perf_counter()
                if self.lotse:
                    _acknowledge(socket, found)
                began = self.under_way.get(f"{found['id']} {1 - end}")
                if began is not None:  # said by the other end
                    del self.under_way[f"{found['id']} {1 - end}"]
                    self.latencies.append(time.perf_counter() - began)
                    self.arrived[number].set()
            elif kind == "refused":  # nobody will get it: it is reported, and counts as late
                self.refused += 1
                self.arrived[number].set()

    def say(self, number: int, end: int) -> None:
        """Say something in a room."""
        token = str(uuid4())
        self.under_way[f"{token} {end}"] = time.perf_counter()
        text = random.choice(TEXTS)
        self.sockets[number][end].put(json.dumps({"type": "send", "id": token, "text": text}))

    async def saturate(self, seconds: float) -> dict[str, Any]:
        """In each room one message after the other, in turns; return how many arrived a second."""
        stop = time.perf_counter() + seconds

        async def room(number: int) -> None:
            end = 0
            while time.perf_counter() < stop:
                self.arrived[number].clear()
                self.say(number, end)
                left = stop - time.perf_counter()
                try:
                    await asyncio.wait_for(self.arrived[number].wait(), max(0.01, left))
                except TimeoutError:
                    return
                end = 1 - end

        self.latencies.clear()
        await asyncio.gather(*(room(number) for number in range(len(self.sockets))))
        return {"rate": len(self.latencies) / seconds, "refused": self.refused}

    async def at(self, rate: float, seconds: float) -> dict[str, Any]:
        """So many a second, over all rooms; return what 95 of 100 took at most, in milliseconds."""
        self.latencies.clear()
        began = time.perf_counter()
        for turn in range(int(rate * seconds)):
            if (early := began + turn / rate - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            self.say(turn % len(self.sockets), random.randrange(2))
        with suppress(TimeoutError):
            await until(lambda: not self.under_way, seconds=LATEST)
        quantiles = statistics.quantiles(
            [*self.latencies, *[LATEST] * max(2, len(self.under_way))], n=20
        )
        return {
            "p95": quantiles[-1] * 1000,
            "missing": len(self.under_way),
            "refused": self.refused,
        }

    def leave(self) -> None:
        """Go."""
        for reader in self.readers:
            reader.cancel()
        for pair in self.sockets:
            for socket in pair:
                socket.drop()


def _acknowledge(socket: WebSocket, found: dict[str, Any]) -> None:
    # Without it the server sends no more than a window of messages.
    if found["type"] == "message":
        socket.put(json.dumps({"type": "got", "seq": found["seq"]}))


def processor(pid: int) -> float:
    """Return how many seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def obey(order: dict[str, Any]) -> dict[str, Any]:
    """Do what an order says."""
    load = Load(order["lotse"])
    began = time.perf_counter()
    await load.connect(order["port"], order["rooms"])
    answer: dict[str, Any] = {"connected": time.perf_counter() - began}
    if order["do"] == "idle":
        # The parent looks at the server's memory now.
        print(json.dumps(answer), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
    elif order["do"] == "saturate":
        began = processor(order["pid"])
        answer |= await load.saturate(order["seconds"])
        answer["processor"] = processor(order["pid"]) - began
    else:
        answer |= await load.at(order["rate"], order["seconds"])
    load.leave()
    await asyncio.sleep(0.5)
    return answer


def main() -> None:
    """Obey orders until there are no more."""
    while line := sys.stdin.readline():
        print(json.dumps(asyncio.run(obey(json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
