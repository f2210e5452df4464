"""Chat in rooms of two: committed before delivered, against a bare echo and the way of the tutorial.

All on one Daphne each, in turns in one run; the load is a process of its own. Lotse is what is
shipped: session, permission, sealing, rating, clocks, trail; only how often one person may say something
is not limited, as it is not in the others (`unlimited.py`). Lotse and the echo are compared with the layer in
memory, and with Redis, as several processes have it. LOTSE_BENCH_CHAT="100,500" for fewer connections.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.servers import databases, of_demo, wait_for
from config import processes
from tests.servers.chats import Room, make
from tests.servers.lotse import ROOT, environment_of, free_port, manage
from tests.servers.parts import PYTHON, Process
from tests.servers.prepared import copy_demo
from tests.servers.redis import Redis

SIZES = [int(size) for size in os.environ.get("LOTSE_BENCH_CHAT", "100,500,2000").split(",")]
LAYERS = ("memory", "redis")
SECONDS = 8.0
RATE = 200.0  # messages a second at which latencies are compared
TARGET_TUTORIAL, TARGET_ECHO, TARGET_P95, TARGET_KB = 3.0, 0.4, 3.0, 60.0


@dataclass
class Server:
    """A server to be measured. rooms: where to connect, and with which cookies."""

    name: str
    port: int
    pid: int
    rooms: list[list[str]]

    def memory(self) -> int:
        """Return how much memory it holds, in kilobytes."""
        return int(Path(f"/proc/{self.pid}/status").read_text().split("VmRSS:")[1].split()[0])


def measure(kind: str, folder: Path) -> list[dict[str, float | str]]:
    """Return a row for each ratio, with each layer at each number of connections."""
    rows: list[dict[str, float | str]] = []
    with ExitStack() as running:
        first, second = running.enter_context(databases(kind, folder))
        redis = Redis.start(folder, "redis")
        running.callback(redis.stop)
        lotse = _Lotse.prepare(second, folder, max(SIZES))
        tutorial = running.enter_context(_bare("tutorial", first, redis.url(), max(SIZES)))
        learnt = {size: _measured(tutorial, size) for size in SIZES}
        for layer in LAYERS:
            with (
                _bare("echo", first, redis.url(), max(SIZES), layer) as echo,
                lotse.running(redis.url() if layer == "redis" else "") as ours,
            ):
                for size in SIZES:
                    found = {one.name: _measured(one, size) for one in (echo, ours)}
                    rows += _rows(f"{kind}, {layer}", size, found | {"tutorial": learnt[size]})
    return rows


def _measured(server: Server, size: int) -> dict[str, float]:
    rooms = server.rooms[: size // 2]
    with _load() as order:
        base = {"port": server.port, "rooms": rooms, "lotse": server.name == "lotse"}
        before = server.memory()
        idle = order(base | {"do": "idle"}, then=server.memory)
        full = order(base | {"do": "saturate", "seconds": SECONDS, "pid": server.pid})
        some = order(base | {"do": "rate", "rate": RATE, "seconds": SECONDS})
    found = {
        "rate": full["rate"],
        "p95": some["p95"],
        "kb": (idle["then"] - before) / size,
        "connecting": idle["connected"],
        "cpu": full["processor"] / max(1.0, full["rate"] * SECONDS) * 1000,
    }
    print(f"  {server.name}, {size} connections:", {k: round(v, 2) for k, v in found.items()})
    return found


def _rows(
    kind: str, size: int, found: dict[str, dict[str, float]]
) -> Iterator[dict[str, float | str]]:
    ours, echo, tutorial = found["lotse"], found["echo"], found["tutorial"]
    compared = (
        ("messages/s against the tutorial's", "rate", tutorial, "at least", TARGET_TUTORIAL),
        ("messages/s against a bare echo", "rate", echo, "at least", TARGET_ECHO),
        (f"p95 ms at {RATE:.0f}/s against a bare echo", "p95", echo, "at most", TARGET_P95),
    )
    for what, key, yardstick, limit, target in compared:
        ratio = ours[key] / max(0.001, yardstick[key])
        met = ratio >= target if limit == "at least" else ratio <= target
        yield {
            "what": f"chat, {size} connections, {kind}: {what}",
            "ours": round(ours[key], 1),
            "yardstick": round(yardstick[key], 1),
            "ratio": round(ratio, 3),
            "target": f"{limit} {target}",
            "met": "yes" if met else "no",
        }
    more = ours["kb"] - echo["kb"]
    yield {
        "what": f"chat, {size} connections, {kind}: kB for an idle one",
        "ours": round(ours["kb"], 1),
        "yardstick": round(echo["kb"], 1),
        "ratio": round(more, 1),
        "target": f"at most {TARGET_KB} more",
        "met": "yes" if more <= TARGET_KB else "no",
    }


@contextmanager
def _load() -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.chat_load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def order(what: dict[str, Any], then: Any = None) -> dict[str, Any]:
        stdin.write(json.dumps(what) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        if then is not None:
            time.sleep(1)  # until what the handshakes left is cleared away
            answer["then"] = then()
            stdin.write("\n")
            stdin.flush()
            stdout.readline()
        return answer

    try:
        yield order
    finally:
        process.stdin.close()
        process.wait()


@contextmanager
def _bare(
    name: str, database_url: str, redis_url: str, size: int, layer: str = "redis"
) -> Iterator[Server]:
    port = free_port()
    variables = os.environ | {
        "DJANGO_SETTINGS_MODULE": "benchmarks.bare.settings",
        "BARE_DATABASE_URL": database_url,
        "BARE_REDIS_URL": redis_url,
        "BARE_CHAT": name,
        "BARE_LAYER": layer,
    }
    migrate = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity=0"]
    subprocess.run(migrate, cwd=ROOT, env=variables, check=True)
    command = [
        *(sys.executable, "-m", "daphne", "-v", "0", "-p", str(port)),
        "benchmarks.bare.chat_asgi:application",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=variables)
    try:
        wait_for(port)
        rooms = [[f"/{number}", f"/{number}", "", ""] for number in range(size // 2)]
        yield Server(name, port, process.pid, rooms)
    finally:
        process.terminate()
        process.wait()


@dataclass
class _Lotse:
    """Lotse with chats to be measured in. rooms: these chats."""

    folder: Path
    variables: dict[str, str]
    rooms: list[Room]

    @classmethod
    def prepare(cls, database_url: str, folder: Path, size: int) -> "_Lotse":
        """Make chats for so many connections."""
        data = folder / "lotse"
        on_postgresql = of_demo(database_url)
        copy_demo(data, on_postgresql, manage)
        settings = {"DJANGO_SETTINGS_MODULE": "config.settings"}
        variables = environment_of(data, on_postgresql) | settings
        return cls(folder, variables, make(size // 2, variables))

    @contextmanager
    def running(self, redis_url: str = "") -> Iterator[Server]:
        """Run it, with Redis or with the layer in memory."""
        port = free_port()
        where = ("--bind", "127.0.0.1", "--port", str(port))
        command = processes.daphne("benchmarks.unlimited:application", *where)
        variables = self.variables | {"LOTSE_REDIS_URL": redis_url}
        log = self.folder / "daphne.log"
        server = Process([*PYTHON, *command], variables, log, port)
        server.start()
        try:
            server.wait()
            assert server.running is not None
            sockets = [
                ["/ws/chat/", f"/ws/chats/{room.case}/", room.client, room.team]
                for room in self.rooms
            ]
            yield Server("lotse", port, server.running.pid, sockets)
        finally:
            server.kill()
