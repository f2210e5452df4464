"""All measurements: prints one table of ratios with machine facts, writes build/benchmarks.json.

`python benchmarks/run.py [submissions|queue_page …]`, or `make bench`.
"""

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import (  # noqa: E402
    chat,
    growth,
    national_day,
    open_pages,
    queue_page,
    search,
    servers,
    submissions,
    sweep,
    triage,
)

SCENARIOS: dict[str, Callable[[str, Path], Any]] = {
    "submissions": submissions.measure,
    "chat": chat.measure,
    "queue_page": queue_page.measure,
    "open_pages": open_pages.measure,
    "triage": triage.measure,
    "search": search.measure,
    "sweep": sweep.measure,
    "growth": growth.measure,
    "national_day": national_day.measure,
}
# Of databases; the others on both.
KINDS = {"triage": ("none",)} | dict.fromkeys(("chat", "growth", "national_day"), ("postgresql",))
COLUMNS = ("what", "ours", "yardstick", "ratio", "target", "met")


def main(chosen: list[str]) -> None:
    """Run the chosen scenarios (none: all) on both kinds of database."""
    for line in (ROOT / "tests" / "test.env").read_text().splitlines():
        if line and not line.startswith("#") and not line.startswith("DJANGO"):
            name, _, value = line.partition("=")
            os.environ.setdefault(name, value)
    rows: list[dict[str, Any]] = []
    for name in chosen or SCENARIOS:
        for kind in KINDS.get(name, ("sqlite", "postgresql")):
            folder = servers.fresh_folder()
            try:
                found = SCENARIOS[name](kind, folder)
                for row in found if isinstance(found, list) else [found]:
                    rows.append(row)
                    print("  ".join(str(row[column]) for column in COLUMNS), flush=True)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    facts = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load before": [round(load, 2) for load in os.getloadavg()],
    }
    print()
    print(" | ".join(f"{name}: {value}" for name, value in facts.items()))
    widths = [max(len(str(row[c])) for row in [*rows, {c: c}]) for c in COLUMNS]
    for row in [dict(zip(COLUMNS, COLUMNS, strict=True)), *rows]:
        print("  ".join(str(row[c]).ljust(w) for c, w in zip(COLUMNS, widths, strict=True)))
    report = ROOT / "build" / "benchmarks.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps({"facts": facts, "rows": rows}, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
