"""What an open page of the team asks by itself every 20 seconds: nothing new against drawn anew.

Processor time of one process at the demo's cases, the median of many, in the same run.
"""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks import servers
from tests.servers.lotse import ROOT, environment_of, manage
from tests.servers.prepared import copy_demo

ROUNDS = 200
# Who is there costs most of what is left; what is drawn for less than that is not worth a mark.
TARGETS = {"queue": 0.4, "my-cases": 0.75, "team-cases": 0.4, "alarm-board": 0.75, "case": 0.75}


def measure(kind: str, folder: Path) -> list[dict[str, float | str]]:
    """Return a row for each part that brings a mark; print all."""
    with servers.databases(kind, folder) as (address, _):
        data, url = folder / "demo", servers.of_demo(address)
        copy_demo(data, url, manage)
        run = subprocess.run(
            [sys.executable, "-m", "benchmarks.open_pages_inside", str(ROUNDS)],
            cwd=ROOT,
            env=environment_of(data, url),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found = json.loads(run.stdout.splitlines()[-1])
    for name, costs in found.items():
        for which, cost in costs.items():
            if cost is not None:
                print(
                    f"  {name}, {which}: {cost[0]:.1f} ms, PostgreSQL {cost[1]:.1f} ms,"
                    f" {cost[2]} statements",
                    flush=True,
                )
    return [_row(name, target, found[name], kind) for name, target in TARGETS.items()]


def _row(
    name: str, target: float, costs: dict[str, list[float]], kind: str
) -> dict[str, float | str]:
    same, drawn = costs["same"][0], costs["drawn"][0]
    return {
        "what": f"{name} asks again, nothing new against drawn, ms of a core, {kind}",
        "ours": round(same, 1),
        "yardstick": round(drawn, 1),
        "ratio": round(same / drawn, 2),
        "target": f"at most {target}",
        "met": "yes" if same <= target * drawn else "no",
    }
