"""A process beside a server that does nothing but rate.

Rating is work for the processor: in the server's own process it takes turns from everybody's sockets, and
one that does not come back could not be ended. The process has no database, no settings and no secret; texts
come over a pipe without a name, and are gone with the answer. It ends when its server does.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOADING = 60.0  # seconds that the engine may take to load
# What it gets of the server's environment: nothing that says where data are, or opens them.
KEPT = frozenset(["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH"])


class NoAnswer(Exception):
    """The process did not answer in time (`timeout`), or ended over its work (`failure`)."""


@dataclass(slots=True)
class Beside:
    """The rating process of a server, started when it is first needed and again after its end."""

    _turn: threading.Lock = field(default_factory=threading.Lock)
    _pipe: Connection | None = None
    _process: "subprocess.Popen[bytes] | None" = None
    _loads_until: float = 0.0  # time.monotonic; 0: it is ready

    def ask(self, wanted: Sequence[Any], *, seconds: float) -> list[Any]:
        """Return what `triaging.verdicts` answers there. Raises NoAnswer, after so many seconds at the latest.

        One question after the other. A process that does not answer is ended; the next question finds a
        new one, which may take its time to load.
        """
        until = time.monotonic() + seconds
        if not self._turn.acquire(timeout=seconds):
            raise NoAnswer("timeout")
        try:
            with suppress(OSError, EOFError):
                return self._answer(wanted, until)
            self._end()  # it had ended; a text that ends it again is not tried a third time
            try:
                return self._answer(wanted, until)
            except (OSError, EOFError):
                self._end()
                raise NoAnswer("failure") from None
        finally:
            self._turn.release()

    def end(self) -> None:
        """End the process."""
        with self._turn:
            self._end()

    def _answer(self, wanted: Sequence[Any], until: float) -> list[Any]:
        pipe = self._pipe or self._start()
        if self._loads_until:
            self._wait(pipe, until, ends=time.monotonic() > self._loads_until)
            pipe.recv()
            self._loads_until = 0.0
        pipe.send(list(wanted))
        self._wait(pipe, until, ends=True)
        answer: list[Any] = pipe.recv()
        return answer

    def _wait(self, pipe: Connection, until: float, *, ends: bool) -> None:
        if pipe.poll(max(0.0, until - time.monotonic())):
            return
        if ends:
            self._end()
        raise NoAnswer("timeout")

    def _start(self) -> Connection:
        here, there = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(there.fileno())],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name in KEPT},
            stdin=subprocess.DEVNULL,
            pass_fds=[there.fileno()],
        )
        there.close()
        self._pipe = here
        self._loads_until = time.monotonic() + LOADING
        return here

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._pipe = self._process = None


def serve(pipe: Connection) -> None:
    """Load the engine, say so, and answer until the other end is closed."""
    from counselling import triaging  # noqa: PLC0415 - who asks needs it first, and this module for it

    triaging.verdicts(triaging.FIRST)
    with suppress(EOFError, OSError):
        pipe.send("ready")
        while True:
            pipe.send(triaging.verdicts(pipe.recv()))


if __name__ == "__main__":
    # Its server ends it, by going: until then somebody may still wait for a rating.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    serve(Connection(int(sys.argv[1])))
