"""Growth: every page and every sweep at 1,000,000 cases against the same at 10,000, in turns in one run.

Prints each; those are rows of the table that are slower than the target, and one for all others. On
PostgreSQL only: that is what carries a million. LOTSE_BENCH_GROWTH="10000 100000" for other sizes.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import servers
from tests.servers.lotse import ROOT, environment_of, manage
from tests.servers.prepared import copy_demo

SIZES = [int(size) for size in os.environ.get("LOTSE_BENCH_GROWTH", "10000 1000000").split()]
ROUNDS = 7
MORE = 21  # rounds for what seems to grow: of 125 medians of seven, one or two are the machine's
TARGET = 1.5
NOTHING = 10.0  # ms: what both do in less is not told apart from the machine's noise


def measure(kind: str, folder: Path) -> list[dict[str, float | str]]:
    """Return a row for each page and sweep that grows, and one for the others together."""
    visitors = []
    with servers.databases(kind, folder) as urls:
        for url, size in zip(urls, SIZES, strict=True):
            data = folder / f"data{size}"
            copy_demo(data, url, manage)
            environment = environment_of(data, url)
            subprocess.run(
                [sys.executable, "-m", "benchmarks.growth_fill", str(size)],
                cwd=ROOT,
                env=environment,
                check=True,
            )
            visitors.append(Visitor(environment))
        try:
            return compare(visitors)
        finally:
            for visitor in visitors:
                visitor.process.communicate("")


class Visitor:
    """A process that visits one database when asked to."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.growth_inside"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.names: list[str] = self._read()

    def visit(self, name: str) -> tuple[float, int]:
        """Return how many milliseconds and statements a visit took."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        taken, statements, status, *_slowest = self._read()
        assert status < 500, f"{name} was answered with {status}"
        return taken, statements

    def _read(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())


def compare(visitors: list[Visitor]) -> list[dict[str, float | str]]:
    """Visit everything in turns, the first time unmeasured, and print and return how it compares."""
    grown, others = [], []
    few, many = visitors
    for name in few.names:
        first = many.visit(name)[0]  # what is reckoned and then kept takes this long
        few.visit(name)
        taken = _rounds(visitors, name, ROUNDS)
        times = _medians(taken)
        if times[1] > TARGET * times[0]:
            taken += _rounds(visitors, name, MORE)
            times = _medians(taken)
        statements = [taken[-1][n][1] for n in (0, 1)]
        ratio = times[1] / times[0]
        print(
            f"  {name}: {times[0]:.1f} and {times[1]:.1f} ms, {ratio:.2f}; statements"
            f" {statements[0]} and {statements[1]}; first time {first:.0f} ms",
            flush=True,
        )
        if max(times) < NOTHING or ratio <= TARGET:
            others.append((ratio, name, times))
        else:
            grown.append(_row(name, times, ratio))
    ratio, name, times = max(one for one in others if max(one[2]) >= NOTHING)
    every = f"{len(others)} of {len(few.names)} pages and sweeps; the slowest, {name}"
    return [*grown, _row(every, times, ratio)]


def _rounds(visitors: list[Visitor], name: str, number: int) -> list[list[tuple[float, int]]]:
    return [[visitor.visit(name) for visitor in visitors] for _round in range(number)]


def _medians(taken: list[list[tuple[float, int]]]) -> list[float]:
    return [statistics.median(each[n][0] for each in taken) for n in (0, 1)]


def _row(what: str, times: list[float], ratio: float) -> dict[str, float | str]:
    few, many = SIZES
    return {
        "what": f"{what}, ms at {many:,} cases against {few:,}, postgresql",
        "ours": round(times[1], 1),
        "yardstick": round(times[0], 1),
        "ratio": round(ratio, 2),
        "target": f"at most {TARGET}",
        "met": "yes" if ratio <= TARGET else "no",
    }
