"""Alarms: once for each thing, no step twice, none skipped, whatever clocks and workers do."""

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from audit.models import TrailEntry
from counselling import open_alarms, reaching
from counselling.ladders import DEFAULTS, Quiet, Rung, Whom, rung
from counselling.models import AlarmNumber, Escalation, EscalationStep
from counselling.operations import cases, escalations, ladder_settings, reading
from counselling.operations.ladder_settings import LadderUnreachable
from counselling.sla import Urgency
from outbox.models import Delivery
from outbox.operations import gateways
from tests.counselling.alarm_house import (
    NIGHT,
    NOON,
    AlarmHouse,
    ladder_of,
    on_call,
    open_alarm_house,
    sweep,
)
from tests.factories import ask, claim, client_writes, close, reply, review

How, Why = Escalation.How, Escalation.Why


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


@pytest.fixture
def house(db: None) -> AlarmHouse:
    return open_alarm_house()


def alarm_of(case: UUID) -> Escalation:
    return Escalation.objects.filter(case=case).latest("started_at")


def actions(case: UUID) -> list[str]:
    rows = TrailEntry.objects.filter(case=case, action__startswith="escalation.").order_by("pk")
    return [row.action.partition(".")[2] for row in rows]


def test_the_trail_shows_the_ladder_with_ids_and_codes_only(house: AlarmHouse) -> None:
    asked = ask(house.nordhafen, "Geheimes Kanarienwort.", in_danger=True, at=NOON)
    sweep(minute(2))
    escalations.acknowledge(
        escalation=alarm_of(asked.pk).pk, by=house.lea, how=How.MAIL, at=minute(3)
    )
    assert actions(asked.pk) == ["started", "step", "step", "acknowledged"]
    last = TrailEntry.objects.filter(action="escalation.acknowledged").get()
    assert (last.actor, last.detail) == (house.lea.pk, {"how": "mail", "steps": 2})
    written = " ".join(f"{d.subject} {d.body} {d.key}" for d in Delivery.objects.all())
    assert "Kanarienwort" not in written
    assert str(asked.pk) not in written
    assert asked.case.reference not in written


def test_a_confirmed_alarm_takes_back_what_has_not_left(house: AlarmHouse) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=NOON)
    assert Delivery.objects.filter(state="waiting").count() == 3
    claim(asked, house.katrin, at=minute(1))
    assert set(Delivery.objects.values_list("state", "body")) == {("withdrawn", "")}


def test_only_the_first_confirms(house: AlarmHouse) -> None:
    alarm = alarm_of(ask(house.nordhafen, in_danger=True, at=NOON).pk)
    assert escalations.acknowledge(escalation=alarm.pk, by=house.lea, how=How.PAGE, at=minute(1))
    assert not escalations.acknowledge(
        escalation=alarm.pk, by=house.aylin, how=How.MAIL, at=minute(2)
    )
    assert alarm_of(alarm.case_id).by == house.lea


def test_the_same_thing_alarms_once_and_the_next_thing_again(house: AlarmHouse) -> None:
    asked = ask(house.nordhafen, at=NOON)
    assert escalations.start(case=asked.now(), why=Why.WARNING, at=minute(60))
    assert escalations.start(case=asked.now(), why=Why.WARNING, at=minute(61)) is None
    assert escalations.start(case=asked.now(), why=Why.BREACH, at=minute(62)) is None, "one is open"
    escalations.acknowledge(
        escalation=alarm_of(asked.pk).pk, by=house.lea, how=How.PAGE, at=minute(63)
    )
    assert escalations.start(case=asked.now(), why=Why.WARNING, at=minute(64)) is None
    assert escalations.start(case=asked.now(), why=Why.BREACH, at=minute(65))

    reply(asked, house.katrin, at=minute(70))
    assert alarm_of(asked.pk).how in {How.CLAIM, How.REPLY}
    assert escalations.start(case=asked.now(), why=Why.BREACH, at=minute(71)) is None, (
        "nobody waits"
    )
    client_writes(asked, at=minute(80))
    assert escalations.start(case=asked.now(), why=Why.WARNING, at=minute(90)), "a new round"


