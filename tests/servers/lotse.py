"""Lotse itself as a real process: `manage.py serve` with a data folder of its own."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.folders import kill_processes_of
from tests.servers.prepared import copy_demo

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Lotse:
    """A running server (web and worker).

    `data`: its data folder; `environment`: what all its processes are started with; `log`: all that
    they have printed.
    """

    data: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sockets_port(self) -> int:
        """Return the port at which sockets are answered: that of the pages."""
        return self.port

    @property
    def command(self) -> list[str]:
        """Return the arguments of manage.py that start the server."""
        return ["serve", "--host", "127.0.0.1", "--port", str(self.port)]

    @property
    def log(self) -> Path:
        """Return the file with everything that the processes printed."""
        return self.data.with_suffix(".log")

    def manage(self, *arguments: str) -> str:
        """Run a management command beside the server and return what it printed.

        Raises AssertionError with the command's output when it fails.
        """
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with self.log.open("a") as log:
            log.write(result.stdout)
        assert result.returncode == 0, f"manage.py {' '.join(arguments)}:\n{result.stdout}"
        return result.stdout

    def start(self, *, seconds: float = 300) -> None:
        """Start the server and wait until it answers, at most `seconds`.

        Raises AssertionError with the end of the log when it does not.
        """
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *self.command],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + seconds
        while not self.answers():
            stopped = self.process.poll() is not None
            if stopped or time.monotonic() > end:
                self.stop()
                tail = self.log.read_text(errors="replace")[-3000:]
                raise AssertionError(f"Lotse did not answer at {self.url}:\n{tail}")
            time.sleep(0.1)

    def answers(self) -> bool:
        """Tell whether the server answers a request, with whatever status."""
        # Without following it anywhere: over HTTPS only, `/` leads to a port that nobody listens on.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True

    def stop(self, *, seconds: float = 10) -> None:
        """Ask the server to stop, as a supervisor of processes would; kill it after `seconds`."""
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """Kill the server and everything it started, as a power cut would."""
        if self.process is None:
            return
        # Its children have sessions of their own; what they share is the data folder.
        kill_processes_of(self.data)
        self.process.wait()
        self.process = None


@contextmanager
def running_lotse(
    data: Path, *, database_url: str = "", redis_url: str = "", **more: str
) -> Iterator[Lotse]:
    """Run a demo with fresh data in the folder `data`, and stop it at the end.

    Without addresses it is the embedded default: SQLite, queue and channel layer in the process.
    more: further variables of its environment.
    """
    copy_demo(data, database_url, manage)
    lotse = Lotse(data, environment_of(data, database_url) | {"LOTSE_REDIS_URL": redis_url} | more)
    lotse.environment["LOTSE_PORT"] = str(lotse.port)
    lotse.start()
    try:
        yield lotse
    finally:
        lotse.stop()


def manage(data: Path, database_url: str, *arguments: str) -> str:
    """Run a management command of a demo on a folder and, if there is an address, a database."""
    return Lotse(data, environment_of(data, database_url)).manage(*arguments)


def environment_of(data: Path, database_url: str) -> dict[str, str]:
    """Return what a demo on a folder is started with, by itself on SQLite and without Redis."""
    return {
        **os.environ,
        "LOTSE_DATA_DIR": str(data),
        "LOTSE_DATABASE_URL": database_url or f"sqlite:///{data}/lotse.sqlite3",
        "LOTSE_REDIS_URL": "",
        "LOTSE_DEMO": "1",
        "PYTHONUNBUFFERED": "1",
    }
