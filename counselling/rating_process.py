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


class NoAnswer(Exception):
    """The process did not answer in time, or ended over its work."""


@dataclass(slots=True)
class Beside:
    """The rating process of this server, started when it is first needed and again after its end."""

    _turn: threading.Lock = field(default_factory=threading.Lock)
    _pipe: Connection | None = None
    _process: "subprocess.Popen[bytes] | None" = None

    def ask(self, wanted: Sequence[Any], *, seconds: float) -> list[Any]:
        """Return what `triaging.verdicts` answers there. Raises NoAnswer after so many seconds.

        One question after the other; then the process has failed, and the next one starts another.
        """
        until = time.monotonic() + seconds
        if not self._turn.acquire(timeout=seconds):
            raise NoAnswer
        try:
            return self._answer(wanted, until)
        except (
            OSError,
            EOFError,
        ):  # it was ended; a text that ends it twice is not tried a third time
            self._end()
            return self._answer_at_last(wanted, until)
        finally:
            self._turn.release()

    def end(self) -> None:
        """End the process."""
        with self._turn:
            self._end()

    def pid(self) -> int | None:
        """Return the number of the process, if it runs."""
        return self._process.pid if self._process is not None else None

    def _answer_at_last(self, wanted: Sequence[Any], until: float) -> list[Any]:
        try:
            return self._answer(wanted, until)
        except (OSError, EOFError):
            self._end()
            raise NoAnswer from None

    def _answer(self, wanted: Sequence[Any], until: float) -> list[Any]:
        pipe = self._pipe or self._start()
        pipe.send(list(wanted))
        if not pipe.poll(max(0.0, until - time.monotonic())):
            self._end()
            raise NoAnswer
        answer: list[Any] = pipe.recv()
        return answer

    def _start(self) -> Connection:
        here, there = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(there.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            pass_fds=[there.fileno()],
        )
        there.close()
        self._pipe = here
        return here

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._pipe = self._process = None


def serve(pipe: Connection) -> None:
    """Answer until the other end is closed."""
    from counselling import triaging  # noqa: PLC0415 - what is asked needs nothing of this module

    with suppress(EOFError, OSError):
        while True:
            pipe.send(triaging.verdicts(pipe.recv()))


if __name__ == "__main__":
    # Its server ends it, by going: until then somebody may still wait for a rating.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for name in [name for name in os.environ if name.startswith("LOTSE_")]:
        del os.environ[name]
    serve(Connection(int(sys.argv[1])))