def test_what_is_more_urgent_takes_the_place_of_what_is_open(house: AlarmHouse) -> None:
    asked = ask(house.nordhafen, at=NOON)
    escalations.start(case=asked.now(), why=Why.WARNING, at=minute(1))
    client_writes(asked, "Jetzt ist es schlimm.", in_danger=True, at=minute(2))
    old, new = Escalation.objects.filter(case=asked.pk).order_by("started_at")
    assert (old.how, new.urgency, new.ended_at) == (How.SUPERSEDED, Urgency.SOFORT, None)
    assert actions(asked.pk)[2:4] == ["superseded", "started"]


def test_an_urgent_case_that_goes_back_to_the_queue_alarms_anew(house: AlarmHouse) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=NOON)
    claim(asked, house.katrin, at=minute(1))
    assert alarm_of(asked.pk).how == How.CLAIM
    cases.release(case=asked.pk, by=house.katrin, at=minute(5))
    assert alarm_of(asked.pk).ended_at is None


def test_what_was_answered_alarms_nobody_when_it_is_given_back(house: AlarmHouse) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=NOON)
    reply(asked, house.katrin, at=minute(1))
    cases.release(case=asked.pk, by=house.katrin, at=minute(5))
    assert not Escalation.objects.filter(ended_at__isnull=True).exists()


def test_a_new_alarm_in_a_held_case_ends_when_its_holder_reads_it_and_not_before(
    house: AlarmHouse,
) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=NOON)
    claim(asked, house.katrin, at=minute(1))
    client_writes(asked, "Er steht wieder vor der Tür.", in_danger=True, at=minute(30))
    reading.note_reading(case=asked.now(), by=house.aylin, at=minute(31))
    assert alarm_of(asked.pk).ended_at is None, "Aylin looked, but it is not hers"
    reading.note_reading(case=asked.now(), by=house.katrin, at=minute(32))
    assert (alarm_of(asked.pk).how, alarm_of(asked.pk).by) == (How.READ, house.katrin)


def test_a_human_who_lowers_the_urgency_has_seen_it_and_one_who_raises_it_alarms(
    house: AlarmHouse,
) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=NOON)
    review(asked, house.katrin, Urgency.NORMAL, reason="wording", at=minute(1))
    assert (alarm_of(asked.pk).how, alarm_of(asked.pk).by) == (How.REVIEW, house.katrin)
    review(asked, house.katrin, Urgency.SOFORT, reason="told", at=minute(2))
    assert alarm_of(asked.pk).ended_at is None


def test_a_closed_case_and_a_deleted_one_alarm_nobody_any_more(house: AlarmHouse) -> None:
    asked = ask(house.nordhafen, in_danger=True, at=NOON)
    claim(asked, house.katrin, at=minute(1))
    client_writes(asked, "Hilfe, er ist wieder da.", in_danger=True, at=minute(2))
    close(asked, house.katrin, at=minute(3))
    assert alarm_of(asked.pk).how == How.CLOSED
    other = ask(house.nordhafen, in_danger=True, at=minute(4))
    cases.delete(case=other.pk, by=house.ada.actor, at=minute(5))
    assert sweep(minute(60)) == 0
    assert not Delivery.objects.filter(due_at__isnull=False).exists()


def test_a_clock_that_jumps_ahead_two_hours_takes_one_step_and_no_more(house: AlarmHouse) -> None:
    on_call(house, "omar")
    alarm = alarm_of(ask(house.nordhafen, in_danger=True, at=NOON).pk)
    assert sweep(minute(121)) == 1
    assert sweep(minute(121.5)) == 0
    assert sweep(minute(123)) == 1
    assert [line.partition(":")[0] for line in ladder_of(alarm, NOON)] == [
        "0 on_duty",
        "121 leads",
        "123 on_call",
    ]


def test_a_clock_that_is_set_back_two_hours_neither_delays_nor_repeats_a_step(
    house: AlarmHouse,
) -> None:
    alarm = alarm_of(ask(house.nordhafen, in_danger=True, at=NOON).pk)
    back = NOON - timedelta(hours=2)
    assert sweep(back + timedelta(minutes=1)) == 0
    assert sweep(back + timedelta(minutes=2)) == 0
    assert sweep(back + timedelta(minutes=3)) == 1, "its two minutes count from the first look"
    assert alarm.steps.count() == 2
    # Ahead and back again: the same.
    assert sweep(NOON + timedelta(hours=2)) == 1
    assert sweep(back + timedelta(minutes=4)) == 0
    assert sweep(back + timedelta(minutes=7)) == 1


