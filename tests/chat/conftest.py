"""Who waits in the tests of sockets; what the tests of chats leave behind, and clear away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connections
from django.utils import timezone

from chat import consumers
from chat.models import Chat
from tests.chat.house import FORENOON, Entered, chatting_house, enter
from tests.counselling.house import House

PATIENCE = 30.0  # seconds


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stand still at a forenoon of an open chat."""
    with time_machine.travel(FORENOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
async def house() -> House:
    """Open the house beside the test's event loop."""
    return await sync_to_async(chatting_house)()


@pytest.fixture
async def entered(house: House) -> Entered:
    """Let somebody wait whose place is kept for an hour of the real clock."""

    def waits() -> Entered:
        one = enter(house)
        Chat.objects.update(kept_until=timezone.now() + timedelta(hours=1))
        return one

    return await sync_to_async(waits)()


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
