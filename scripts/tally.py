"""Add up the results of several pytest runs: `tally.py NAME…` reads build/test-results/NAME.xml."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

RESULTS = Path("build/test-results")


def tally(names: list[str]) -> dict[str, int]:
    """Return how many tests passed, failed and were skipped in the named runs.

    A run that left no result (it crashed, or could not start) counts as one failure.
    """
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for name in names:
        path = RESULTS / f"{name}.xml"
        if not path.exists():
            total["failed"] += 1
            continue
        for suite in ET.parse(path).getroot().iter("testsuite"):
            count = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors")}
            skipped = int(suite.get("skipped", 0))
            failed = count["failures"] + count["errors"]
            total["failed"] += failed
            total["skipped"] += skipped
            total["passed"] += max(count["tests"] - failed - skipped, 0)
    return total


if __name__ == "__main__":
    result = tally(sys.argv[1:])
    print(", ".join(f"{number} {word}" for word, number in result.items()))
    sys.exit(1 if result["failed"] or not result["passed"] else 0)
