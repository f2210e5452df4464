"""Several processes of one Lotse: Daphnes side by side and a worker, on PostgreSQL and Redis of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psycopg

from config import processes
from tests.servers.chats import Room, make
from tests.servers.ground import Ground, demo_on
from tests.servers.lotse import ROOT, environment_of, free_port
from tests.servers.postgresql import DURABLE, PostgreSQL
from tests.servers.redis import Redis

PATIENCE = 300.0  # seconds until a server answers; CI machines are slow
PYTHON = (sys.executable, "-m")  # what a part's command stands behind when it is started by itself


@dataclass
class Process:
    """A process that can be killed and started again. port: 0 for one that listens nowhere."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    port: int = 0
    running: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it; do not wait until it answers."""
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it answers. Raises AssertionError with the end of its log when it does not."""
        end = time.monotonic() + PATIENCE
        while self.port and not self._answers():
            ended = self.running is None or self.running.poll() is not None
            if ended or time.monotonic() > end:
                raise AssertionError(self.log.read_text(errors="replace")[-3000:])
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.running is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()
            self.running = None

    def memory(self) -> int:
        """Return how much memory it holds, in kilobytes."""
        assert self.running is not None
        status = Path(f"/proc/{self.running.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
        return True


@dataclass
class Parts(Ground):
    """What runs. Everything is on sockets below `folder`, apart from the Daphnes' ports."""

    environment: dict[str, str]
    daphnes: list[Process] = field(default_factory=list)
    worker: Process | None = None

    @property
    def processes(self) -> list[Process]:
        """Return all processes of Lotse."""
        return [*self.daphnes, *([self.worker] if self.worker else [])]

    def chats(self, count: int) -> list[Room]:
        """Make chats in which counsellors sit."""
        return make(count, self.environment)

    def connections(self) -> int | None:
        """Return how many connections the database has now; None while it is away."""
        try:
            with psycopg.connect(self.postgresql.url("lotse"), connect_timeout=5) as connection:
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                ).fetchone()
        except psycopg.Error:
            return None
        return int(row[0]) - 1 if row else 0

    def stop(self) -> None:
        """End everything."""
        for process in self.processes:
            process.kill()
        super().stop()


@contextmanager
def running_parts(folder: Path, *, daphnes: int = 2, with_worker: bool = True) -> Iterator[Parts]:
    """Run Lotse in several processes below a folder (of a short path), with the demo's rows.

    Its PostgreSQL is its own and may be killed.
    """
    data = folder / "data"
    postgresql = PostgreSQL.start(folder, settings=DURABLE)
    redis = Redis.start(folder, "redis")
    url = demo_on(postgresql, data)
    fleet = Parts(
        folder, postgresql, redis, environment_of(data, url) | {"LOTSE_REDIS_URL": redis.url()}
    )
    fleet.environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    try:
        for number in range(daphnes):
            port = free_port()
            log = folder / f"daphne{number}.log"
            where = ("--bind", "127.0.0.1", "--port", str(port))
            command = processes.daphne("config.asgi:application", *where)
            fleet.daphnes.append(Process([*PYTHON, *command], fleet.environment, log, port))
        if with_worker:
            command = [*PYTHON, *processes.worker().command]
            fleet.worker = Process(command, fleet.environment, folder / "worker.log")
        for process in fleet.processes:
            process.start()
        for process in fleet.processes:
            process.wait()
        yield fleet
    finally:
        fleet.stop()
