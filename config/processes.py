"""Processes that one command starts, restarts when they end, and stops together.

They are forks of the command's own process, which loads beforehand what all of them need (`config/warming.py`):
that is done once, its memory is shared, and what was killed is there again at once.
"""

import ctypes
import gc
import os
import runpy
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

from django.conf import settings

# A child that ends is started again; one that keeps ending is given up on, so that whoever watches
# the service notices.
MOST_RESTARTS = 5  # within RESTART_WINDOW
RESTART_WINDOW = 60.0  # seconds
SHORTEST_PAUSE = 0.1  # seconds before a child is started again, doubled for each end in the window
PATIENCE = 10.0  # seconds that a child has to end before it is killed
MEMORY = Path("/dev/shm")  # noqa: S108 - files in it are made with random names and private modes
LARGEST_FRAME = 64 * 1024  # bytes; our sockets of staff listen only
WAITING = 2048  # connections that may wait to be taken
PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True, slots=True)
class Part:
    """One process to run.

    command: a module and its arguments, as behind `python -m`. listens: a listening socket that it inherits;
    it stays open while the process is replaced. stop: the signal that lets it end what it is doing.
    """

    name: str
    command: list[str]
    listens: socket.socket | None = None
    stop: signal.Signals = signal.SIGTERM


@dataclass(slots=True)
class _Running:
    part: Part
    others: Sequence[socket.socket]  # that it must not hold
    process: ForkProcess = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start it, for the first time or again."""
        self.process = _context.Process(target=_become, args=(self.part, self.others))
        self.process.start()


def run(parts: Sequence[Part], *, say: Callable[[str], Any]) -> bool:
    """Run the parts until SIGTERM or SIGINT; return False when they keep ending by themselves.

    This process may have neither threads nor connections: a fork would have the locks of the ones and
    share the others. Raises RuntimeError when it has threads.
    """
    if threading.active_count() > 1:
        raise RuntimeError("no process with threads may be forked")
    gc.collect()
    gc.freeze()  # or the first collection of each child would copy all it shares
    stopping = False

    def stop(_signal: int, _frame: Any) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    listening = [part.listens for part in parts if part.listens]
    children = [
        _Running(part, [other for other in listening if other is not part.listens])
        for part in parts
    ]
    ended: list[float] = []
    while not stopping and len(ended) <= MOST_RESTARTS:
        time.sleep(0.2)
        for child in children:
            code = child.process.exitcode
            if code is not None and not stopping:
                with suppress(OSError):  # a log on a full disk must not end the rest
                    say(f"The {child.part.name} ended with {code}; starting it again.")
                ended = [at for at in ended if at > time.monotonic() - RESTART_WINDOW]
                ended.append(time.monotonic())
                # A fork fails at once where a disk is full: its tries must not be over in a second.
                time.sleep(SHORTEST_PAUSE * 2 ** len(ended))
                child.start()
    _end_all(children)
    return stopping


class NoAddress(Exception):
    """Nobody can listen there: somebody else does, or it is no address of this machine."""


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address. Raises NoAddress, with a sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=WAITING)
    except OSError as refused:
        why = str(refused.strerror).partition(" (")[0]  # Python adds the address once more
        raise NoAddress(
            f"Lotse cannot listen on port {port} of {host} ({why}). Choose another address with LOTSE_HOST, "
            "LOTSE_PORT or LOTSE_SOCKETS_PORT."
        ) from None


def daphne(application: str, *where: str) -> list[str]:
    """Return the command of a Daphne. No access log: it would name addresses and paths."""
    return [
        "config.draining_daphne",
        *where,
        *("--verbosity", "0", "--server-name", ""),
        *("--websocket-max-message-size", str(LARGEST_FRAME)),
        *("--websocket-max-frame-size", str(LARGEST_FRAME)),
        application,
    ]


def worker(name: str = "worker") -> Part:
    """Return a worker. On SIGINT Huey ends its tasks first, on SIGTERM it would drop them."""
    command = ["django", "run_huey", "--quiet", "--skip-checks"]  # `check` is for checks
    return Part(name, command, stop=signal.SIGINT)


_context = get_context("fork")


def _become(part: Part, others: Sequence[socket.socket]) -> None:
    """Do in a child what `python -m` would do with the part's command.

    Twisted keeps a large form in an unnamed temporary file: in memory where there is /dev/shm, so
    that no text reaches a disk unsealed. The child gets its own session: Ctrl-C reaches only us.
    """
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _end_with_parent(part.stop)
    for other in others:
        other.close()
    os.chdir(settings.BASE_DIR)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    if MEMORY.is_dir():
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    with suppress(OSError):  # what `ps` shows: "lotse web"; there is no such file but on Linux
        Path("/proc/self/comm").write_text(f"lotse {part.name}")
    sys.argv = list(part.command)
    runpy.run_module(part.command[0], run_name="__main__", alter_sys=True)


def _end_with_parent(stop: signal.Signals) -> None:
    """Let the kernel send a signal here when the process that looks after us is killed.

    Else we would go on without it, and with the port that its successor needs. Only Linux can.
    """
    parent = parent_process()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, stop, 0, 0, 0)
    if parent is None or os.getppid() != parent.pid:
        sys.exit(1)  # it was killed before the kernel knew


def _end_all(children: Sequence[_Running]) -> None:
    """Ask the children to end, and kill those who do not."""
    for child in children:
        if child.process.is_alive() and child.process.pid:
            os.kill(child.process.pid, child.part.stop)
    deadline = time.monotonic() + PATIENCE
    for child in children:
        child.process.join(max(0.1, deadline - time.monotonic()))
        if child.process.is_alive():
            child.process.kill()
            child.process.join()
