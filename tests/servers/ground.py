"""What Lotse stands on, one of each for a test that takes it away: PostgreSQL and Redis, killed and started again."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.servers.lotse import manage
from tests.servers.postgresql import PostgreSQL, copy_database, create_database
from tests.servers.prepared import copy_demo
from tests.servers.redis import Redis

PATIENCE = 300.0  # seconds until PostgreSQL must run again
LOOKS_EVERY = 1.0  # seconds between two looks of what starts it again


@dataclass
class Ground:
    """Both servers, on sockets below `folder`."""

    folder: Path
    postgresql: PostgreSQL
    redis: Redis

    def kill_redis(self) -> None:
        """End Redis as a power cut would; what it knew is gone."""
        self.redis.stop()

    def start_redis(self) -> None:
        """Start Redis again at the same address."""
        self.redis = Redis.start(self.folder, "redis")

    def kill_postgresql(self) -> None:
        """Kill each process of PostgreSQL, as the kernel does when memory runs out."""
        os.kill(self.processes_of_postgresql()[-1], signal.SIGSTOP)  # it starts no other meanwhile
        for pid in self.processes_of_postgresql():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start_postgresql(self) -> None:
        """Start PostgreSQL again; it refuses as long as one of its old processes is dying."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.postgresql.start_again()
            except RuntimeError:
                if self.postgresql_answers():
                    return  # it has come back by itself
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
            else:
                return

    def processes_of_postgresql(self) -> list[int]:
        """Return the processes of PostgreSQL, the one that started the others last."""
        pid = int((self.postgresql.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [*map(int, children), pid]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let PostgreSQL stand still, as on a disk that does not answer."""
        stopped = self.processes_of_postgresql()
        for pid in reversed(stopped):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    @contextmanager
    def looked_after(self) -> Iterator[list[float]]:
        """Start PostgreSQL again whenever it has ended, as its service does with `Restart=always`.

        Yields the moments at which it was tried.
        """
        tried, enough = list[float](), threading.Event()

        def look() -> None:
            while not enough.wait(LOOKS_EVERY):
                if not self.postgresql_runs():
                    tried.append(time.monotonic())
                    with suppress(RuntimeError):
                        self.postgresql.start_again()

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield tried
        finally:
            enough.set()
            thread.join()

    def postgresql_runs(self) -> bool:
        """Say whether there is a process of PostgreSQL, whatever it does."""
        try:
            return Path(f"/proc/{self.processes_of_postgresql()[-1]}").exists()
        except (OSError, IndexError, ValueError):
            return False

    def new_postgresql(self) -> PostgreSQL:
        """Start an empty PostgreSQL beside the one there was."""
        place = self.postgresql.folder.parent / "new"
        place.mkdir()
        place.chmod(0o755)
        return PostgreSQL.start(place, settings=self.postgresql.settings)

    def move_in(self, other: PostgreSQL) -> None:
        """Put another PostgreSQL at the address of one that was killed."""
        other.stop()
        end = time.monotonic() + PATIENCE
        while self.postgresql.folder.exists():
            assert time.monotonic() < end
            shutil.rmtree(self.postgresql.folder, ignore_errors=True)
        other.folder.rename(self.postgresql.folder)
        other.folder.parent.rmdir()
        self.start_postgresql()

    def postgresql_answers(self) -> bool:
        """Say whether PostgreSQL lets anybody in."""
        try:
            psycopg.connect(self.postgresql.url("postgres"), connect_timeout=5).close()
        except psycopg.Error:
            return False
        return True

    def stop(self) -> None:
        """End both."""
        self.redis.stop()
        with suppress(RuntimeError):
            self.postgresql.stop()


def demo_on(postgresql: PostgreSQL, data: Path) -> str:
    """Make the demo as it is before its first visitor, files in `data`; return the database's address.

    It comes from the server of the test session, where it is made once.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    template = f"{os.environ['LOTSE_DATABASE_URL'].rsplit('/', 1)[0]}/lotse_faults_{worker}"
    copy_demo(data, template, manage)
    url = create_database(postgresql.url("postgres"), "lotse")
    copy_database(template, url)
    return url
