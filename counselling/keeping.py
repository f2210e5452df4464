"""Sums over everything that an organisation has: those that take long are kept for a while.

What is counted over a year grows with the year, and no index changes that. So a count that took long is
shown again for as many times its own time (SHARE): however much there is, counting takes at most one part
in SHARE of a database, and in a small house every look counts anew.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger("lotse.keeping")

LONG = 0.1  # seconds of counting from which on a result is kept
SHARE = 200
SMALLEST = 5  # smaller counts are told to nobody: they could be about somebody one knows
LONGEST = 3600  # seconds


class Counted(Protocol):
    """A result that says of when it is."""

    @property
    def at(self) -> datetime:
        """Return the moment of counting."""


Result = TypeVar("Result", bound=Counted)


def kept(
    count: Callable[[UUID, datetime], Result],
    of: UUID,
    *,
    at: datetime,
    share: int = SHARE,
    clock: Callable[[], float] = time.perf_counter,
) -> Result:
    """Return what `count` says of an organisation or a team: now, or a while ago where it takes long.

    count: a function of a module, under whose name the result is kept. share: for how many times the
    time of counting. clock: in seconds. A cache that is down keeps nothing.
    """
    key = f"kept:{count.__module__}.{count.__name__}:{of}"
    try:
        found: Result | None = cache.get(key)
        if found is not None and found.at <= at:
            return found
    except (RedisError, AttributeError, TypeError) as error:  # also of a release with other fields
        log.warning("nothing is kept: %s", type(error).__name__)
    began = clock()
    result = count(of, at)
    taken = clock() - began
    if taken >= LONG:
        try:
            cache.set(key, result, min(LONGEST, share * taken))
        except RedisError as error:
            log.warning("nothing is kept: %s", type(error).__name__)
    return result
