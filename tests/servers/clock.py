"""A wall clock that a test sets while processes run, as an administrator would.

libfaketime was tried: 0.9.10 of Debian breaks `time.sleep` of Python 3.11 as soon as the clock that nobody
can set stays right. What is needed of it are these lines.
"""

import os
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long long *ahead; /* seconds; a file that all processes have mapped */
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("TEST_CLOCK");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    real = dlsym(RTLD_NEXT, "clock_gettime");
    if (file < 0) return;
    void *place = mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    if (place != MAP_FAILED) ahead = place;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    if (!real) begin();
    int failed = real(clock, at);
    if (!failed && ahead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        at->tv_sec += *ahead;
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


class NoCompiler(Exception):
    """There is no C compiler here."""


@dataclass(frozen=True)
class WrongClock:
    """A clock for processes that are started with `variables`. Clocks that nobody can set stay right."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "WrongClock":
        """Make one, which is right at first, in a folder. Raises NoCompiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            raise NoCompiler("no C compiler (on Debian: apt-get install gcc libc6-dev)")
        source = folder / "clock.c"
        source.write_text(SOURCE)
        command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(folder / "clock.so"), str(source)]
        subprocess.run([*command, "-ldl"], check=True)
        clock = cls(folder)
        clock.set(0)
        return clock

    @property
    def variables(self) -> dict[str, str]:
        """Return what a process is started with."""
        return {
            "LD_PRELOAD": str(self.folder / "clock.so"),
            "TEST_CLOCK": str(self.folder / "ahead"),
        }

    def set(self, seconds: int) -> None:
        """Set it ahead, or back with less than nothing. All processes have it at once."""
        handle = os.open(self.folder / "ahead", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            os.pwrite(handle, struct.pack("@q", seconds), 0)
        finally:
            os.close(handle)
