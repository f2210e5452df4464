"""How often somebody may try, counted in the cache only: in memory, or in Redis beyond one machine.

Nothing of it is a row. Who tries is known under a keyed hash, `name_of`, whose key rotates: half of it
comes from the environment, half lives in the cache for a day, so that neither a stolen cache alone nor
one of yesterday tells who it was. A cache that is down locks nobody out.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from secrets import token_hex
from typing import TypeVar

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

log = logging.getLogger("lotse.throttle")

SALT = "throttle:salt"
SALT_LIFETIME = 24 * 3600  # seconds
# Of an address on the internet only so much of the hash is kept that at least 256 IPv4 addresses
# share each name: even with every key in hand nobody learns which one it was.
CLIENT_BITS = 24
IPV6_SITE = 64  # bits that one household or office has; the rest is theirs to choose

Answer = TypeVar("Answer")


def name_of(kind: str, value: str, *, bits: int = 128) -> str:
    """Return the name under which the cache counts somebody; it cannot be turned back.

    kind: what the value is, so that the same value as something else has another name. bits: how much
    of the hash is kept, a multiple of 4.
    """
    salt = _asked(lambda: cache.get_or_set(SALT, lambda: token_hex(16), SALT_LIFETIME), "")
    key = blake2b(f"{settings.SECRET_KEY}{salt}".encode(), person=b"lotse-throttle").digest()
    digest = blake2b(value.encode(), key=key, person=kind.encode()[:16]).hexdigest()
    return f"{kind}:{digest[: bits // 4]}"


def client_of(request: HttpRequest) -> str | None:
    """Return the name of where a request comes from, or None where the server does not know.

    Behind the operator's own proxy (LOTSE_BEHIND_PROXY) it is the last address that the proxy added;
    what a client itself wrote before that does not count. An IPv6 address counts as its /64.
    """
    if settings.BEHIND_PROXY:
        shown = request.META.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", 1)[-1].strip()
    else:
        shown = request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(shown.strip("[]"))
    except ValueError:
        return None
    site = str(address)
    if address.version == 6:
        site = str(ip_network((address.packed[:8] + bytes(8), IPV6_SITE)))
    return name_of("client", site, bits=CLIENT_BITS)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many times in a window of time, then no more until it is over.

    name: of what is counted. times: how many. window: seconds, counted from the first time.
    """

    name: str
    times: int
    window: int

    def take(self, who: str) -> bool:
        """Count once, and say whether it was still allowed. who: from `name_of` or `client_of`."""
        return _count(f"throttle:{self.name}:{who}", self.window) <= self.times


@dataclass(frozen=True, slots=True)
class Brake:
    """Some tries at once, then one after each wait, and the wait doubles up to a limit.

    It never locks for good: after `longest` seconds the next try counts again, and after `memory`
    seconds without a try everything is forgotten. A try that came too early does not lengthen the wait.

    name: of what is counted. free: tries without a wait. first, longest, memory: seconds.
    """

    name: str
    free: int
    first: int
    longest: int
    memory: int

    def take(self, who: str) -> bool:
        """Count a try before it is made, and say whether it may be made.

        who: from `name_of` or `client_of`. Of any number at the same moment only so many get through.
        """
        tried = f"throttle:{self.name}:{who}"
        hold = f"{tried}:hold"
        number = _count(tried, self.memory)
        if number <= self.free:
            return True
        wait = min(self.longest, self.first * 2 ** min(number - self.free - 1, 16))
        # Of two at the same moment one adds the key. It goes by itself when the wait is over.
        if _asked(lambda: cache.add(hold, 1, wait), True):
            return True
        self.give_back(who)
        return False

    def tried(self, who: str) -> int:
        """Return how many tries are remembered."""
        return _asked(lambda: int(cache.get(f"throttle:{self.name}:{who}") or 0), 0)

    def give_back(self, who: str) -> None:
        """Take one try off the count: it was not one, or it was right."""
        tried = f"throttle:{self.name}:{who}"
        _asked(lambda: cache.get(tried) and cache.decr(tried), None)

    def forget(self, who: str) -> None:
        """Forget every try: somebody has shown that it was them."""
        tried = f"throttle:{self.name}:{who}"
        _asked(lambda: cache.delete_many([tried, f"{tried}:hold"]), None)


def _count(key: str, lifetime: int) -> int:
    """Add one to a counter and return it; a new one begins at 1 and goes after `lifetime` seconds."""

    def count() -> int:
        cache.add(key, 0, lifetime)
        return int(cache.incr(key))

    return _asked(count, 1)


def _asked(question: Callable[[], Answer], otherwise: Answer) -> Answer:
    try:
        return question()
    except ValueError:  # the counter went between two steps
        return otherwise
    except RedisError as error:
        log.warning("the cache does not answer, nothing is counted: %s", type(error).__name__)
        return otherwise
