"""A search among 100,000 services: against a bare full-text query on the same table, and in a browser."""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import ViewportSize

from benchmarks import servers
from tests.servers.chromium import chromium
from tests.servers.lotse import ROOT, Lotse, environment_of, manage
from tests.servers.prepared import copy_demo

MANY = 100_000
ROUNDS = 5
RATIO, ALLOWED_MS = 1.5, 40
USABLE_MS = 1000
# What finds most, and what a parent types.
ASKED = ("beratung", "erziehungsberatung", "schreibaby köln", "kind haut andere kinder berlin")
PHONE: ViewportSize = {"width": 390, "height": 844}


def measure(kind: str, folder: Path) -> list[dict[str, float | str]]:
    """Return p95 of our search beside the bare query's, and what a browser takes for its first page."""
    with servers.databases(kind, folder) as (address, _):
        data, url = folder / "lotse", servers.of_demo(address)
        copy_demo(data, url, manage)
        environment = environment_of(data, url)
        run = subprocess.run(
            [sys.executable, "-m", "benchmarks.search_inside", str(MANY), str(ROUNDS)],
            cwd=ROOT,
            env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        ours, bare = (list(map(float, line.split())) for line in run.stdout.splitlines()[-2:])
        return [_asked(kind, ours, bare), _opened(kind, Lotse(data, environment))]


def _asked(kind: str, ours: list[float], bare: list[float]) -> dict[str, float | str]:
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


def _opened(kind: str, lotse: Lotse) -> dict[str, float | str]:
    """Open pages in a browser, each in a context of its own, from the moment the server answers.

    The first of them finds the server loading what it searches in, and waits for it.
    """
    lotse.environment |= {"LOTSE_PORT": str(lotse.port)}
    lotse.start()
    taken = []
    try:
        with chromium() as browser:
            for asked in (*ASKED, *ASKED):
                context = browser.new_context(viewport=PHONE)
                page = context.new_page()
                began = time.perf_counter()
                page.goto(f"{lotse.url}/nordhafen/hilfe/?q={quote(asked)}", wait_until="load")
                found = " ".join(page.locator("#found-title").inner_text().split())
                taken.append(round((time.perf_counter() - began) * 1000))
                print(f"  in a browser, {kind}: {asked!r} after {taken[-1]} ms, {found}")
                context.close()
    finally:
        lotse.stop()
    at_start, *others = taken
    return {
        "what": f"first page of a browser among {MANY:,} services, slowest of {len(others)}, ms, {kind};"
        " yardstick: the one right after a start",
        "ours": max(others),
        "yardstick": at_start,
        "ratio": round(max(others) / at_start, 2),
        "target": f"under {USABLE_MS} ms",
        "met": "yes" if max(others) < USABLE_MS else "no",
    }
