"""Deadlines in the life of a case, and the sweep: warned before, missed once, whatever clocks and workers do."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import TrailEntry
from counselling import promises as rules_of
from counselling.models import Breach, ClockJump, Deadline, Escalation, Review
from counselling.operations import cases, escalations, promises, sweep
from counselling.sla import Event, Happened, Urgency, clocks
from counselling.ticks import Ticks
from tests import factories
from tests.counselling.house import House, open_house
from tests.counselling.pages import come_back, words
from tests.factories import Asked, ask, claim, client_writes, close, note, reply, review

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)  # ten o'clock in Berlin
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BOOT = "a machine's start"


@pytest.fixture
def house() -> House:
    """Nordhafen, Südstadt next door, and who works there."""
    return open_house()


def at(minutes: float) -> datetime:
    """Return a moment so many minutes after Monday, ten o'clock."""
    return MONDAY + timedelta(minutes=minutes)


def run(*, wall: datetime, real: datetime | None = None) -> int:
    """Sweep until nothing is left. wall: what the clock shows. real: what time it is (None: the same)."""
    ticks = Ticks(BOOT, ((real or wall) - MONDAY).total_seconds() + 1000)
    done = 0
    while number := sweep.once(at=wall, ticks=ticks):
        done += number
    return done


def told(asked: Asked) -> list[str]:
    """Return the deadlines of a case: kind, minutes until due, how it ended or stands."""
    lines = []
    for row in Deadline.objects.filter(case=asked.pk).order_by("since", "kind"):
        state = row.end or ("breached" if row.breached_at else "warned" if row.warned_at else "")
        due = round((row.due_at - row.since) / MINUTE)
        lines.append(f"{row.kind} {due} {state}".strip())
    return lines


# --- What runs in a case ---------------------------------------------------------------------------
def test_a_question_has_one_promise_and_a_dangerous_one_two(house: House) -> None:
    normal, danger = (
        ask(house.nordhafen, at=MONDAY),
        ask(house.nordhafen, in_danger=True, at=MONDAY),
    )

    assert told(normal) == ["first 1440"]
    assert told(danger) == ["ack 5", "first 60"]
    assert normal.now().due_at == MONDAY + timedelta(days=1)
    assert danger.now().due_at == at(5)


def test_who_claims_has_looked_and_the_answer_stays_due(house: House) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=MONDAY)
    claim(asked, house.katrin, at=at(3))

    assert told(asked) == ["ack 5 seen", "first 60"]
    assert asked.now().due_at == at(60)
    reply(asked, house.katrin, at=at(30))
    assert told(asked) == ["ack 5 seen", "first 60 replied"]
    assert (asked.now().due_at, asked.now().waiting_since) == (None, None)


def test_an_alarm_that_lea_acknowledges_counts_as_seen_by_a_human(house: House) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=MONDAY)
    alarm = Escalation.objects.get(case=asked.pk, ended_at__isnull=True)
    escalations.acknowledge(escalation=alarm.pk, by=house.lea, how=Escalation.How.MAIL, at=at(4))

    assert told(asked) == ["ack 5 seen", "first 60"]
    assert asked.now().due_at == at(60)


