"""The sweep and whoever moves a case at the same moment: one goes first, neither fails."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from counselling.models import Breach, Case, Escalation
from counselling.operations import escalations
from tests.counselling.house import open_house
from tests.counselling.swept import MONDAY, run
from tests.factories import ask

PATIENCE = 60.0  # seconds
LATE = MONDAY + timedelta(days=3)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def until_somebody_waits() -> None:
    end = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise AssertionError("the sweep did not wait for the case")


@pytest.mark.django_db(transaction=True)
def test_a_sweep_waits_for_who_has_the_case_and_each_finds_what_the_other_did(
    on_postgresql: bool,
) -> None:
    if not on_postgresql:
        pytest.skip("SQLite lets one write at a time anyway")
    asked = ask(open_house().nordhafen, at=MONDAY)
    has_the_case = threading.Event()
    failures: list[BaseException] = []

    def alarm_while_holding_it() -> None:
        try:
            with transaction.atomic():
                case = Case.objects.select_for_update(of=("self",)).get(pk=asked.pk)
                has_the_case.set()
                until_somebody_waits()
                escalations.start(case=case, why=Escalation.Why.BREACH, at=LATE)
        except BaseException as failure:  # noqa: BLE001 - shown by the test itself
            failures.append(failure)
        finally:
            connection.close()

    other = threading.Thread(target=alarm_while_holding_it)
    other.start()
    assert has_the_case.wait(PATIENCE)
    assert run(wall=LATE) == 2  # a warning and a breach
    other.join(PATIENCE)

    assert not failures, failures
    assert Breach.objects.count() == 1
    alarms = Escalation.objects.filter(case=asked.pk, why=Escalation.Why.BREACH)
    assert alarms.count() == 1
