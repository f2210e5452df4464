"""Processes that one command starts, restarts when they end, and stops together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

# A child that ends is started again; one that keeps ending is given up on, so that whoever watches
# the service notices.
MOST_RESTARTS = 5  # within RESTART_WINDOW
RESTART_WINDOW = 60.0  # seconds
PATIENCE = 10.0  # seconds that a child has to end before it is killed
MEMORY = Path("/dev/shm")  # noqa: S108 - files in it are made with random names and private modes
LARGEST_FRAME = 64 * 1024  # bytes; our sockets of staff listen only
WAITING = 2048  # connections that may wait to be taken


@dataclass(frozen=True, slots=True)
class Part:
    """One process to run.

    listens: a listening socket that it inherits; it stays open while the process is replaced. stop: the
    signal that lets it end what it is doing.
    """

    name: str
    command: list[str]
    listens: socket.socket | None = None
    stop: signal.Signals = signal.SIGTERM


@dataclass(slots=True)
class _Running:
    part: Part
    process: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        self.process = _start(self.part)


def run(parts: Sequence[Part], *, say: Callable[[str], Any]) -> bool:
    """Run the parts until SIGTERM or SIGINT; return False when they keep ending by themselves."""
    stopping = False

    def stop(_signal: int, _frame: Any) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    children = [_Running(part) for part in parts]
    ended: list[float] = []
    while not stopping and len(ended) <= MOST_RESTARTS:
        time.sleep(0.2)
        for child in children:
            code = child.process.poll()
            if code is not None and not stopping:
                with suppress(OSError):  # a log on a full disk must not end the rest
                    say(f"The {child.part.name} ended with {code}; starting it again.")
                ended = [at for at in ended if at > time.monotonic() - RESTART_WINDOW]
                ended.append(time.monotonic())
                child.process = _start(child.part)
    _end_all(children)
    return stopping


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address. Raises OSError when somebody else does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=WAITING)


def daphne(application: str, *where: str) -> list[str]:
    """Return the command of a Daphne. No access log: it would name addresses and paths."""
    return [
        sys.executable,
        *("-m", "config.draining_daphne"),
        *where,
        *("--verbosity", "0", "--server-name", ""),
        *("--websocket-max-message-size", str(LARGEST_FRAME)),
        *("--websocket-max-frame-size", str(LARGEST_FRAME)),
        application,
    ]


def worker(name: str = "worker") -> Part:
    """Return a worker. On SIGINT Huey ends its tasks first, on SIGTERM it would drop them."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_huey", "--quiet"]
    command.append("--skip-checks")  # they import every page, and `check` is for them
    return Part(name, command, stop=signal.SIGINT)


def _start(part: Part) -> "subprocess.Popen[bytes]":
    """Start a child.

    Twisted keeps a large form in an unnamed temporary file: in memory where there is /dev/shm, so
    that no text reaches a disk unsealed. The child gets its own session: Ctrl-C reaches only us.
    """
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    if MEMORY.is_dir():
        environment["TMPDIR"] = str(MEMORY)
    return subprocess.Popen(
        part.command,
        cwd=settings.BASE_DIR,
        env=environment,
        start_new_session=True,
        pass_fds=[] if part.listens is None else [part.listens.fileno()],
    )


def _end_all(children: Sequence[_Running]) -> None:
    """Ask the children to end, and kill those who do not."""
    for child in children:
        child.process.send_signal(child.part.stop)
    deadline = time.monotonic() + PATIENCE
    for child in children:
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
