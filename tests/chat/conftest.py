"""What the tests of chats leave behind, and clear away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from asgiref.sync import SyncToAsync
from django.db import connections

from chat import consumers

PATIENCE = 30.0  # seconds


@pytest.fixture(scope="session", autouse=True)
def _threads_close_their_connections(django_db_setup: None) -> Iterator[None]:
    """Close what threads beside the tests have open, before the database is dropped."""
    yield
    for threads in (consumers._THREADS, consumers._HEARER, consumers._WRITER, consumers._COMERS):
        _close_in(threads)
    _close_in(SyncToAsync.single_thread_executor)


def _close_in(threads: ThreadPoolExecutor) -> None:
    count = threads._max_workers
    together = Barrier(count)

    def close() -> None:
        together.wait(PATIENCE)  # so that each thread does it once
        connections.close_all()

    for done in [threads.submit(close) for _thread in range(count)]:
        done.result(PATIENCE)
