"""A search among 100,000 services against a bare PostgreSQL full-text query on the same table."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks import servers
from tests.servers.lotse import ROOT

MANY = 100_000
ROUNDS = 5
RATIO, ALLOWED_MS = 1.5, 40


def measure(kind: str, folder: Path) -> dict[str, float | str]:
    """Return p95 of our search and of the bare query in milliseconds, asked in turns."""
    with servers.databases(kind, folder) as (url, _):
        run = subprocess.run(
            [sys.executable, "-m", "benchmarks.search_inside", str(MANY), str(ROUNDS)],
            cwd=ROOT,
            env=os.environ
            | {"LOTSE_DATABASE_URL": url, "LOTSE_DATA_DIR": str(folder)}
            | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    ours, bare = (list(map(float, line.split())) for line in run.stdout.splitlines()[-2:])
    ours_ms, bare_ms = (statistics.quantiles(one, n=20)[-1] * 1000 for one in (ours, bare))
    met = ours_ms < RATIO * bare_ms + ALLOWED_MS
    return {
        "what": f"search among {MANY:,} services, p95 ms, {kind}; median {statistics.median(ours) * 1000:.1f}",
        "ours": round(ours_ms, 1),
        "yardstick": round(bare_ms, 1),
        "ratio": round(ours_ms / bare_ms, 2),
        "target": f"under {RATIO} times + {ALLOWED_MS} ms",
        "met": "yes" if met else "no",
    }
