"""Whom an alarm calls when: timelines of ladders, minute by minute."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

import pytest

from counselling.ladders import Quiet, Rung, Whom
from counselling.models import Absence, Escalation
from counselling.operations import escalations, ladder_settings
from counselling.sla import Urgency
from outbox.models import Delivery
from tests.counselling.alarm_house import (
    BERLIN,
    NIGHT,
    NOON,
    AlarmHouse,
    ladder_of,
    minutes,
    on_call,
    on_shift,
    open_alarm_house,
    sweep,
)
from tests.factories import Asked, ask, claim, client_writes, reply

pytestmark = pytest.mark.django_db

How, Why = Escalation.How, Escalation.Why
Act = Callable[[AlarmHouse, Asked, datetime], object]


@dataclass
class Timeline:
    """What is set up, what happens in which minute, and the steps that the ladder then took.

    until: minutes that are watched. how: how it ended, empty while it goes on.
    """

    name: str
    steps: list[str]
    called: tuple[str, ...] = ()
    shifts: tuple[tuple[str, str, str], ...] = ()
    lead: str = ""
    start: datetime = NOON
    danger: bool = True
    until: int = 12
    acts: dict[int, Act] = field(default_factory=dict)
    how: str = ""
    quiet: Quiet | None = None
    ladder: tuple[Rung, ...] = ()
    prepare: Callable[[AlarmHouse], object] | None = None


def confirms(how: str, name: str = "katrin") -> Act:
    return lambda house, _asked, at: escalations.acknowledge(
        escalation=Escalation.objects.get(ended_at__isnull=True).pk,
        by=house.named(name),
        how=How(how),
        at=at,
    )


def claims(house: AlarmHouse, asked: Asked, at: datetime) -> None:
    claim(asked, house.katrin, at=at)


def replies(house: AlarmHouse, asked: Asked, at: datetime) -> None:
    reply(asked, house.katrin, at=at)


def writes_again(house: AlarmHouse, asked: Asked, at: datetime) -> None:
    client_writes(asked, "Bitte, es ist jetzt wirklich schlimm.", in_danger=True, at=at)


def writes_harmlessly(house: AlarmHouse, asked: Asked, at: datetime) -> None:
    client_writes(asked, "Danke.", at=at)


def nobody_answers_any_more(house: AlarmHouse) -> None:
    """Everybody who leads is on holiday."""
    for who in (house.lea, house.pia):
        Absence.objects.create(
            member=who, starts_at=NOON - timedelta(days=2), ends_at=NOON + timedelta(days=2)
        )


DAY = ("08:00", "18:00")
MAIL_ONLY = {"mail": True, "push": False, "webhook": False}

TIMELINES = [
    Timeline(
        "without roster, by day: who answers, who leads, who is on call, the next, and again",
        [
            "0 on_duty: Aylin Katrin Lea",
            "2 leads: Lea",
            "4 on_call: Pia",
            "7 on_call: Omar",
            "10 on_call: Pia",
        ],
        called=("pia", "omar"),
    ),
    Timeline(
        "one on call is called again and again",
        [
            "0 on_duty: Aylin Katrin Lea",
            "2 leads: Lea",
            "4 on_call: Pia",
            "7 on_call: Pia",
            "10 on_call: Pia",
        ],
        called=("pia",),
    ),
    Timeline(
        "nobody on call: everybody who leads, and it goes on",
        [
            "0 on_duty: Aylin Katrin Lea",
            "2 leads: Lea",
            "4 on_call>supervisors: Lea Pia",
            "7 on_call>supervisors: Lea Pia",
            "10 on_call>supervisors: Lea Pia",
        ],
    ),
    Timeline(
        "with a roster only who has a shift, and their lead",
        [
            "0 on_duty: Aylin Lea",
            "2 leads: Lea",
            "4 on_call: Omar",
            "7 on_call: Omar",
            "10 on_call: Omar",
        ],
        shifts=(("aylin", *DAY), ("lea", *DAY)),
        called=("omar",),
    ),
    Timeline(
        "a counsellor who leads the shift is the lead",
        ["0 on_duty: Aylin Katrin", "2 leads: Katrin", "4 on_call: Omar"],
        shifts=(("aylin", *DAY), ("katrin", *DAY)),
        lead="katrin",
        called=("omar",),
        until=5,
    ),
    Timeline(
        "an empty roster goes straight to who is on call",
        ["0 on_duty>on_call: Omar", "2 leads>on_call: Pia", "4 on_call: Omar"],
        shifts=(("aylin", "06:00", "11:00"),),
        called=("omar", "pia"),
        until=5,
    ),
    Timeline(
        "an empty roster and nobody on call: everybody who leads, at once",
        ["0 on_duty>supervisors: Lea Pia", "2 leads>supervisors: Lea Pia"],
        shifts=(("aylin", "06:00", "11:00"),),
        until=3,
    ),
    Timeline(
        "who leads is on holiday, too: everybody who answers",
        ["0 on_duty>everybody: Aylin Katrin Omar", "2 leads>everybody: Aylin Katrin Omar"],
        shifts=(("aylin", "06:00", "11:00"),),
        prepare=nobody_answers_any_more,
        until=3,
    ),
    Timeline(
        "at night without a roster nobody is woken but who is on call",
        ["0 on_duty>on_call: Omar", "2 leads>on_call: Pia", "4 on_call: Omar"],
        called=("omar", "pia"),
        start=NIGHT,
        until=5,
    ),
    Timeline(
        "quiet hours decide whom to wake, never whether",
        ["0 on_duty>supervisors: Lea Pia", "2 leads>supervisors: Lea Pia"],
        start=NIGHT,
        until=3,
    ),
    Timeline(
        "who has a night shift is called at night",
        ["0 on_duty: Aylin", "2 leads>on_call: Omar", "4 on_call: Omar"],
        shifts=(("aylin", "00:00", "06:00"),),
        called=("omar",),
        start=NIGHT,
        until=5,
    ),
    Timeline(
        "without quiet hours the night is as the day",
        ["0 on_duty: Aylin Katrin Lea", "2 leads: Lea"],
        called=("omar",),
        start=NIGHT,
        quiet=Quiet(time(0), time(0)),
        until=3,
    ),
    Timeline(
        "the shift ends while the ladder climbs: who is called is asked anew at each step",
        ["0 on_duty: Aylin Lea", "2 leads>on_call: Omar"],
        shifts=(("aylin", "08:00", "12:01"), ("lea", "08:00", "12:01")),
        called=("omar",),
        until=3,
    ),
    Timeline(
        "confirmed in the second minute, before the second step",
        ["0 on_duty: Aylin Katrin Lea"],
        acts={1: confirms("page")},
        how="page",
    ),
    Timeline(
        "confirmed from the lead's mail",
        ["0 on_duty: Aylin Katrin Lea", "2 leads: Lea"],
        acts={3: confirms("mail", "lea")},
        how="mail",
    ),
    Timeline(
        "a claim is a human who has seen it",
        ["0 on_duty: Aylin Katrin Lea"],
        acts={1: claims},
        how="claim",
    ),
    Timeline(
        "answered at once: no escalation although answered",
        ["0 on_duty: Aylin Katrin Lea"],
        acts={1: replies},
        how="claim",
    ),
    Timeline(
        "a harmless word of the client neither stops nor restarts the ladder",
        ["0 on_duty: Aylin Katrin Lea", "2 leads: Lea"],
        acts={1: writes_harmlessly},
        until=3,
    ),
    Timeline(
        "a second alarm while the first is open does not start another ladder",
        ["0 on_duty: Aylin Katrin Lea", "2 leads: Lea"],
        acts={1: writes_again},
        until=3,
    ),
    Timeline(
        "not urgent: nobody is called",
        [],
        danger=False,
        until=3,
    ),
    Timeline(
        "a ladder of the organisation's own, its last step again and again",
        [
            "0 on_call: Omar",
            "1 everybody: Aylin Katrin Lea Pia",
            "6 everybody: Aylin Katrin Lea Pia",
            "11 everybody: Aylin Katrin Lea Pia",
        ],
        called=("omar",),
        ladder=(
            Rung(Whom.ON_CALL, **MAIL_ONLY, wait=1),
            Rung(Whom.EVERYBODY, **MAIL_ONLY, wait=5),
        ),
    ),
    Timeline(
        "a step for the page alone sends nothing, and who has no device gets a mail",
        ["0 on_duty:", "1 leads: Lea"],
        ladder=(
            Rung(Whom.ON_DUTY, mail=False, push=False, webhook=False, wait=1),
            Rung(Whom.LEADS, mail=True, push=True, webhook=False, wait=5),
        ),
        until=4,
    ),
]


@pytest.mark.parametrize("line", TIMELINES, ids=lambda line: line.name)
def test_a_ladder_calls_whom_it_should_when_it_should(line: Timeline) -> None:
    house = open_alarm_house()
    on_call(house, *line.called)
    for name, begins, ends in line.shifts:
        on_shift(house, name, begins, ends, lead=name == line.lead)
    if line.prepare is not None:
        line.prepare(house)
    if line.quiet is not None:
        ladder_settings.set_quiet(
            organisation=house.nordhafen, quiet=line.quiet, by=house.ada, at=line.start
        )
    if line.ladder:
        ladder_settings.set_ladder(
            organisation=house.nordhafen,
            urgency=Urgency.SOFORT,
            rungs=line.ladder,
            by=house.ada,
            at=line.start,
        )
    asked = ask(house.nordhafen, in_danger=line.danger, at=line.start)
    for at in minutes(line.start, line.until):
        act = line.acts.get(round((at - line.start) / timedelta(minutes=1)))
        if act is not None:
            act(house, asked, at)
        sweep(at)
    alarm = Escalation.objects.filter(case=asked.pk).first()
    taken = ladder_of(alarm, line.start) if alarm else []
    assert taken == [step.rstrip() for step in line.steps]
    assert (alarm.how if alarm else "") == line.how
    if alarm:
        assert (alarm.ended_at is None) == (not line.how), "it never ends in silence"


def test_a_mail_about_what_can_wait_leaves_in_the_morning() -> None:
    house = open_alarm_house()
    asked = ask(house.nordhafen, at=NIGHT)
    on_shift(house, "aylin", "00:00", "06:00")
    alarm = escalations.start(case=asked.now(), why=Why.WARNING, at=NIGHT)
    assert alarm is not None
    (delivery,) = Delivery.objects.filter(organisation=house.nordhafen.pk)
    assert delivery.due_at == datetime(2026, 6, 2, 6, tzinfo=BERLIN)
