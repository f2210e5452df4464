"""An installation of before deadlines were rows: its running promises are kept, each by its own hour.

The tables are today's, filled by the house itself, with the columns that there were then; the migration
reads and writes them with the models of then.
"""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from counselling.models import Breach, Case, Deadline, ServiceLevel
from counselling.operations import cases
from counselling.sla import Urgency
from tests.counselling.house import House, open_house
from tests.factories import Asked, ask, claim, client_writes, close, reply

pytestmark = pytest.mark.django_db
migration = import_module("counselling.migrations.0061_keep_promises")
ASKED = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
COLUMNS = (
    "counselling_case ADD COLUMN overdue_noted_at timestamp with time zone NULL",
    "accounts_organisation ADD COLUMN target_dringend_hours integer NOT NULL DEFAULT 4",
    "accounts_organisation ADD COLUMN target_normal_hours integer NOT NULL DEFAULT 24",
)


@pytest.fixture
def house(db: None) -> House:
    """The house, in tables that have what they had then."""
    with connection.cursor() as cursor:
        for column in COLUMNS:
            cursor.execute(f"ALTER TABLE {column}")
    return open_house()


def then() -> Any:
    """Return the models as they were before the migration."""
    return MigrationLoader(connection).project_state([("counselling", "0060_promises")]).apps


def note_overdue(asked: Asked, at: datetime) -> None:
    """Note as it was noted then that a promise was missed."""
    then().get_model("counselling", "Case").objects.filter(pk=asked.pk).update(overdue_noted_at=at)


def kept() -> dict[UUID, tuple[object, ...]]:
    """Return what is promised, by case."""
    return {
        row.case_id: (row.kind, row.urgency, row.since, row.promised_at, row.due_at)
        for row in Deadline.objects.filter(ended_at__isnull=True).exclude(kind="ack")
    }


def run() -> None:
    """Run the migration as if no deadline were there yet."""
    Deadline.objects.all().delete()
    migration.deadlines(then(), None)


def test_who_waits_has_the_same_promise_as_if_deadlines_had_been_there(house: House) -> None:
    first = ask(house.nordhafen, at=ASKED)
    claimed = ask(house.nordhafen, at=ASKED)
    claim(claimed, house.katrin, at=ASKED + HOUR)
    again = ask(house.nordhafen, at=ASKED)
    reply(again, house.katrin, at=ASKED + HOUR)
    client_writes(again, at=ASKED + 2 * HOUR)
    theirs = ask(house.suedstadt, at=ASKED)
    promised = kept()
    assert set(promised) == {first.pk, claimed.pk, again.pk, theirs.pk}

    run()

    assert kept() == promised
    assert promised[again.pk][0] == "next"
    row = Deadline.objects.get(case=first.pk)
    assert row.warn_at == row.since + (row.due_at - row.since) * 0.75
    assert row.levels == [[Urgency.NORMAL, row.since.isoformat()]]
    assert (row.warned_at, row.breached_at, row.ended_at) == (None, None, None)
    assert row.organisation_id == house.nordhafen.pk


def test_nobody_is_promised_anything_who_waits_for_nothing(house: House) -> None:
    put_back = ask(house.nordhafen, at=ASKED)
    reply(put_back, house.katrin, at=ASKED + HOUR)
    cases.release(case=put_back.pk, by=house.katrin, at=ASKED + 2 * HOUR)
    assert put_back.now().due_at  # it has a place in the queue
    answered, closed = ask(house.nordhafen, at=ASKED), ask(house.nordhafen, at=ASKED)
    for asked in (answered, closed):
        reply(asked, house.katrin, at=ASKED + HOUR)
    close(closed, house.katrin, at=ASKED + 2 * HOUR)

    run()

    assert kept() == {}


def test_what_was_missed_and_noted_is_not_missed_a_second_time(house: House) -> None:
    late = ask(house.nordhafen, at=ASKED)
    due = late.now().due_at
    assert due
    note_overdue(late, due + HOUR)

    run()

    row = Deadline.objects.get(case=late.pk)
    assert row.breached_at == row.warned_at == due + HOUR
    breach = Breach.objects.get(case=late.pk)
    assert (breach.deadline, breach.team, breach.due_at, breach.noted_at) == (
        row.pk,
        late.case.team_id,
        due,
        due + HOUR,
    )


def test_a_case_that_waits_since_after_it_is_due_has_a_minute_all_the_same(house: House) -> None:
    odd = ask(house.nordhafen, at=ASKED)
    due = odd.now().due_at
    assert due
    Case.objects.filter(pk=odd.pk).update(waiting_since=due + HOUR)  # by a clock that was set back

    run()

    row = Deadline.objects.get(case=odd.pk)
    assert row.since == due - timedelta(minutes=1)
    assert row.since < row.warn_at < row.due_at


def test_numbers_that_an_organisation_had_set_itself_count_on(house: House) -> None:
    old = then().get_model("accounts", "Organisation")
    old.objects.filter(pk=house.nordhafen.pk).update(
        target_dringend_hours=2, target_normal_hours=48
    )

    migration.levels(then(), None)

    found = ServiceLevel.objects.values_list("organisation", "urgency", "first", "next", "warning")
    assert sorted(found, key=lambda row: row[1]) == [
        (house.nordhafen.pk, Urgency.DRINGEND, 120, 120, 75),
        (house.nordhafen.pk, Urgency.NORMAL, 48 * 60, 48 * 60, 75),
    ]
