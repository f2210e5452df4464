"""A small disk in memory that can be full."""

import errno
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class NotPermitted(Exception):
    """Nothing may be mounted here; the text says why."""


@dataclass(frozen=True)
class SmallDisk:
    """A file system of its own at `folder`."""

    folder: Path

    def fill(self) -> None:
        """Write until there is no room, not even for one byte."""
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        ballast.write(os.urandom(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def fill_until(self, is_felt: Callable[[], bool], *, patience: float) -> None:
        """Take all room there is, again and again, until something is so; at most so many seconds."""
        end = time.monotonic() + patience
        while not is_felt():
            self.fill()
            assert time.monotonic() < end, "a full disk disturbs nobody"
            time.sleep(0.1)

    def fill_for(self, seconds: float) -> None:
        """Take all room there is for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.fill()
            time.sleep(0.1)

    def make_room(self) -> None:
        """Take away what filled it."""
        (self.folder / "ballast").unlink(missing_ok=True)

    @property
    def free(self) -> int:
        """Return how many bytes are free."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk on a new folder and take it away at the end. Raises NotPermitted."""
    folder.mkdir(parents=True)
    options = f"size={megabytes}m,mode=755"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise NotPermitted(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
