"""Play a week of work on a throw-away database and say whether the promise held."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from counselling import triaging
from counselling.simulation import house, verdict, week

FIRST_DAY = date(2026, 3, 23)  # a Monday; the clocks change on its Sunday
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
RESULT = "week.json"
OWN = {"LOTSE_DATABASE_URL", "LOTSE_REDIS_URL", "LOTSE_DEMO"}  # what the houses do not share
KILLED_AFTER = 0.03  # seconds at most; a minute's sweeps take about so long


class Command(BaseCommand):
    """Simulate a week: a roster with holes, absences, and a worker killed every simulated hour.

    Two houses, where there are two processors: the week takes a quarter less time.
    """

    help = (
        "Simulate a week on a throw-away database. Ends with an error when an alarm was lost, a ladder "
        "step doubled or skipped, or a case left with nobody."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how long, how much, and which chance."""
        parser.add_argument("--days", type=int, default=7)
        parser.add_argument("--cases", type=int, default=3000)
        parser.add_argument("--first-day", type=date.fromisoformat, default=FIRST_DAY)
        parser.add_argument("--seed", type=int, default=1, help="the same seed is the same week")
        parser.add_argument(
            "--houses",
            type=int,
            default=min(2, os.cpu_count() or 1),
            help="organisations that share the cases, each with a database and a process of its own",
        )
        parser.add_argument(
            "--inside", action="store_true", help="this is one of the inner processes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError for numbers without sense and for a week that went wrong."""
        if not 1 <= options["days"] <= 31 or not options["houses"] <= options["cases"] <= 100_000:
            raise CommandError("--days is 1 to 31, --cases 1 for each house to 100000")
        if not 1 <= options["houses"] <= 16:
            raise CommandError("--houses is 1 to 16")
        if not options["inside"]:
            self._outside(options)
            return
        call_command("migrate", verbosity=0)
        triaging.warm_up()
        played = self._play(options)
        result = settings.DATA_DIR / RESULT
        result.write_text(json.dumps({"numbers": played.numbers, "faults": played.faults}))

    def _outside(self, options: dict[str, Any]) -> None:
        """Start anew with databases of their own, which are gone afterwards; tell what came of all."""
        began = time.monotonic()
        houses = range(options["houses"])
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            inner = [self._start(options, Path(folder) / str(house), house) for house in houses]
            failed = [process.wait() for process in inner]
            if any(failed):
                raise CommandError("the simulated week broke off", returncode=max(failed))
            found = [
                json.loads((Path(folder) / str(house) / RESULT).read_text()) for house in houses
            ]
        numbers: Counter[str] = Counter()
        for one in found:
            numbers.update(one["numbers"])
        faults = [fault for one in found for fault in one["faults"]]
        self._tell(verdict.Verdict(numbers, faults), seconds=time.monotonic() - began)

    def _start(
        self, options: dict[str, Any], folder: Path, house: int
    ) -> "subprocess.Popen[bytes]":
        """Let one house play its part of the cases, in a folder of its own."""
        folder.mkdir()
        share, rest = divmod(options["cases"], options["houses"])
        own = {
            "days": options["days"],
            "cases": share + (house < rest),
            "first-day": options["first_day"],
            "seed": options["seed"] + house,
            "houses": 1,
        }
        kept = {name: value for name, value in os.environ.items() if name not in OWN}
        return subprocess.Popen(
            [sys.executable, sys.argv[0], "simulate", "--inside"]
            + [f"--{name}={value}" for name, value in own.items()],
            env=kept | {"LOTSE_DATA_DIR": str(folder)},
            stdout=None if house == 0 else subprocess.DEVNULL,  # one house tells the days
        )

    def _play(self, options: dict[str, Any]) -> verdict.Verdict:
        random = Random(options["seed"])  # noqa: S311 - chance, not secrets
        first, days = options["first_day"], options["days"]
        built = house.build(first_day=first, days=days, random=random)
        start, end = house.midnight(first), house.midnight(first + timedelta(days=days))
        played = week.Week(built, start, end, random, _killed(random))
        week.play(played, questions=options["cases"], progress=self._say)
        return verdict.judge(played)

    def _tell(self, found: verdict.Verdict, *, seconds: float) -> None:
        for what, number in found.numbers.items():
            self._say(f"{number:>7} {what}")
        self._say(f"{seconds:>7.0f} seconds")
        for fault in found.faults[:50]:
            self.stderr.write(fault)
        if found.faults:
            raise CommandError(f"{len(found.faults)} things that must not be")
        self._say(
            "Every danger was alarmed about, no step is missing or doubled, nobody is left alone."
        )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _killed(random: Random) -> week.Killer:
    """Return how a worker is killed: a process of its own, ended by the system at a random moment."""

    def kill(work: Callable[[], None]) -> bool:
        connections.close_all()
        worker = os.fork()
        if worker == 0:
            try:
                work()
                connections.close_all()
            finally:
                os._exit(0)
        time.sleep(random.uniform(0, KILLED_AFTER))
        os.kill(worker, signal.SIGKILL)
        _pid, status = os.waitpid(worker, 0)
        return os.WIFSIGNALED(status)

    return kill
