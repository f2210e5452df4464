"""Signs of life of what Lotse stands on, for whoever watches it. No content, no names, no counts."""

from collections.abc import Callable
from datetime import datetime

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from counselling import open_alarms, sweeping
from outbox import queries as deliveries

OK, AWAY, UNKNOWN = "ok", "away", "unknown"
PATIENCE = 3.0  # seconds that Redis may take
# Without these a process cannot answer; the rest somebody must look at, but pages go on.
NEEDED = ("database", "redis")


def signs(*, at: datetime) -> dict[str, str]:
    """Return a word for each part of the house.

    database, redis: `ok`, `away` (redis also `none` where there is no need of it). worker: whether one
    has swept within minutes: `ok`, `late`, `never`. sweep: whether what is due is noticed: `ok`, `late`.
    alarms: whether ladders climb: `ok`, `late`. on_call: `ok`, or `empty` where an organisation has
    nobody. deliveries: `ok`, `late` (mails or calls do not leave), `dead` (one waits for a human).
    """
    database = OK if _answers(_ask_database, DatabaseError) else AWAY
    here: dict[str, str] = {"database": database, "redis": redis_sign()}
    rest: dict[str, Callable[[], str]] = {
        "worker": lambda: sweeping.worker(at=at),
        "sweep": lambda: "late" if sweeping.lag(at=at) > sweeping.LATE else OK,
        "alarms": lambda: "late" if open_alarms.are_late(at=at) else OK,
        "on_call": lambda: "empty" if open_alarms.organisations_without_on_call(at=at) else OK,
        "deliveries": lambda: deliveries.trouble(at=at),
    }
    return here | {name: _word(ask) if database == OK else UNKNOWN for name, ask in rest.items()}


def is_ready(found: dict[str, str]) -> bool:
    """Say whether a process with these signs can answer."""
    return all(found[name] != AWAY for name in NEEDED)


def connections_allowed() -> int | None:
    """Return how many connections PostgreSQL allows, or None where it does not say."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW max_connections")
            return int(cursor.fetchone()[0])
    except DatabaseError:
        return None


def redis_sign() -> str:
    """Say how Redis is: `ok`, `away`, or `none` where there is no need of it."""
    if not settings.REDIS_URL:
        return "none"
    return OK if _answers(_ask_redis, redis.RedisError, OSError) else AWAY


def _answers(ask: Callable[[], None], *failures: type[Exception]) -> bool:
    try:
        ask()
    except failures:
        return False
    return True


def _word(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except DatabaseError:
        return UNKNOWN


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    address = settings.REDIS_URL
    with redis.Redis.from_url(
        address, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
    ) as client:
        client.ping()
