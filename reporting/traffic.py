"""How many pages of which kind were answered, how quickly, and how many sockets are open: counts, no paths.

Counted in memory. Beyond one process each adds its counts to Redis every few seconds, where whichever
process is asked finds the sum; what a killed process had not added yet is lost. Redis away is no failure.
"""

import logging
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from django.conf import settings

log = logging.getLogger("lotse.traffic")

BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds; 0.5 is what a page may take
KINDS = ("public", "organisation", "client", "staff", "none")
TOTALS = "lotse:traffic"  # a hash in Redis: "kind status bound" to count
SOCKETS = "lotse:sockets:"  # and host and process: how many are open there
ADD_EVERY = 5.0  # seconds
GONE_AFTER = 60  # seconds after which a silent process's sockets no longer count
PATIENCE = 2.0  # seconds that Redis may take


def kind_of(rule: str) -> str:
    """Return the kind of a page from the rule of its door; `none` for no page at all."""
    if not rule:
        return "none"
    known = {"organisation page": "organisation", "client with code": "client"}
    return "public" if rule.startswith("public") else known.get(rule, "staff")


class Traffic:
    """The counts of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._added_at = time.monotonic()
        self._sockets = 0

    def note(self, *, kind: str, status: int, seconds: float) -> None:
        """Count an answered page, and add to the sum now and then."""
        bound = next((str(bound) for bound in BOUNDS if seconds <= bound), "+Inf")
        with self._lock:
            self._counts[f"{kind} {status // 100}xx {bound}"] += 1
            due = bool(settings.REDIS_URL) and time.monotonic() > self._added_at + ADD_EVERY
        if due:
            self.add()

    def add(self) -> None:
        """Add what was counted to the sum of all processes."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            self._added_at = time.monotonic()
        try:
            with _client() as client, client.pipeline(transaction=False) as pipeline:
                for name, count in counts.items():
                    pipeline.hincrby(TOTALS, name, count)
                pipeline.execute()
        except redis.RedisError as error:
            log.warning("traffic was not counted: %s", type(error).__name__)

    def totals(self) -> Counter[tuple[str, str, str]]:
        """Return counts by kind, class of status, and bound. Of all processes, if there are several."""
        if settings.REDIS_URL:
            self.add()
            with _client() as client:
                read = client.hgetall(TOTALS)
            named = {name.decode(): int(count) for name, count in read.items()}
        else:
            with self._lock:
                named = dict(self._counts)
        totals: Counter[tuple[str, str, str]] = Counter()
        for name, count in named.items():
            kind, status, bound = name.split(" ")
            totals[kind, status, bound] = count
        return totals

    @contextmanager
    def open_socket(self) -> Iterator[None]:
        """Count a socket while it is open."""
        self._sockets += 1
        try:
            yield
        finally:
            self._sockets -= 1

    def tell_sockets(self) -> None:
        """Tell the others how many sockets are open here; to be called again within a minute."""
        try:
            with _client() as client:
                client.set(_own_name(), self._sockets, ex=GONE_AFTER)
        except redis.RedisError as error:
            log.warning("sockets were not counted: %s", type(error).__name__)

    def sockets(self) -> int:
        """Return how many sockets are open, in all processes if there are several."""
        if not settings.REDIS_URL:
            return self._sockets
        with _client() as client:
            keys = list(client.scan_iter(f"{SOCKETS}*", count=1000))
            return sum(int(count) for count in client.mget(keys) if count) if keys else 0


def _own_name() -> str:
    return f"{SOCKETS}{socket.gethostname()}:{os.getpid()}"


def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
    )


traffic = Traffic()