def test_neither_notes_nor_moves_stop_a_clock(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    before = asked.now().due_at
    note(asked, house.aylin, at=at(10))
    claim(asked, house.katrin, at=at(20))
    cases.hand_to_colleague(
        case=asked.pk,
        to=house.aylin,
        by=house.katrin,
        holder=factories.holder_of(house.katrin),
        at=at(30),
    )
    cases.release(case=asked.pk, by=house.aylin, at=at(40))

    assert told(asked) == ["first 1440"]
    assert (asked.now().due_at, asked.now().waiting_since) == (before, MONDAY)


def test_the_next_answer_counts_from_the_first_message_without_one(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    reply(asked, house.katrin, at=at(10))
    assert asked.now().due_at is None
    client_writes(asked, at=at(60))
    client_writes(asked, at=at(600))

    assert told(asked) == ["first 1440 replied", "next 1440"]
    assert asked.now().due_at == at(60) + timedelta(days=1)


def test_put_back_while_it_waits_for_the_client_nothing_is_promised_and_nothing_missed(
    house: House,
) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    reply(asked, house.katrin, at=at(10))
    cases.release(case=asked.pk, by=house.katrin, at=at(20))

    assert asked.now().due_at is not None  # it stands in the queue, for somebody to look at
    assert run(wall=MONDAY + timedelta(days=30)) == 0
    assert not Breach.objects.exists()
    client_writes(asked, at=at(3000))
    assert told(asked) == ["first 1440 replied", "next 1440"]


def test_danger_shortens_and_a_review_that_lowers_makes_it_as_if_it_had_never_been(
    house: House,
) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    client_writes(asked, in_danger=True, at=at(30))
    assert told(asked) == ["first 90", "ack 5"]
    assert asked.now().due_at == at(35)

    review(asked, house.katrin, Urgency.NORMAL, reason=Review.Reason.WORDING, at=at(33))

    assert told(asked) == ["first 1440", "ack 5 rated"]
    assert asked.now().due_at == MONDAY + timedelta(days=1)
    assert run(wall=at(600)) == 0


def test_what_was_promised_before_stays_promised_when_it_becomes_urgent(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    claim(asked, house.katrin, at=at(1))
    review(asked, house.katrin, Urgency.DRINGEND, at=at(23 * 60))

    assert asked.now().due_at == MONDAY + timedelta(days=1)


def test_closing_ends_and_writing_again_begins_anew(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    reply(asked, house.katrin, at=at(10))
    close(asked, house.katrin, at=at(20))
    client_writes(asked, at=at(5000))

    assert told(asked) == ["first 1440 replied", "next 1440"]


def test_a_team_with_shorter_times_shortens_what_it_gets_and_a_slower_one_keeps_the_promise(
    house: House,
) -> None:
    erziehung, krise = house.nordhafen.teams.order_by("name")
    for team, hours in ((krise, 2), (erziehung, 40)):
        levels = [rules_of.default_level(house.nordhafen, urgency) for urgency in Urgency]
        levels[2].first, levels[2].most_days = hours * 60, None
        promises.set_levels(
            organisation=house.nordhafen,
            team=team,
            channel="",
            levels=levels,
            by=house.ada,
            at=MONDAY,
        )
    asked = ask(house.nordhafen, at=MONDAY)

    def hand_to(team: object, by: object, minutes: int) -> datetime | None:
        cases.hand_to_team(
            case=asked.pk,
            to=team,  # type: ignore[arg-type]  # a team
            by=by,  # type: ignore[arg-type]  # a member
            holder=factories.holder_of(by),  # type: ignore[arg-type]  # a member
            at=at(minutes),
        )
        return asked.now().due_at

    assert asked.case.team == erziehung
    assert hand_to(krise, house.katrin, 10) == at(120)
    assert hand_to(erziehung, house.lea, 20) == at(120)


# --- The sweep ---------------------------------------------------------------------------------------
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


def test_the_stored_clocks_are_those_of_the_history(house: House) -> None:
    """What the product stores step by step is what `sla.clocks` makes of the whole story."""
    asked = ask(house.nordhafen, in_danger=True, at=MONDAY)
    claim(asked, house.katrin, at=at(2))
    review(asked, house.katrin, Urgency.NORMAL, reason=Review.Reason.PAST, at=at(3))
    reply(asked, house.katrin, at=at(50))
    client_writes(asked, at=at(70))
    client_writes(asked, in_danger=True, at=at(80))
    story = [
        (0, Happened.ASKED, Urgency.SOFORT),
        (2, Happened.SEEN, None),
        (3, Happened.RATED, Urgency.NORMAL),
        (50, Happened.REPLIED, None),
        (70, Happened.CLIENT_WROTE, None),
        (80, Happened.CLIENT_WROTE, Urgency.SOFORT),
    ]
    history = [Event(at(minute), what, urgency) for minute, what, urgency in story]
    rules = rules_of.rules(house.nordhafen)

    # A look that nobody is promised at an urgency is in the history, and no row; so are not compared
    # the moments at which such clocks began.
    expected = sorted(
        (clock.response.value, promise.due_at)
        for clock in clocks(history)
        if (promise := rules.promise(clock, team=None, channel="")) is not None
    )
    stored = Deadline.objects.filter(case=asked.pk).values_list("kind", "due_at")
    assert sorted(stored) == expected


# --- What the client reads -----------------------------------------------------------------------------
def page(asked: Asked, moment: datetime) -> str:
    """Return the thread as its client reads it at a moment."""
    browser = Client()
    with time_machine.travel(moment, tick=False):
        come_back(browser, asked.code.display())
        return words(browser.get(reverse("thread", args=["nordhafen"])))


def test_the_client_reads_day_and_hour_and_the_truth_when_it_slips(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)

    assert "Wir antworten bis Dienstag, 24. November, 10 Uhr." in page(asked, at(1))
    late = page(asked, at(1441))
    assert "Wir sind zu spät." in late
    assert "bis Dienstag, 24. November, 10 Uhr versprochen und das nicht geschafft" in late


def test_a_promise_that_got_later_is_told_with_both_times(house: House) -> None:
    asked = ask(house.nordhafen, at=MONDAY)
    levels = [rules_of.default_level(house.nordhafen, urgency) for urgency in Urgency]
    levels[2].first, levels[2].most_days = 48 * 60, None
    promises.set_levels(
        organisation=house.nordhafen, team=None, channel="", levels=levels, by=house.ada, at=at(1)
    )
    while promises.reckon_some(at=at(2)):
        pass

    told_now = page(asked, at(3))
    assert "Es dauert länger, als wir gesagt haben." in told_now
    assert "bis Dienstag, 24. November, 10 Uhr versprochen" in told_now
    assert "Wir antworten bis Mittwoch, 25. November, 10 Uhr." in told_now


def test_who_is_in_danger_reads_when_somebody_looks_and_then_when_the_answer_comes(
    house: House,
) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=MONDAY)
    assert "Bis Montag, 23. November, 10:05 Uhr soll sich jemand" in page(asked, at(1))

    claim(asked, house.katrin, at=at(2))

    assert "Wir antworten bis Montag, 23. November, 11 Uhr." in page(asked, at(3))
    late = page(asked, at(61))
    assert "Wir sind zu spät." in late
    assert "Rufen Sie 112 an." in late
