"""A simulated morning, with the same house, people and verdict as `manage.py simulate` (docs: ADR 0014)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from counselling.management.commands.simulate import FIRST_DAY
from counselling.models import Case, Escalation, EscalationStep
from counselling.simulation import house, verdict
from counselling.simulation import week as simulated
from counselling.simulation.week import Week, play
from counselling.states import CaseState
from outbox.models import Channel
from outbox.operations import deliveries

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


def play_some(start: datetime, *, hours: int, questions: int) -> Week:
    random = Random(3)
    day = start.astimezone(house.ZONE).date()
    built = house.build(first_day=day, days=1, random=random)
    week = Week(built, start, start + timedelta(hours=hours), random, killer(random))
    play(week, questions=questions, progress=lambda _line: None)
    return week


def faults(week: Week) -> str:
    return "\n".join(verdict.judge(week).faults)


def test_an_afternoon_with_killed_workers_leaves_nobody_alone() -> None:
    week = play_some(house.midnight(FIRST_DAY) + timedelta(hours=13), hours=4, questions=25)
    found = verdict.judge(week)
    assert found.faults == []
    assert found.numbers["questions"] == 25
    assert found.numbers["replies"] > 0
    assert found.numbers["workers killed"] > 0

    # And the verdict sees what must not be.
    case = next(iter(week.clients))
    week.danger.append((case, week.end))
    assert "and no alarm" in faults(week)
    waiting = Case.objects.filter(state=CaseState.WAITING)
    waiting.filter(pk=waiting.values("pk")[:1]).update(state=CaseState.CLAIMED)
    assert "held by nobody" in faults(week)


def test_on_the_night_on_which_the_clocks_change_a_minute_is_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulated, "DANGER", 1.0)
    monkeypatch.setattr(simulated, "ANSWERS_CALL", 0.0)  # so that ladders climb through the change
    two = house.midnight(date(2026, 3, 29)) + timedelta(hours=2)
    assert two.astimezone(house.ZONE).hour == 3
    week = play_some(two - timedelta(hours=1), hours=2, questions=3)
    over = Escalation.objects.filter(started_at__lt=two, moved_at__gt=two + timedelta(minutes=30))
    assert over.exists()
    assert faults(week) == ""

    # And the verdict sees a ladder that is not as it should be.
    alarm = over.earliest("started_at")
    third, last = alarm.steps.get(number=3), alarm.steps.get(number=alarm.taken)
    shift(third, minutes=-1)
    assert "step 3 after" in faults(week), "too early"
    shift(third, minutes=1)
    shift(last, minutes=4)
    assert f"step {last.number} after" in faults(week), "too late"
    shift(last, minutes=-4)
    again = deliveries.promise(
        key=f"escalation:{alarm.pk.hex}:3:mail:again",
        channel=Channel.MAIL,
        to="birte@simuliert.example",
        subject="Bitte jetzt bei Lotse nachsehen",
        body="",
        at=third.at,
    )
    assert "step 3 promised" in faults(week), "taken twice"
    again.delete()
    assert faults(week) == ""
    Escalation.objects.filter(pk=alarm.pk).update(next_at=week.end - timedelta(minutes=5))
    assert "stands still" in faults(week)
    third.delete()
    assert "steps [1, 2, 4" in faults(week), "left out"


def shift(step: EscalationStep, *, minutes: int) -> None:
    """Pretend that a step was taken at another time."""
    EscalationStep.objects.filter(pk=step.pk).update(at=F("at") + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    "wrong", [{"days": 0}, {"days": 40}, {"cases": 0}, {"houses": 0}, {"cases": 3, "houses": 4}]
)
def test_numbers_without_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(CommandError):
        call_command("simulate", **wrong)
