"""The demo as it is before its first visitor: made once in a test session, copied for each server.

Migrating and seeding take most of a minute; copying takes none. The workers of pytest-xdist share what
the first of them has made.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.folders import PLACE, PREFIX
from tests.servers.postgresql import create_database

TEMPLATE = "lotse_demo_as_new"  # the database on PostgreSQL that others are copies of

Prepare = Callable[[Path, str], None]


def copy_demo(data: Path, database_url: str, prepare: Prepare) -> None:
    """Fill a data folder, and an empty database on PostgreSQL if there is an address, with the demo.

    prepare: makes the demo in a folder and at the address of a database, if nobody has yet.
    """
    kind = "postgresql" if database_url else "sqlite"
    with one_at_a_time() as folder:
        made, ready = folder / kind, folder / f"{kind}.ready"
        if not ready.exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            prepare(made, create_database(database_url, TEMPLATE) if database_url else "")
            ready.touch()
        shutil.copytree(made, data, dirs_exist_ok=True)
        if database_url:
            create_database(database_url, database_url.rsplit("/", 1)[1], template=TEMPLATE)


@contextmanager
def one_at_a_time() -> Iterator[Path]:
    """Lock the folder that the processes of a test session share, and return it."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    owner = os.getppid() if is_worker else os.getpid()
    folder = PLACE / f"{PREFIX}{owner}-prepared"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def forget() -> None:
    """Remove what this process and its workers have shared."""
    shutil.rmtree(PLACE / f"{PREFIX}{os.getpid()}-prepared", ignore_errors=True)
