"""Who moves a case and who does something about it at the same moment: one goes first, neither fails."""

from datetime import timedelta

import pytest

from counselling.models import Breach, Escalation
from counselling.operations import escalations
from tests.counselling.house import open_house
from tests.counselling.swept import MONDAY, run
from tests.counselling.waiting_for_each_other import at_once
from tests.factories import ask

pytestmark = pytest.mark.django_db(transaction=True)
LATE = MONDAY + timedelta(days=3)


@pytest.fixture(autouse=True)
def locks(on_postgresql: bool) -> None:
    """Two can only wait for each other where rows are locked one by one."""
    if not on_postgresql:
        pytest.skip("SQLite lets one write at a time anyway")


def test_a_sweep_waits_for_who_has_the_case_and_each_finds_what_the_other_did() -> None:
    asked = ask(open_house().nordhafen, at=MONDAY)

    def sweep() -> int:
        return run(wall=LATE)

    found = at_once(
        asked.pk,
        holding=lambda case: escalations.start(case=case, why=Escalation.Why.BREACH, at=LATE),
        other=sweep,
    )

    assert found == 2  # a warning and a breach
    assert Breach.objects.count() == 1
    alarms = Escalation.objects.filter(case=asked.pk, why=Escalation.Why.BREACH)
    assert alarms.count() == 1


def test_who_confirms_an_alarm_waits_for_who_moves_its_case() -> None:
    house = open_house()
    alarm = ask(house.nordhafen, in_danger=True, at=MONDAY).case.escalations.get()

    confirmed = at_once(
        alarm.case_id,
        holding=escalations.follow,
        other=lambda: escalations.acknowledge(
            escalation=alarm.pk, by=house.katrin, how=Escalation.How.PAGE, at=MONDAY
        ),
    )

    assert confirmed
