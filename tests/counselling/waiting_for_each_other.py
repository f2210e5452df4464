"""Two at the same case at once: one has it locked, the other waits for it, then the first goes on."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction

from counselling.models import Case

PATIENCE = 60.0  # seconds
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

Result = TypeVar("Result")


def at_once(
    case: UUID, *, holding: Callable[[Case], object], other: Callable[[], Result]
) -> Result:
    """Do `holding` with a locked case as soon as `other` waits for a lock; return what that returns.

    Raises what either of them does, a deadlock too.
    """
    has_the_case = threading.Event()
    failures: list[BaseException] = []

    def hold() -> None:
        try:
            with transaction.atomic():
                row = Case.objects.select_for_update(of=("self",)).get(pk=case)
                has_the_case.set()
                _until_somebody_waits()
                holding(row)
        except BaseException as failure:  # noqa: BLE001 - raised again by the test's own thread
            failures.append(failure)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert has_the_case.wait(PATIENCE)
        return other()
    finally:
        holder.join(PATIENCE)
        if failures:
            raise failures[0]


def _until_somebody_waits() -> None:
    end = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waited for the case")
