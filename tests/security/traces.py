"""Looking for a sentence wherever a server may have left it, in every form it may have there."""

import base64
import os
import re
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis

LARGEST = 400 * 1024 * 1024  # bytes of a file that is still read
CHUNK = 8 * 1024 * 1024


def spellings(secret: str) -> set[bytes]:
    """Return how a secret looks in UTF-8, UTF-16, hexadecimal and base64.

    In base64 it looks different at each of three places in its surroundings; the outermost
    characters also depend on their neighbours and are left out.
    """
    plain = secret.encode()
    found = {plain, secret.encode("utf-16-le"), plain.hex().encode(), plain.hex().upper().encode()}
    for alignment in range(3):
        text = base64.b64encode(b"\0" * alignment + plain + b"\0" * 3)
        first = (0, 2, 3)[alignment]
        last = (alignment + len(plain)) * 8 // 6
        found |= {text[first:last], text[first:last].replace(b"+", b"-").replace(b"/", b"_")}
    return found


class Secrets:
    """What must not be found. `names`: what each secret is called in a report."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = {
            spelling: name for name, secret in names.items() for spelling in spellings(secret)
        }
        self._pattern = re.compile(b"|".join(map(re.escape, self._names)))
        self._longest = max(map(len, self._names))

    def within(self, data: bytes) -> set[str]:
        """Return the names of the secrets in some bytes."""
        return {self._names[found] for found in self._pattern.findall(data)}

    def in_file(self, path: Path) -> set[str]:
        """Return the names of the secrets in a file; nothing when it has gone."""
        found: set[str] = set()
        with suppress(OSError), path.open("rb") as file:
            rest = b""
            while chunk := file.read(CHUNK):
                found |= self.within(rest + chunk)
                rest = chunk[-self._longest :]
        return found

    def in_files(self, paths: Iterable[Path]) -> dict[str, set[str]]:
        """Return for each file in which there is a secret which ones."""
        found = {str(path): self.in_file(path) for path in paths}
        return {path: names for path, names in found.items() if names}


def files_since(folders: Iterable[Path], since: float) -> Iterator[Path]:
    """Return the files below some folders that were written after a time (seconds since 1970)."""
    for folder in folders:
        for path, _folders, names in os.walk(folder):
            for name in names:
                file = Path(path) / name
                with suppress(OSError):
                    about = file.lstat()
                    fresh = max(about.st_mtime, about.st_ctime) >= since
                    if stat.S_ISREG(about.st_mode) and fresh and about.st_size <= LARGEST:
                        yield file


def open_files(marker: Path) -> Iterator[Path]:
    """Return what processes have open which were started with a path in their environment.

    Here are also files that have no name any more.
    """
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(process.name) == os.getpid():
                continue
            if bytes(marker) in (process / "environ").read_bytes():
                for handle in (process / "fd").iterdir():
                    with suppress(OSError):
                        if stat.S_ISREG(handle.stat().st_mode):
                            yield handle


@contextmanager
def overheard(url: str) -> Iterator[list[bytes]]:
    """Listen to every command that a Redis gets meanwhile, published messages too."""
    heard: list[bytes] = []
    done = threading.Event()
    ready = threading.Event()

    def listen() -> None:
        with redis.Redis.from_url(url) as client, client.monitor() as monitor:
            ready.set()
            for command in monitor.listen():
                heard.append(str(command["command"]).encode())
                if done.is_set():
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert ready.wait(10)
    yield heard
    done.set()
    with redis.Redis.from_url(url) as client:
        client.ping()  # wakes the listener up
    listener.join(10)


def everything_in(url: str) -> bytes:
    """Return all keys of a Redis with what they hold.

    Not by DUMP: that compresses, and a compressed secret would not be found.
    """
    read: dict[bytes, Callable[[Any, bytes], object]] = {
        b"string": lambda client, key: client.get(key),
        b"list": lambda client, key: client.lrange(key, 0, -1),
        b"set": lambda client, key: sorted(client.smembers(key)),
        b"zset": lambda client, key: client.zrange(key, 0, -1),
        b"hash": lambda client, key: list(client.hgetall(key).items()),
        b"stream": lambda client, key: client.xrange(key),
    }
    with redis.Redis.from_url(url) as client:
        kept = [(key, read[client.type(key)](client, key)) for key in client.scan_iter()]
    return repr(kept).encode()
