"""A simulated morning, with the same house, people and verdict as `manage.py simulate` (docs: ADR 0014)."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from counselling.management.commands.simulate import FIRST_DAY
from counselling.models import Claim, Escalation, EscalationStep
from counselling.simulation import house, verdict
from counselling.simulation.week import Week, play

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The worker is gone in the middle of what it did; nothing catches that."""


def killer(random: Random) -> Callable[[Callable[[], None]], bool]:
    """Return a worker that dies at a random statement; what it had not committed is rolled back."""

    def kill(work: Callable[[], None]) -> bool:
        left = random.randrange(1, 40)

        def dies(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal left
            left -= 1
            # Savepoints stand for transactions here; what ends one is not interrupted.
            if left <= 0 and "SAVEPOINT" not in sql:
                raise Killed
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(dies):
                work()
        except Killed:
            return True
        return False

    return kill


def morning(hours: int = 4, questions: int = 25) -> Week:
    random = Random(3)
    start = house.midnight(FIRST_DAY) + timedelta(hours=13)
    built = house.build(first_day=FIRST_DAY, days=1, random=random)
    week = Week(built, start, start + timedelta(hours=hours), random, killer(random))
    play(week, questions=questions, progress=lambda _line: None)
    return week


def test_an_afternoon_with_killed_workers_leaves_nobody_alone() -> None:
    week = morning()
    found = verdict.judge(week)
    assert found.faults == []
    assert found.numbers["questions"] == 25
    assert found.numbers["replies"] > 0
    assert found.numbers["workers killed"] > 0

    # And the verdict sees what must not be.
    step = EscalationStep.objects.order_by("pk").first()
    if step is not None:
        Escalation.objects.filter(pk=step.escalation_id).update(taken=99)
        assert any("of 99" in fault for fault in verdict.judge(week).faults)
    case = next(iter(week.clients))
    week.danger.append((case, week.end))
    assert any("and no alarm" in fault for fault in verdict.judge(week).faults)
    Claim.objects.filter(ended_at__isnull=True).update(returns_at=None)
    held = Claim.objects.filter(ended_at__isnull=True, case__state="claimed").count()
    assert sum("held without an end" in fault for fault in verdict.judge(week).faults) <= held


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 40}, {"cases": 0}])
def test_numbers_without_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(CommandError):
        call_command("simulate", **wrong)
