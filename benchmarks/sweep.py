"""The sweep with 500 due promises among 1,000,000 running ones against 500 among 10,000."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks import servers
from tests.servers.lotse import ROOT

FEW, MANY = 10_000, 1_000_000
ROUNDS = 9
TARGET = 1.3


def measure(kind: str, folder: Path) -> dict[str, float | str]:
    """Return the median times of both sweeps in milliseconds, taken in turns, and their ratio."""
    with servers.databases(kind, folder) as urls:
        sweepers = [
            _sweeper(url, folder / name, count)
            for url, name, count in zip(urls, ("few", "many"), (FEW, MANY), strict=True)
        ]
        times: list[list[float]] = [[], []]
        try:
            for number in range(ROUNDS + 1):
                for sweeper, taken in zip(sweepers, times, strict=True):
                    seconds = _ask(sweeper, "sweep")
                    if number:  # the first one loads everything
                        taken.append(seconds)
        finally:
            for sweeper in sweepers:
                sweeper.communicate("")
    few_ms, many_ms = (statistics.median(taken) * 1000 for taken in times)
    ratio = many_ms / few_ms
    return {
        "what": f"sweep of 500 due among {MANY:,}, ms, {kind}",
        "ours": round(many_ms, 1),
        "yardstick": round(few_ms, 1),
        "ratio": round(ratio, 2),
        "target": f"at most {TARGET}",
        "met": "yes" if ratio <= TARGET else "no",
    }


def _sweeper(database_url: str, folder: Path, count: int) -> subprocess.Popen[str]:
    """Fill a database and return a process that sweeps it whenever it reads a line."""
    folder.mkdir()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOTSE_DATABASE_URL": database_url,
        "LOTSE_DATA_DIR": str(folder),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sweep_inside", str(count)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready", "the database could not be filled"
    return process


def _ask(sweeper: subprocess.Popen[str], word: str) -> float:
    assert sweeper.stdin is not None
    assert sweeper.stdout is not None
    sweeper.stdin.write(f"{word}\n")
    sweeper.stdin.flush()
    return float(sweeper.stdout.readline())
