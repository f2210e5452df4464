"""What surrounds a test session: where its data lies and which servers run for it.

It runs before Django reads its settings, in the process that was started and again in each worker
of pytest-xdist. All share one PostgreSQL; each has a Redis of its own, because Redis hands
published messages to every database number.
"""

import atexit
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.folders import new_folder
from tests.servers.postgresql import PostgreSQL
from tests.servers.redis import Redis

TESTS = Path(__file__).resolve().parent.parent


@dataclass
class Session:
    """The folder and the servers of one process of a test session."""

    folder: Path
    servers: list[PostgreSQL | Redis] = field(default_factory=list)

    def start_postgresql(self) -> str:
        """Start a PostgreSQL for this session and return the address of its database."""
        server = PostgreSQL.start(self.folder)
        self.servers.append(server)
        return server.url("lotse")

    def start_redis(self, name: str = "redis") -> str:
        """Start a Redis for this session and return its address."""
        server = Redis.start(self.folder, name)
        self.servers.append(server)
        return server.url()

    def stop(self) -> None:
        """Stop the servers and remove the folder. A second call does nothing."""
        while self.servers:
            self.servers.pop().stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def begin() -> Session:
    """Set the environment of the tests and start the servers they need.

    LOTSE_TEST_ON=sqlite: none, as in the embedded default. Otherwise PostgreSQL and Redis: those
    that LOTSE_TEST_DATABASE_URL and LOTSE_TEST_REDIS_URL name, else throw-away ones. Raises
    MissingProgram.
    """
    session = Session(new_folder())
    atexit.register(session.stop)
    _read_environment()
    os.environ["LOTSE_DATA_DIR"] = str(session.folder / "data")
    (session.folder / "data" / "static").mkdir(parents=True)
    for name in ("LOTSE_DEMO", "LOTSE_DEBUG", "LOTSE_PORT"):
        os.environ.pop(name, None)

    if os.environ.get("LOTSE_TEST_ON") == "sqlite":
        os.environ["LOTSE_DATABASE_URL"] = f"sqlite:///{session.folder}/data/lotse.sqlite3"
        os.environ["LOTSE_REDIS_URL"] = ""
        return session

    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if not is_worker:
        os.environ["LOTSE_DATABASE_URL"] = (
            os.environ.get("LOTSE_TEST_DATABASE_URL") or session.start_postgresql()
        )
    os.environ["LOTSE_REDIS_URL"] = os.environ.get("LOTSE_TEST_REDIS_URL") or session.start_redis()
    return session


def _read_environment() -> None:
    for line in (TESTS / "test.env").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            os.environ[name] = value