def test_a_worker_that_comes_late_to_a_step_does_not_take_it_again(house: AlarmHouse) -> None:
    alarm = alarm_of(ask(house.nordhafen, in_danger=True, at=NOON).pk)
    stale = Escalation.objects.get(pk=alarm.pk)  # as another worker has read it
    assert sweep(minute(2)) == 1
    assert not escalations._take(stale, at=minute(2))
    assert alarm.steps.count() == 2


def test_a_worker_killed_in_the_middle_of_a_step_has_taken_it_whole_or_not_at_all(
    house: AlarmHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = alarm_of(ask(house.nordhafen, in_danger=True, at=NOON).pk)
    promised = Delivery.objects.count()

    def dies(*_arguments: Any, **_named: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(escalations, "_write_down", dies)
        with pytest.raises(SystemExit):
            sweep(minute(2))
    assert (alarm.steps.count(), Delivery.objects.count()) == (1, promised)
    assert sweep(minute(2)) == 1
    assert list(alarm.steps.values_list("number", flat=True)) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_two_workers_and_a_third_in_the_middle_take_no_step_twice_and_skip_none(
    on_postgresql: bool, figures: list[str]
) -> None:
    if not on_postgresql:
        pytest.skip("SQLite lets one write at a time anyway")
    house = open_alarm_house()
    on_call(house, "pia", "omar")
    alarms = [alarm_of(ask(house.nordhafen, in_danger=True, at=NOON).pk) for _one in range(8)]
    ready, failures = threading.Barrier(3), []

    def work(first: int) -> None:
        try:
            ready.wait(30)
            for number in range(first, 40):
                sweep(minute(number / 2))
        except BaseException as failure:  # noqa: BLE001 - shown by the test itself
            failures.append(failure)
        finally:
            connection.close()

    # The third begins where the others are half way.
    workers = [threading.Thread(target=work, args=[first]) for first in (0, 0, 20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert not failures, failures
    sweep(minute(40))
    for alarm in alarms:
        alarm.refresh_from_db()
        numbers = list(alarm.steps.values_list("number", flat=True))
        assert numbers == list(range(1, alarm.taken + 1))
        mails = Delivery.objects.filter(key__startswith=f"escalation:{alarm.pk.hex}:")
        assert mails.count() == sum(alarm.steps.values_list("sent", flat=True))
    steps = EscalationStep.objects.count()
    figures.append(
        f"ladders: 3 workers, {len(alarms)} alarms, {steps} steps, none twice, none skipped"
    )


def test_a_sweep_asks_as_often_for_one_open_alarm_as_for_many_that_are_not_due(
    house: AlarmHouse, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ask(house.nordhafen, in_danger=True, at=NOON)
    with django_assert_num_queries(2):
        sweep(minute(1))
    for _one in range(12):
        ask(house.nordhafen, in_danger=True, at=NOON)
    with django_assert_num_queries(2):
        sweep(minute(1))


def test_the_board_asks_as_often_for_one_alarm_as_for_many(
    house: AlarmHouse, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ask(house.nordhafen, in_danger=True, at=NOON)
    with django_assert_num_queries(3):
        board = open_alarms.board(house.lea, at=NOON)
    assert (len(board.loud), board.more, board.nobody_on_call) == (1, 0, True)
    for _one in range(8):
        ask(house.nordhafen, in_danger=True, at=NOON)
    with django_assert_num_queries(3):
        board = open_alarms.board(house.lea, at=NOON)
    assert (len(board.loud), board.more) == (3, 6)


def test_who_is_not_concerned_sees_no_alarm(house: AlarmHouse) -> None:
    ask(house.nordhafen, in_danger=True, at=NOON)  # for the team Erziehung
    assert open_alarms.board(house.aylin, at=NOON).loud
    assert open_alarms.board(house.pia, at=NOON).loud, "who leads sees those of every team"
    assert open_alarms.board(house.omar, at=NOON).is_empty


def test_an_empty_on_call_list_is_an_alarm_for_who_leads_and_a_finding(house: AlarmHouse) -> None:
    assert open_alarms.board(house.lea, at=NOON).nobody_on_call
    assert not open_alarms.board(house.katrin, at=NOON).nobody_on_call
    assert open_alarms.organisations_without_on_call(at=NOON) == [house.nordhafen]
    on_call(house, "omar")
    assert not open_alarms.board(house.lea, at=NOON).nobody_on_call
    assert open_alarms.organisations_without_on_call(at=NOON) == []


MAIL = {"mail": True, "push": False, "webhook": False}


@pytest.mark.parametrize(
    ("rungs", "why"),
    [
        ([Rung(Whom.ON_CALL, **MAIL, wait=5)], "nobody_on_call"),
        ([Rung(Whom.ON_DUTY, mail=False, push=False, webhook=False, wait=5)], "page_only"),
        ([Rung(Whom.ON_DUTY, mail=False, push=True, webhook=False, wait=5)], "no_way"),
        ([Rung(Whom.LEADS, mail=False, push=False, webhook=True, wait=5)], "no_way"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_ladder_that_reaches_nobody_is_refused_with_why(
    house: AlarmHouse, rungs: list[Rung], why: str
) -> None:
    with pytest.raises(LadderUnreachable) as refused:
        ladder_settings.set_ladder(
            organisation=house.nordhafen, urgency=Urgency.SOFORT, rungs=rungs, by=house.ada, at=NOON
        )
    assert [problem.why for problem in refused.value.problems] == [why]
    assert reaching.ladder_of(house.nordhafen, Urgency.SOFORT) == DEFAULTS[Urgency.SOFORT]


@pytest.mark.parametrize("wait", [0, -1, 1441])
def test_a_step_of_no_minutes_is_refused(house: AlarmHouse, wait: int) -> None:
    with pytest.raises(ValueError, match="a minute and a day"):
        ladder_settings.set_ladder(
            organisation=house.nordhafen,
            urgency=Urgency.SOFORT,
            rungs=[Rung(Whom.ON_DUTY, **MAIL, wait=wait)],
            by=house.ada,
            at=NOON,
        )


def test_a_gateway_without_a_mail_server_reaches_who_has_a_number(
    house: AlarmHouse, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    settings.OUTBOX_PRIVATE = True
    gateways.connect(
        organisation=house.nordhafen.pk,
        address="https://sms.example.org/lotse",
        by=house.ada.actor,
        at=NOON,
    )
    AlarmNumber.objects.create(member=house.lea, number="+4915123456789")
    asked = ask(house.nordhafen, in_danger=True, at=NOON)
    sweep(minute(2))
    assert list(Delivery.objects.values_list("channel", "to")) == [("webhook", "+4915123456789")]
    assert list(alarm_of(asked.pk).steps.values_list("reached", "sent")) == [(3, 0), (1, 1)]


def test_a_gateway_that_says_a_human_confirmed_ends_the_alarm(house: AlarmHouse) -> None:
    alarm = alarm_of(ask(house.nordhafen, in_danger=True, at=NOON).pk)
    key = Delivery.objects.values_list("key", flat=True)[0]
    assert escalations.escalation_of(key) == alarm.pk
    assert escalations.escalation_of("swap:1") is None
    assert escalations.escalation_of("escalation:none") is None


def test_beyond_its_last_step_a_ladder_repeats_it() -> None:
    ladder = DEFAULTS[Urgency.SOFORT]
    assert [rung(ladder, number) for number in (1, 3, 4, 400)] == [ladder[0], *[ladder[2]] * 3]
    with pytest.raises(ValueError, match="counted from 1"):
        rung(ladder, 0)
    with pytest.raises(ValueError, match="has steps"):
        rung((), 1)


def test_quiet_hours_over_midnight_end_in_the_morning() -> None:
    quiet = Quiet()
    late = NIGHT.replace(hour=23)
    assert quiet.covers(NIGHT)
    assert quiet.covers(late)
    assert not quiet.covers(NOON)
    assert quiet.end_after(NIGHT) == NIGHT.replace(hour=6)
    assert quiet.end_after(late) == NIGHT.replace(hour=6) + timedelta(days=1)
