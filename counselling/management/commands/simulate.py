"""Play a week of work on a throw-away database and say whether the promise held."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from counselling import triaging
from counselling.simulation import house, verdict, week

FIRST_DAY = date(2026, 3, 23)  # a Monday; the clocks change on its Sunday
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
KILLED_AFTER = 0.03  # seconds at most; a minute's sweeps take about so long


class Command(BaseCommand):
    """Simulate a week: a roster with holes, absences, and a worker killed every simulated hour."""

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
        parser.add_argument("--inside", action="store_true", help="this is the inner process")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError for numbers without sense and for a week that went wrong."""
        if not 1 <= options["days"] <= 31 or not 1 <= options["cases"] <= 100_000:
            raise CommandError("--days is 1 to 31, --cases 1 to 100000")
        if not options["inside"]:
            self._outside(options)
            return
        call_command("migrate", verbosity=0)
        triaging.warm_up()
        began = time.monotonic()
        played = self._play(options)
        self._tell(played, seconds=time.monotonic() - began)

    def _outside(self, options: dict[str, Any]) -> None:
        """Start anew with a database of its own, which is gone afterwards."""
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            kept = {
                name: value
                for name, value in os.environ.items()
                if name not in {"LOTSE_DATABASE_URL", "LOTSE_REDIS_URL", "LOTSE_DEMO"}
            }
            inside = [
                f"--{name.replace('_', '-')}={options[name]}"
                for name in ("days", "cases", "first_day", "seed")
            ]
            done = subprocess.run(
                [sys.executable, sys.argv[0], "simulate", "--inside", *inside],
                env=kept | {"LOTSE_DATA_DIR": folder},
                check=False,
            )
        if done.returncode:
            raise CommandError("the simulated week went wrong", returncode=done.returncode)

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
