"""Runs the cleaning of one file in a process of its own, with an end to its time and its answer."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from counselling.uploads.kinds import LARGEST, Kind, Reason, Refused

PATIENCE = 30.0  # seconds until a process that cleans is ended
AT_ONCE = 2  # processes that clean at a time, per web process: each may take 1 GB for a moment
QUEUE = 15.0  # seconds that a file waits for its turn
LARGEST_ANSWER = LARGEST + LARGEST // 4 + 4096  # bytes

_ROOT = str(Path(__file__).resolve().parents[2])
# Isolated (-I): neither the environment nor the current folder decides what it loads.
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from counselling.uploads.cleaning.program import main; main()"
)
_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A file as it came out of cleaning.

    width, height: pixels of a picture, else 0. pages: of a PDF, else 0. locked_in: whether the kernel
    kept the process from everything but decoding.
    """

    kind: Kind
    data: bytes
    width: int = 0
    height: int = 0
    pages: int = 0
    locked_in: bool = False


def clean(data: bytes, kind: Kind) -> Cleaned:
    """Return the file written anew. Raises Refused.

    Whatever the file does to the process (memory, time, a crash), this one goes on; the file reaches
    it by a pipe and is never on a disk.
    """
    if not _turns.acquire(timeout=QUEUE):
        raise Refused(Reason.BUSY)
    try:
        answer = _answer(data, kind)
    finally:
        _turns.release()
    return _read(answer)


def _answer(data: bytes, kind: Kind) -> bytes:
    with subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", _PROGRAM, _ROOT, kind.value],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a decoder's complaint may quote the file
        env={},  # no secrets
        cwd="/",
    ) as process:
        late = threading.Timer(PATIENCE, process.kill)
        late.start()
        feeding = threading.Thread(target=_feed, args=(process, data))
        feeding.start()
        try:
            assert process.stdout is not None
            answer = process.stdout.read(LARGEST_ANSWER + 1)
        finally:
            process.kill()
            late.cancel()
            feeding.join()
    return answer


def _feed(process: "subprocess.Popen[bytes]", data: bytes) -> None:
    assert process.stdin is not None
    # It may end before it has read everything.
    with suppress(OSError):
        process.stdin.write(data)
    with suppress(OSError):
        process.stdin.close()


def _read(answer: bytes) -> Cleaned:
    line, found, body = answer.partition(b"\n")
    if not found or len(answer) > LARGEST_ANSWER:
        # It was ended by the kernel or by us: too much memory, too long, or broken into.
        raise Refused(Reason.TOO_COMPLEX)
    try:
        header = json.loads(line)
        if "refused" in header:
            raise Refused(Reason(header["refused"]))
        kind = Kind(header.pop("kind"))
        return Cleaned(kind=kind, data=body, **header)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Refused(Reason.TOO_COMPLEX) from None
