"""The sweep of promises: warned before, missed once, whatever clocks and workers do."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import TrailEntry
from counselling.models import Breach, ClockJump, Deadline, Escalation
from counselling.operations import cases, escalations, sweep
from counselling.sla import Urgency
from counselling.ticks import Ticks
from tests.counselling.house import House, open_house
from tests.counselling.swept import HOUR, MONDAY, at, run, told
from tests.factories import ask, claim, reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    """Nordhafen, Südstadt next door, and who works there."""
    return open_house()


def test_warned_before_missed_once_and_the_ladder_is_started(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    day = 24 * 60

    assert run(wall=at(day * 0.75 - 1)) == 0
    assert run(wall=at(day * 0.75)) == 1
    assert told(asked) == ["first 1440 warned"]
    assert Escalation.objects.get(case=asked.pk).why == Escalation.Why.WARNING
    assert run(wall=at(day)) == 0
    assert run(wall=at(day + 1)) == 1
    assert run(wall=at(day + 2)) == 0
    breach = Breach.objects.get()
    assert (breach.case, breach.kind, breach.urgency) == (asked.pk, "first", Urgency.NORMAL)
    assert (breach.since, breach.due_at, breach.noted_at) == (MONDAY, at(day), at(day + 1))
    assert [
        entry.action
        for entry in TrailEntry.objects.filter(case=asked.pk, actor_kind="system")
        if entry.action.startswith("case.")
    ] == ["case.due_soon", "case.overdue"]


def test_nothing_is_missed_that_was_answered(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    reply(asked, house.katrin, at=at(1439))

    assert run(wall=at(3000)) == 0
    assert not Breach.objects.exists()


def test_an_answer_that_comes_late_between_two_sweeps_is_a_breach_all_the_same(
    house: House,
) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=MONDAY)
    reply(asked, house.katrin, at=at(61))

    assert sorted(Breach.objects.values_list("kind", flat=True)) == ["ack", "first"]
    assert run(wall=at(62)) == 0


def test_a_breach_stays_when_the_case_is_deleted_and_is_never_changed(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    run(wall=MONDAY + timedelta(days=3))
    cases.delete(case=asked.pk, by=house.katrin.actor, at=MONDAY + timedelta(days=4))

    assert not Deadline.objects.exists()
    breach = Breach.objects.get()
    with pytest.raises(TypeError):
        breach.delete()
    with pytest.raises(TypeError):
        breach.save()
    for change in (
        lambda: Breach.objects.all().delete(),
        lambda: Breach.objects.update(noted_at=MONDAY),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_what_a_sweep_reads_does_not_grow_with_what_exists(house: House) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            run(wall=at(1))
        return len(captured)

    ask(house.nordhafen, at=MONDAY)
    cost()
    few = cost()
    for _ in range(20):
        ask(house.nordhafen, at=MONDAY)
    assert cost() == few


@pytest.mark.parametrize("jump", [2 * HOUR, -2 * HOUR])
def test_a_clock_that_jumps_breaks_no_promise_and_hides_no_breach(
    house: House, jump: timedelta
) -> None:
    claimed = ask(house.nordhafen, in_danger=True, at=MONDAY)
    claim(claimed, house.katrin, at=at(1))  # an answer is due after an hour
    run(wall=at(10))

    # The clock is set; the hour goes on as before.
    run(wall=at(11) + jump, real=at(11))
    run(wall=at(44) + jump, real=at(44))
    assert told(claimed) == ["ack 5 seen", "first 60"]
    run(wall=at(46) + jump, real=at(46))
    assert told(claimed) == ["ack 5 seen", "first 60 warned"]
    run(wall=at(60) + jump, real=at(60))
    assert not Breach.objects.exists()

    # What is asked now is counted by the new time.
    fresh = ask(house.nordhafen, in_danger=True, at=at(60) + jump)
    run(wall=at(64) + jump, real=at(64))
    assert Breach.objects.get().case == claimed.pk
    run(wall=at(66) + jump, real=at(66))
    assert told(fresh) == ["ack 5 breached", "first 60"]

    # And it is set right again.
    run(wall=at(67), real=at(67))
    run(wall=at(119), real=at(119))
    assert told(fresh) == ["ack 5 breached", "first 60 warned"]
    run(wall=at(121), real=at(121))
    assert told(fresh) == ["ack 5 breached", "first 60 breached"]
    assert [round(one.seconds / 3600) for one in ClockJump.objects.order_by("pk")] == [
        jump // HOUR,
        -(jump // HOUR),
    ]


@pytest.mark.parametrize("jump", [2 * HOUR, -2 * HOUR])
def test_what_is_asked_before_a_jump_was_noticed_is_counted_by_the_new_time(
    house: House, jump: timedelta
) -> None:
    before = ask(house.nordhafen, in_danger=True, at=at(9))
    run(wall=at(10))

    # Both between two sweeps, on both sides of the jump.
    late = ask(house.nordhafen, in_danger=True, at=at(10.2))
    fresh = ask(house.nordhafen, in_danger=True, at=at(10.5) + jump)
    run(wall=at(11) + jump, real=at(11))

    assert not Breach.objects.exists()
    assert told(before) == told(late) == told(fresh) == ["ack 5", "first 60"]
    run(wall=at(16) + jump, real=at(16))
    assert set(Breach.objects.values_list("case", flat=True)) == {before.pk, late.pk, fresh.pk}


def test_a_machine_that_slept_wakes_up_to_real_breaches(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    run(wall=at(10))

    run(wall=MONDAY + timedelta(days=3))  # both clocks went on

    assert told(asked) == ["first 1440 breached"]
    assert not ClockJump.objects.exists()


def test_where_no_other_clock_is_known_the_wall_clock_counts(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)

    while sweep.once(at=MONDAY + timedelta(days=3), ticks=Ticks("", 1)):
        pass

    assert told(asked) == ["first 1440 breached"]


@pytest.mark.django_db(transaction=True)
def test_of_three_workers_one_notes_a_breach(house: House) -> None:
    asked = [ask(house.nordhafen, at=MONDAY) for _ in range(12)]
    began = threading.Barrier(3)
    done: list[int] = []

    def work() -> None:
        began.wait()
        try:
            done.append(run(wall=MONDAY + timedelta(days=3)))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=300)

    assert sum(done) == 24  # twelve warnings and twelve breaches
    assert Breach.objects.count() == len(asked)
    assert TrailEntry.objects.filter(action="case.overdue").count() == len(asked)
    assert TrailEntry.objects.filter(action="case.due_soon").count() == len(asked)


def test_a_worker_that_is_killed_in_the_middle_leaves_nothing_half_done(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask(house.nordhafen, at=MONDAY)

    def killed(**_kwargs: object) -> Iterator[None]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(escalations, "start", killed)
        with pytest.raises(KeyboardInterrupt):
            run(wall=MONDAY + timedelta(days=3))
    assert told(asked) == ["first 1440"]
    assert not Breach.objects.exists()

    assert run(wall=MONDAY + timedelta(days=3)) == 2
    assert Breach.objects.count() == 1
