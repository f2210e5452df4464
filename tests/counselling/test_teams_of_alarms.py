"""Alarms are listed by their team, and that is the case's: also where the release before has written it."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Team
from counselling import open_alarms
from counselling.models import Case, Escalation
from counselling.operations import cases, escalations
from tests import factories
from tests.counselling.house import House, open_house
from tests.factories import Asked, ask

pytestmark = pytest.mark.django_db
migration = import_module("counselling.migrations.0083_fill_teams")


@pytest.fixture
def house() -> House:
    return open_house()


@pytest.fixture
def kim(house: House) -> Membership:
    """Return a counsellor of the team Krise alone."""
    return factories.enrol(house.nordhafen, "Kim Albers", teams=["Krise"])


def team(house: House, name: str) -> Team:
    return house.nordhafen.teams.get(name=name)


def hand_to_krise(house: House, asked: Asked) -> None:
    cases.hand_to_team(
        case=asked.pk,
        to=team(house, "Krise"),
        by=house.katrin,
        holder=factories.holder_of(house.katrin),
        at=timezone.now(),
    )


def confirm(alarm: Escalation, by: Membership) -> None:
    escalations.acknowledge(escalation=alarm.pk, by=by, how=Escalation.How.PAGE, at=timezone.now())


def open_to(member: Membership) -> list[Escalation]:
    """Return the open alarms that a member sees, which must be the same on every page and in the list."""
    listed = open_alarms.listed(member, is_open=True)
    board = open_alarms.board(member, at=timezone.now())
    assert [one.pk for one in board.loud] == [one.pk for one in listed[: open_alarms.SHOWN]]
    assert len(board.loud) + board.more == len(listed)
    return listed


def ended_to(member: Membership) -> list[Escalation]:
    return open_alarms.listed(member, is_open=False)


def test_an_alarm_goes_with_its_case_to_another_team(house: House, kim: Membership) -> None:
    asked = ask(house.nordhafen, in_danger=True)
    alarm = asked.case.escalations.get()
    assert alarm.team == team(house, "Erziehung")
    assert (open_to(house.katrin), open_to(kim)) == ([alarm], [])

    hand_to_krise(house, asked)

    alarm.refresh_from_db()
    assert alarm.team == team(house, "Krise") == asked.now().team
    assert (open_to(house.katrin), open_to(kim)) == ([], [alarm])
    assert open_to(house.lea) == [alarm], "who leads sees those of every team"


def test_an_alarm_that_is_over_goes_with_its_case_too(house: House, kim: Membership) -> None:
    asked = ask(house.nordhafen, in_danger=True)
    alarm = asked.case.escalations.get()
    confirm(alarm, house.katrin)
    assert (ended_to(house.katrin), ended_to(kim)) == ([alarm], [])

    hand_to_krise(house, asked)

    assert (ended_to(house.katrin), ended_to(kim)) == ([], [alarm])


def test_alarms_of_several_teams_come_in_one_order(house: House) -> None:
    both = factories.enrol(house.nordhafen, "Ina Beide")
    now = timezone.now()
    alarms = [
        ask(
            house.nordhafen, in_danger=True, topic=topic, at=now - timedelta(minutes=minutes)
        ).case.escalations.get()
        for topic, minutes in (("Gewalt", 30), ("", 20), ("Gewalt", 10), ("", 5))
    ]
    assert open_to(both) == alarms
    for alarm in alarms:
        confirm(alarm, both)
    assert ended_to(both) == alarms[::-1]


# --- While the release before still runs ---------------------------------------------------------
def written_before(alarm: Escalation) -> None:
    """Write an alarm as code does that knows no team of it."""
    Escalation.objects.filter(pk=alarm.pk).update(team=None)


def moved_before(house: House, asked: Asked) -> None:
    """Move a case as code does that knows no team of its alarms."""
    Case.objects.filter(pk=asked.pk).update(team=team(house, "Krise"))


def test_an_alarm_that_the_release_before_wrote_is_listed_among_the_others(
    house: House, kim: Membership
) -> None:
    now = timezone.now()
    first, second, third = (
        ask(
            house.nordhafen, in_danger=True, at=now - timedelta(minutes=minutes)
        ).case.escalations.get()
        for minutes in (30, 20, 10)
    )
    written_before(second)

    assert open_to(house.katrin) == [first, second, third]
    assert open_to(house.lea) == [first, second, third]
    assert open_to(kim) == []
    for alarm in (first, second, third):
        confirm(alarm, house.katrin)
    assert ended_to(house.katrin) == [third, second, first]
    assert ended_to(kim) == []


@pytest.mark.parametrize("write", [written_before, lambda _alarm: None], ids=["without", "with"])
def test_a_case_that_the_release_before_moved_leaves_the_old_teams_list_and_the_next_step_mends_the_rest(
    house: House, kim: Membership, write: Callable[[Escalation], None]
) -> None:
    asked = ask(house.nordhafen, in_danger=True)
    alarm = asked.case.escalations.get()
    write(alarm)
    moved_before(house, asked)
    assert open_alarms.listed(house.katrin, is_open=True) == []
    assert open_to(house.lea) == [alarm]

    escalations.move_on(at=timezone.now() + timedelta(minutes=30))

    alarm.refresh_from_db()
    assert alarm.team == team(house, "Krise")
    assert (open_to(house.katrin), open_to(kim)) == ([], [alarm])


def test_the_migration_fills_in_batches_and_may_run_again(
    house: House,
    kim: Membership,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(migration, "BATCH", 2)
    asked = [ask(house.nordhafen, in_danger=True) for _one in range(3)]
    asked += [ask(house.nordhafen, in_danger=True, topic="Gewalt") for _one in range(2)]
    confirm(asked[0].case.escalations.get(), house.katrin)
    Escalation.objects.update(team=None)

    with django_assert_num_queries(7):  # three batches, and a look whether there is another
        migration.fill(apps, None)

    found: Any = Escalation.objects.values_list("case", "team")
    assert dict(found) == {one.pk: one.now().team_id for one in asked}
    with django_assert_num_queries(1):
        migration.fill(apps, None)
