"""Argon2id: make a key of a password, slowly on purpose and only a few at a time.

One call fills 64 MiB. A bounded number runs at once, so that a crowd of sign-ins takes turns instead of
the machine's memory.
"""

import secrets
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from functools import cache
from os import getpid

from django.conf import settings
from nacl.pwhash import argon2id

from vault.boxes import KEY_SIZE

MEMORY_KIB = 64 * 1024
PASSES = 3
SALT_SIZE = argon2id.SALTBYTES
PATIENCE = 30.0  # seconds that somebody waits for their turn


class Busy(Exception):
    """Too many people sign in at this moment; a second try will do."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call costs: memory in KiB, and passes over it."""

    memory_kib: int
    passes: int


def present_cost() -> Cost:
    """Return the cost of what is made now; what was made before keeps its own."""
    return Cost(settings.ARGON2_MEMORY_KIB, settings.ARGON2_PASSES)


def new_salt() -> bytes:
    """Return 16 fresh random bytes."""
    return secrets.token_bytes(SALT_SIZE)


def stretch(password: str, *, salt: bytes, cost: Cost) -> bytes:
    """Return 32 bytes that belong to a password. Raises Busy after half a minute in the line."""
    work = _line(getpid()).submit(
        argon2id.kdf,
        KEY_SIZE,
        password.encode("utf-8"),
        salt,
        opslimit=cost.passes,
        memlimit=cost.memory_kib * 1024,
    )
    try:
        return bytes(work.result(timeout=PATIENCE))
    except TookTooLong:
        work.cancel()
        raise Busy from None


@cache
def _line(_process: int) -> ThreadPoolExecutor:
    # A forked child gets threads of its own.
    return ThreadPoolExecutor(settings.ARGON2_AT_ONCE, thread_name_prefix="argon2")
