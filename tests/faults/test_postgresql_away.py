"""PostgreSQL is away for longer than one series of tries: who waits is answered soon after it is back."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest
from django.conf import settings
from psycopg_pool import ConnectionPool

from tests.servers.folders import new_folder
from tests.servers.postgresql import PostgreSQL

SOON = 4.0  # seconds: the longest wait between two tries is two


@pytest.fixture
def postgresql(on_postgresql: bool) -> Iterator[PostgreSQL]:
    if not on_postgresql:
        pytest.skip("runs on PostgreSQL only")
    server = PostgreSQL.start(new_folder())
    yield server
    server.stop()


def test_who_waits_for_a_connection_has_it_soon_after_the_server_is_back(
    postgresql: PostgreSQL,
) -> None:
    options = settings.DATABASES["default"]["OPTIONS"]["pool"]
    with (
        ConnectionPool(postgresql.url("postgres"), open=True, **options) as pool,
        ThreadPoolExecutor(1) as other,
    ):
        with pool.connection() as connection:
            connection.execute("SELECT 1")
        postgresql.stop()
        waiting = other.submit(_ask, pool)
        time.sleep(options["reconnect_timeout"] + 1.5)
        postgresql.start_again()
        is_back = time.monotonic()
        assert waiting.result(timeout=SOON * 5) - is_back < SOON


def _ask(pool: ConnectionPool) -> float:
    """Meet the connections that died with the server, then wait for another; return when it answers."""
    while True:
        with suppress(psycopg.OperationalError), pool.connection() as connection:
            connection.execute("SELECT 1")
            return time.monotonic()
