"""A clock that nobody can set: what the sweep holds the wall clock against."""

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Ticks:
    """A machine's start and the seconds since it. boot: empty where the machine does not say."""

    boot: str
    seconds: float


def now() -> Ticks:
    """Read the clock: seconds since the machine started, those asleep included."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Ticks(_boot(), time.clock_gettime(clock))


@lru_cache(maxsize=1)
def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()[:40]
    except OSError:
        return ""
