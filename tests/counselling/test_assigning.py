"""Cases are given out where a team wants it: to whom, how many, and again as soon as there is room."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import Membership
from audit.models import TrailEntry
from counselling.models import Claim, HouseRules, TeamRules, WorkProfile
from counselling.operations import assigning, cases, holding, messages
from counselling.states import CaseState
from tests.counselling.house import House, open_house
from tests.factories import Asked, ask, claim, holder_of, reply
from tests.factories.roster import shift, team_of
from vault.models import TeamKeySeal

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
PLANNED = datetime(2026, 3, 1, 8, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 12, tzinfo=BERLIN)


@pytest.fixture
def house() -> House:
    house = open_house()
    TeamRules.objects.create(team=team_of(house.nordhafen), push=True)
    return house


def asked(house: House, *, minutes: int = 0, topic: str = "Schlaf", danger: bool = False) -> Asked:
    at = NOON - timedelta(hours=1) + timedelta(minutes=minutes)
    return ask(house.nordhafen, topic=topic, at=at, in_danger=danger)


def held(asked: Asked) -> Membership | None:
    return cases.holder_of(asked.pk)


def test_who_has_had_nothing_for_longest_gets_the_next_case(house: House) -> None:
    shift(house.katrin, MONDAY, at=PLANNED)
    shift(house.aylin, MONDAY, at=PLANNED)
    old = asked(house)
    claim(old, house.aylin, at=NOON - timedelta(hours=2))
    first, second = asked(house, minutes=1), asked(house, minutes=2)
    assert assigning.sweep(at=NOON) == 2
    assert held(first) == house.katrin
    assert held(second) == house.aylin
    assert assigning.sweep(at=NOON) == 0
    entry = TrailEntry.objects.filter(action="case.assigned", case=first.pk).get()
    assert entry.detail["to"] == str(house.katrin.pk)


def test_without_push_nobody_is_given_anything(house: House) -> None:
    TeamRules.objects.update(push=False)
    waiting = asked(house)
    assert assigning.sweep(at=NOON) == 0
    assert held(waiting) is None


def test_nobody_gets_more_than_they_can_and_the_most_urgent_comes_first(house: House) -> None:
    shift(house.katrin, MONDAY, at=PLANNED, capacity=2)
    usual, other, urgent = asked(house), asked(house, minutes=1), asked(house, danger=True)
    assert assigning.sweep(at=NOON) == 2
    assert held(urgent) == house.katrin
    assert held(usual) == house.katrin
    assert held(other) is None


def test_a_persons_own_ceiling_goes_before_the_shifts_capacity(house: House) -> None:
    WorkProfile.objects.create(member=house.katrin, ceiling=1)
    shift(house.katrin, MONDAY, at=PLANNED, capacity=9)
    for number in range(3):
        asked(house, minutes=number)
    assert assigning.sweep(at=NOON) == 1


def test_topics_say_who_gets_what(house: House) -> None:
    profile = WorkProfile.objects.create(member=house.katrin)
    profile.topics.add(house.nordhafen.topics.get(name="Gewalt"))
    shift(house.katrin, MONDAY, at=PLANNED)
    waiting = asked(house)
    assert assigning.sweep(at=NOON) == 0
    shift(house.aylin, MONDAY, at=PLANNED)
    assert assigning.sweep(at=NOON) == 1
    assert held(waiting) == house.aylin


def test_a_reply_frees_room_and_what_waits_is_offered_at_once(
    house: House, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    shift(house.katrin, MONDAY, at=PLANNED, capacity=1)
    first, second = asked(house), asked(house, minutes=1)
    assigning.sweep(at=NOON)
    assert held(second) is None
    with django_capture_on_commit_callbacks(execute=True):
        messages.reply(
            case=first.pk,
            text="Gern.",
            client_msg_id=uuid4(),
            by=house.katrin,
            holder=holder_of(house.katrin),
            at=NOON,
        )
    assert held(second) == house.katrin


def test_a_new_question_is_given_out_at_once(
    house: House, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    shift(house.katrin, MONDAY, at=PLANNED)
    with django_capture_on_commit_callbacks(execute=True):
        new = ask(house.nordhafen, topic="Schlaf", at=NOON)
    assert held(new) == house.katrin
    assert new.now().state == CaseState.CLAIMED


def test_who_comes_on_duty_gets_what_waits(house: House) -> None:
    shift(house.katrin, MONDAY, "13:00", "17:00", at=PLANNED)
    waiting = asked(house)
    assert assigning.sweep(at=NOON) == 0
    assert assigning.sweep(at=NOON + timedelta(hours=1)) == 1
    assert held(waiting) == house.katrin


def test_an_alarm_goes_on_until_somebody_looks(house: House) -> None:
    shift(house.katrin, MONDAY, at=PLANNED)
    urgent = asked(house, danger=True)
    assigning.sweep(at=NOON)
    assert held(urgent) == house.katrin
    assert urgent.case.escalations.filter(ended_at__isnull=True).exists()


def test_what_somebody_let_go_back_unanswered_is_not_given_to_them_again(house: House) -> None:
    HouseRules.objects.create(organisation=house.nordhafen, return_normal_minutes=30)
    shift(house.katrin, MONDAY, at=PLANNED)
    waiting = asked(house)
    assigning.sweep(at=NOON)
    later = NOON + timedelta(minutes=30)
    holding.sweep(at=later)
    assert assigning.sweep(at=later) == 0
    shift(house.aylin, MONDAY, at=PLANNED)
    assert assigning.sweep(at=later) == 1
    assert held(waiting) == house.aylin


def test_who_had_it_before_their_shift_ended_gets_it_again(house: House) -> None:
    shift(house.katrin, MONDAY, at=PLANNED)
    waiting = asked(house)
    assigning.sweep(at=NOON)
    holding.sweep(at=NOON.replace(hour=17))
    tomorrow = MONDAY + timedelta(days=1)
    shift(house.katrin, tomorrow, at=PLANNED)
    shift(house.aylin, tomorrow, at=PLANNED)
    assigning.sweep(at=NOON + timedelta(days=1))
    assert held(waiting) == house.katrin


def test_who_has_no_key_yet_and_who_is_elsewhere_is_given_nothing(house: House) -> None:
    shift(house.katrin, MONDAY, at=PLANNED)
    TeamKeySeal.objects.filter(kind=TeamKeySeal.Kind.STAFF).delete()
    waiting = asked(house)
    assert assigning.sweep(at=NOON) == 0
    assert held(waiting) is None
    assert not Claim.objects.filter(member__in=[house.lea, house.boris]).exists()


def test_a_person_without_room_keeps_what_they_answered(house: House) -> None:
    shift(house.katrin, MONDAY, at=PLANNED, capacity=1)
    answered = asked(house)
    reply(answered, house.katrin, at=NOON)
    new = asked(house, minutes=3)
    assert assigning.sweep(at=NOON) == 1  # what rests with the client takes no room
    assert held(new) == house.katrin
