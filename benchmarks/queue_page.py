"""The queue page with 100,000 waiting cases against the same page with 100."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import load, servers
from tests.servers.lotse import ROOT, Lotse

FEW, MANY = 100, 100_000
ROUNDS = 60
TARGET = 1.5


def measure(kind: str, folder: Path) -> dict[str, float | str]:
    """Return the median times of both pages in milliseconds, taken in turns, and their ratio."""
    with servers.databases(kind, folder) as (first, second):
        few_folder, many_folder = folder / "few", folder / "many"
        few_folder.mkdir()
        many_folder.mkdir()
        with servers.lotse(first, few_folder) as few, servers.lotse(second, many_folder) as many:
            visitors = [_counsellor(few, FEW), _counsellor(many, MANY)]
            times: list[list[float]] = [[], []]
            for _ in range(ROUNDS):
                for visitor, taken in zip(visitors, times, strict=True):
                    began = time.perf_counter()
                    status, body = visitor.get("/team/")
                    taken.append(time.perf_counter() - began)
                    assert status == 200, status
                    assert "/uebernehmen/" in body, "the page shows no case to claim"
    few_ms, many_ms = (statistics.median(taken) * 1000 for taken in times)
    ratio = many_ms / few_ms
    return {
        "what": f"queue page at {MANY:,} waiting, ms, {kind}",
        "ours": round(many_ms, 1),
        "yardstick": round(few_ms, 1),
        "ratio": round(ratio, 2),
        "target": f"at most {TARGET}",
        "met": "yes" if ratio <= TARGET else "no",
    }


def _counsellor(running: Lotse, count: int) -> load.Visitor:
    """Fill the database with waiting cases and sign in as a counsellor."""
    subprocess.run(
        [sys.executable, "-m", "benchmarks.fill", str(count)],
        cwd=ROOT,
        env=os.environ | running.environment,
        check=True,
    )
    visitor = load.Visitor(running.port)
    _status, page = visitor.get("/demo/")
    fields = visitor.hidden
    enter = page.split('action="/demo/als/')[1].split('"')[0]
    visitor.post(f"/demo/als/{enter}", fields)
    return visitor
