"""The servers that are measured: Lotse and the bare form, on the same kind of database."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.folders import new_folder
from tests.servers.lotse import ROOT, Lotse, free_port, running_lotse
from tests.servers.postgresql import PostgreSQL, create_database


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield two addresses of fresh databases of a kind (`sqlite` or `postgresql`), on one server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/first.sqlite3", f"sqlite:///{folder}/second.sqlite3"
        return
    server = PostgreSQL.start(folder)
    try:
        url = server.url("postgres")
        yield create_database(url, "first"), create_database(url, "second")
    finally:
        server.stop()


@contextmanager
def bare_form(database_url: str) -> Iterator[int]:
    """Run the bare form and yield its port."""
    port = free_port()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "benchmarks.bare.settings",
        "BARE_DATABASE_URL": database_url,
    }
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity=0"],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "daphne",
            "-v",
            "0",
            "-p",
            str(port),
            "benchmarks.bare.asgi:application",
        ],
        cwd=ROOT,
        env=environment,
    )
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def lotse(database_url: str, folder: Path) -> Iterator[Lotse]:
    """Run Lotse with its demo data."""
    with running_lotse(folder / "lotse", database_url=of_demo(database_url)) as running:
        yield running


def of_demo(database_url: str) -> str:
    """Return the address that a demo is made with: none on SQLite, whose file stands in its data folder."""
    return database_url if database_url.startswith("postgres") else ""


def wait_for(port: int) -> None:
    """Wait until a server answers. Raises TimeoutError after 30 seconds."""
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not start")


def fresh_folder() -> Path:
    """Return a new folder for a measurement's data."""
    return new_folder()
