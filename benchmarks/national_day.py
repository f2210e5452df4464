"""A national day: questions, returns, replies, chats, searches, referrals at an increasing rate.

`manage.py fleet` with one web process and with two, on PostgreSQL and Redis; the load is a process of its
own. The rate rises until the p95 of some page passes 500 ms. LOTSE_BENCH_DAY="1000000" for a larger
database (cases), "10000 60" for longer steps (seconds).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import servers
from benchmarks.chat_load import processor
from tests.servers.fleet import DEMO_ONLY, Fleet
from tests.servers.lotse import ROOT, environment_of, manage
from tests.servers.prepared import copy_demo
from tests.servers.proxy import NAME
from tests.servers.redis import Redis

SIZES = [int(part) for part in os.environ.get("LOTSE_BENCH_DAY", "10000 30").split()]
CASES, SECONDS = SIZES[0], [*SIZES, 30][1]
LIMIT = 500.0  # ms
FEWEST = 20  # answers of a page in a step, for its p95 to count
FIRST, FACTOR, STEPS = 3.0, 1.25, 14  # visits a second; a visit is two to five pages
ROOMS = 60
TARGET = 1.6


@dataclass
class Sized(Fleet):
    """A fleet with so many web processes, one for sockets, one worker."""

    web: int = 1

    @property
    def command(self) -> list[str]:
        """Return the arguments of manage.py that start the fleet."""
        counts = [f"--web={self.web}", "--sockets=1", "--workers=1"]
        ports = ["--port", str(self.port), "--sockets-port", str(self.sockets_port)]
        return ["fleet", *counts, *ports]


@dataclass(frozen=True)
class Curve:
    """What one fleet carried. steps: of each what the load answered and the processor time by kind, in
    seconds a second; held: pages a second in the last step in which every page was quick enough.
    """

    steps: list[dict[str, Any]]
    held: float


def measure(kind: str, folder: Path) -> dict[str, float | str]:
    """Print both curves and return how much more two web processes carry."""
    with servers.databases(kind, folder) as (url, _second):
        data = folder / "lotse"
        copy_demo(data, url, manage)
        demo = environment_of(data, url) | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        if CASES:
            _run("benchmarks.growth_fill", str(CASES), environment=demo)
        redis = Redis.start(folder, "redis")
        try:
            demo["LOTSE_REDIS_URL"] = redis.url()
            people = json.loads(_run("benchmarks.day_people", str(ROOMS), environment=demo))
            curves = {
                web: _curve(Sized(data, _as_fleet(demo), web=web), people, folder, redis)
                for web in (1, 2)
            }
        finally:
            redis.stop()
    one, two = curves[1].held, curves[2].held
    ratio = two / one if one else 0.0
    busiest = max(curves[2].steps[-1]["processor"].items(), key=lambda item: item[1])
    return {
        "what": f"national day at {CASES:,} cases, pages/s with every p95 under {LIMIT:.0f} ms:"
        f" two web processes against one; at the end {busiest[0]} took {busiest[1]:.2f} of"
        f" {os.cpu_count()} cores",
        "ours": round(two, 1),
        "yardstick": round(one, 1),
        "ratio": round(ratio, 2),
        "target": f"at least {TARGET}, or the bottleneck named",
        "met": "yes" if ratio >= TARGET else "no: see docs/scaling.md",
    }


def _run(module: str, argument: str, *, environment: dict[str, str]) -> str:
    run = subprocess.run(
        [sys.executable, "-m", module, argument],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return (run.stdout.splitlines() or [""])[-1]


def _as_fleet(demo: dict[str, str]) -> dict[str, str]:
    environment = demo | {
        "LOTSE_PROFILE": "fleet",
        "LOTSE_ALLOWED_HOSTS": NAME,
        "LOTSE_PUBLIC_URL": f"https://{NAME}",
        "LOTSE_BEHIND_PROXY": "1",
        "LOTSE_DATABASE_POOL": "6",
    }
    return {name: value for name, value in environment.items() if name not in DEMO_ONLY}


def _curve(fleet: Sized, people: dict[str, Any], folder: Path, redis: Redis) -> Curve:
    steps: list[dict[str, Any]] = []
    held, visits = 0.0, FIRST
    fleet.start()
    try:
        with _load(people | {"port": fleet.port}) as order:
            order(visits, 10)  # imports, connections, templates
            for _step in range(STEPS):
                before = _processor(fleet, folder, redis)
                found = order(visits, SECONDS)
                after = _processor(fleet, folder, redis)
                # The load settles before it measures, and that takes processor time as well.
                found["processor"] = {
                    who: (after[who] - before[who]) / (SECONDS + found["settling"]) for who in after
                }
                steps.append(found)
                _say(fleet.web, visits, found)
                if not _quick(found):
                    break
                held, visits = found["rate"], visits * FACTOR
    finally:
        fleet.stop(seconds=30)
    return Curve(steps, held)


def _quick(found: dict[str, Any]) -> bool:
    pages = [page for page in found["pages"].values() if page["count"] >= FEWEST]
    failed = sum(page["failed"] for page in found["pages"].values())
    done = sum(page["count"] for page in found["pages"].values())
    return all(page["p95"] <= LIMIT for page in pages) and failed <= done * 0.02


def _say(web: int, visits: float, found: dict[str, Any]) -> None:
    slowest = sorted(found["pages"].items(), key=lambda item: -item[1]["p95"])[:3]
    words = ", ".join(
        f"{name} {page['p95']:.0f} (median {page['p50']:.0f}, of {page['count']})"
        for name, page in slowest
    )
    failed = sum(page["failed"] for page in found["pages"].values())
    # What a page takes of a core is the same on a busy machine, whatever the rates.
    used = ", ".join(
        f"{who} {share:.2f} ({share / max(found['rate'], 0.1) * 1000:.0f} ms a page)"
        for who, share in found["processor"].items()
    )
    print(
        f"  web {web}: {visits:.1f} visits/s, {found['rate']:.1f} pages/s, {failed} failed;"
        f" slowest p95 {words} ms; cores: {used} {found['errors'] or ''}",
        flush=True,
    )


def _processor(fleet: Sized, folder: Path, redis: Redis) -> dict[str, float]:
    """Return how many seconds of processor time each kind of process has used so far."""
    postmaster = int((folder / "postgresql" / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return {
        "web": sum(map(_used, fleet.pids("web"))),
        "postgresql": sum(map(_used, [postmaster, *map(int, children)])),
        "redis": _used(redis.process.pid),
        "worker": sum(map(_used, fleet.pids("worker"))),
        "load": sum(map(_used, _loads)),
    }


_loads: list[int] = []


def _used(pid: int) -> float:
    try:
        return processor(pid)
    except OSError:
        return 0.0


@contextmanager
def _load(people: dict[str, Any]) -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.day_load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    _loads[:] = [process.pid]
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def say(what: dict[str, Any]) -> None:
        stdin.write(json.dumps(what) + "\n")
        stdin.flush()

    def order(visits: float, seconds: float) -> dict[str, Any]:
        say({"visits": visits, "seconds": seconds})
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    say(people)
    try:
        yield order
    finally:
        stdin.close()
        process.wait(30)
