"""Web server and worker in one command."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

# A child that ends is started again; one that keeps ending is given up on, so that whoever watches
# the service notices.
MOST_RESTARTS = 5  # within RESTART_WINDOW
RESTART_WINDOW = 60.0  # seconds
PATIENCE = 10.0  # seconds that a child has to end before it is killed
MEMORY = Path("/dev/shm")  # noqa: S108 - files in it are made with random names and private modes
LARGEST_FRAME = 64 * 1024  # bytes; our sockets of staff listen only


class Command(BaseCommand):
    """Start Daphne (pages and sockets) and the Huey worker, restart what ends, stop both together."""

    help = "Run the web server and the worker until interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add host and port."""
        parser.add_argument("--host", default=settings.HOST, help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT; exit with 1 when a child keeps ending."""
        commands = {"web": web(options["host"], options["port"]), "worker": worker()}
        stopping = False

        def stop(_signal: int, _frame: Any) -> None:
            nonlocal stopping
            stopping = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        children = {name: start(command) for name, command in commands.items()}
        ended: list[float] = []
        while not stopping and len(ended) <= MOST_RESTARTS:
            time.sleep(0.2)
            for name, child in children.items():
                if child.poll() is not None and not stopping:
                    self.stderr.write(
                        f"The {name} ended with {child.returncode}; starting it again."
                    )
                    ended = [at for at in ended if at > time.monotonic() - RESTART_WINDOW]
                    ended.append(time.monotonic())
                    children[name] = start(commands[name])
        end_all(list(children.values()))
        if not stopping:
            self.stderr.write("A part of Lotse keeps ending. The lines above say why.")
            sys.exit(1)


def web(host: str, port: int) -> list[str]:
    """Return the command of the web server. No access log: it would name addresses and paths."""
    return [
        sys.executable,
        *("-m", "daphne"),
        *("--bind", host, "--port", str(port)),
        *("--verbosity", "0", "--server-name", ""),
        *("--websocket-max-message-size", str(LARGEST_FRAME)),
        *("--websocket-max-frame-size", str(LARGEST_FRAME)),
        "config.asgi:application",
    ]


def worker() -> list[str]:
    """Return the command of the worker."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_huey", "--quiet"]


def start(command: list[str]) -> "subprocess.Popen[bytes]":
    """Start a child.

    Twisted keeps a large form in an unnamed temporary file: in memory where there is /dev/shm, so
    that no text reaches a disk unsealed. The child gets its own session: Ctrl-C reaches only us.
    """
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    if MEMORY.is_dir():
        environment["TMPDIR"] = str(MEMORY)
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, start_new_session=True)


def end_all(children: "list[subprocess.Popen[bytes]]") -> None:
    """Ask the children to end, and kill those who do not."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + PATIENCE
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
