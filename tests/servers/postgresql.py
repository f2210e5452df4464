"""A throw-away PostgreSQL on a socket in a temporary folder: fast, unsafe, gone at the end."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.servers.programs import postgresql_program

# Nothing here has to outlive a power cut.
SETTINGS = (
    "listen_addresses=''",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=128MB",
)
# But what was committed has to outlive the end of its processes, where a test kills them.
DURABLE = (*SETTINGS, "synchronous_commit=on")


def _run(*command: str | Path) -> None:
    """Run a server program, as the user `postgres` when we are root (it refuses to run as root)."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    result = subprocess.run(
        [*prefix, *map(str, command)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{result.stdout}")


@dataclass(frozen=True)
class PostgreSQL:
    """A running server. `folder`: where its data, socket and log are."""

    folder: Path
    settings: tuple[str, ...] = SETTINGS

    @classmethod
    def start(cls, parent: Path, *, settings: tuple[str, ...] = SETTINGS) -> "PostgreSQL":
        """Make a cluster in a folder below `parent` and start it; takes about two seconds.

        Raises MissingProgram.
        """
        server = cls(parent / "postgresql", settings)
        server.folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(server.folder, "postgres", "postgres")
        _run(
            postgresql_program("initdb"),
            *("--no-sync", "--no-instructions", "--auth=trust", "--username=postgres"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--pgdata", server.folder / "data"),
        )
        server.start_again()
        return server

    def start_again(self) -> None:
        """Start the cluster, after a kill too."""
        settings = (*self.settings, f"unix_socket_directories={self.folder}")
        _run(
            postgresql_program("pg_ctl"),
            *("start", "--wait", "--silent", "--pgdata", self.folder / "data"),
            *(
                "--log",
                self.folder / "log",
                "--options",
                " ".join(f"-c {setting}" for setting in settings),
            ),
        )

    def url(self, database: str) -> str:
        """Return the address of one of the server's databases, as LOTSE_DATABASE_URL takes it."""
        return f"postgres://postgres@{quote(str(self.folder), safe='')}/{database}"

    def stop(self) -> None:
        """Stop the server at once."""
        _run(
            postgresql_program("pg_ctl"),
            *("stop", "--mode=immediate", "--silent", "--pgdata", self.folder / "data"),
        )


def create_database(server_url: str, name: str, *, template: str = "template1") -> str:
    """Make a database anew on the server of `server_url` and return its address.

    template: the database that it is a copy of; nobody may be connected to that.
    """
    base = server_url.rsplit("/", 1)[0]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        identifier = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(copy.format(identifier, sql.Identifier(template)))
    return f"{base}/{name}"


def has_database(server_url: str, name: str) -> bool:
    """Tell whether the server of `server_url` has a database of this name."""
    with psycopg.connect(f"{server_url.rsplit('/', 1)[0]}/postgres") as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None


def write_dump(server_url: str, name: str, file: Path) -> None:
    """Write everything that is in a database to a file."""
    base = server_url.rsplit("/", 1)[0]
    with file.open("wb") as target:
        command = [str(postgresql_program("pg_dump")), "--no-owner", f"{base}/{name}"]
        subprocess.run(command, stdout=target, check=True)


def read_dump(file: Path, url: str) -> None:
    """Fill an empty database with what `write_dump` has written."""
    command = [str(postgresql_program("psql")), "--quiet", "--set=ON_ERROR_STOP=1", url]
    with file.open("rb") as source:
        subprocess.run(command, stdin=source, stdout=subprocess.DEVNULL, check=True)


def copy_database(source: str, target: str) -> None:
    """Carry everything over from one server's database to an empty one of another server."""
    with subprocess.Popen(
        [str(postgresql_program("pg_dump")), "--no-owner", source], stdout=subprocess.PIPE
    ) as dump:
        subprocess.run(
            [str(postgresql_program("psql")), "--quiet", "--set=ON_ERROR_STOP=1", target],
            stdin=dump.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    if dump.returncode:
        raise RuntimeError("pg_dump failed")
