"""Databases made once in a test run and copied for whoever needs one: with tables only, and the demo's.

Migrating takes twenty seconds of processor time, seeding as long; copying takes none. The workers of pytest-xdist
share what the first of them has made, and the runs of `scripts/test.sh` share LOTSE_TEST_PREPARED.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from tests.servers.folders import PLACE, PREFIX
from tests.servers.postgresql import create_database, has_database, read_dump, write_dump

SQLITE = "lotse.sqlite3"  # in a data folder


class Manage(Protocol):
    """Runs a management command on a data folder and, if there is an address, a database."""

    def __call__(self, data: Path, database_url: str, *arguments: str) -> object:
        """Run it. Raises AssertionError when it fails."""


def copy_demo(data: Path, database_url: str, manage: Manage) -> None:
    """Fill a data folder, and an empty database on PostgreSQL if there is an address, with the demo."""
    with _demo(database_url, manage) as (made, template):
        shutil.copytree(made, data, dirs_exist_ok=True)
        if database_url:
            create_database(database_url, database_url.rsplit("/", 1)[1], template=template)


def copy_tables(file: Path, manage: Manage) -> None:
    """Write an SQLite file that has all tables and no rows."""
    with _tables("", manage) as (made, _template):
        shutil.copyfile(made / SQLITE, file)


def tables(database_url: str, manage: Manage) -> str:
    """Return the name of a database beside that of the address that has all tables and no rows."""
    with _tables(database_url, manage) as (_made, template):
        return template


Made = AbstractContextManager[tuple[Path, str]]  # a data folder; on PostgreSQL also a database


def _tables(database_url: str, manage: Manage) -> Made:
    def make(made: Path, name: str) -> None:
        made.mkdir()
        manage(made, create_database(database_url, name) if database_url else "", "migrate")

    return _made("tables", database_url, make)


def _demo(database_url: str, manage: Manage) -> Made:
    def make(made: Path, name: str) -> None:
        with _tables(database_url, manage) as (empty, template):
            shutil.copytree(empty, made)
            url = create_database(database_url, name, template=template) if database_url else ""
        manage(made, url, "demo", "--prepare-only")

    return _made("demo", database_url, make)


@contextmanager
def _made(
    what: str, database_url: str, make: Callable[[Path, str], None]
) -> Iterator[tuple[Path, str]]:
    """Lock what was made, or is now if nobody has yet: a data folder and, on PostgreSQL, the name of a database."""
    name, kind = f"lotse_{what}_as_new", f"{what}-{'postgresql' if database_url else 'sqlite'}"
    with one_at_a_time(kind) as folder:
        made, ready, dump = folder / kind, folder / f"{kind}.ready", folder / f"{kind}.sql"
        if not ready.exists():
            shutil.rmtree(made, ignore_errors=True)
            make(made, name)
            if database_url:
                write_dump(database_url, name, dump)
            ready.touch()
        elif database_url and not has_database(database_url, name):
            read_dump(dump, create_database(database_url, name))
        yield made, name


@contextmanager
def one_at_a_time(what: str) -> Iterator[Path]:
    """Lock what the processes of a test run share under this name, and return the folder for it."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    owner = os.getppid() if is_worker else os.getpid()
    folder = Path(os.environ.get("LOTSE_TEST_PREPARED") or PLACE / f"{PREFIX}{owner}-prepared")
    folder.mkdir(exist_ok=True)
    with (folder / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def forget() -> None:
    """Remove what this process and its workers have shared."""
    shutil.rmtree(PLACE / f"{PREFIX}{os.getpid()}-prepared", ignore_errors=True)
