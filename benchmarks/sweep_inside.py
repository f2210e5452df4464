"""Inside the measured process: fill a database with running promises, sweep for every line that is read.

`python -m benchmarks.sweep_inside COUNT`; says "ready", then for each line how many seconds a sweep
with 500 due promises took. Rows are copied inside the database from one that the product made, since a
million questions through the form would take a day.
"""

import sys
import time
from datetime import timedelta
from uuid import uuid4

import django
from django.core.management import call_command
from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

django.setup()

from accounts.models import Organisation, Team  # noqa: E402 - needs the settings
from benchmarks.without_indexes import without_indexes  # noqa: E402 - as above
from counselling.models import Breach, Case, Deadline  # noqa: E402 - as above
from counselling.operations import deadlines, sweep  # noqa: E402 - as above
from counselling.ticks import Ticks  # noqa: E402 - as above

DUE = 500
RANDOM = {
    "sqlite": {"id": "lower(hex(randomblob(16)))", "bytes": "randomblob(32)"},
    "postgresql": {
        "id": "gen_random_uuid()",
        "bytes": "decode(md5(random()::text) || md5(random()::text), 'hex')",
    },
}


def fill(count: int) -> None:
    """Migrate, and write so many running promises; half of them of cases that nobody has claimed."""
    call_command("migrate", verbosity=0)
    now = timezone.now()
    organisation = Organisation.objects.create(slug="messung", name="Messung", created_at=now)
    team = Team.objects.create(organisation=organisation, name="Messung")
    case = Case(
        organisation=organisation,
        team=team,
        submission=uuid4(),
        lookup_id=b"0" * 32,
        last_seq=1,
        created_at=now,
    )
    promised = deadlines.begin(case, at=now)
    case.save(force_insert=True)
    deadlines.store(promised)
    random = RANDOM[connection.vendor]
    with connection.cursor() as cursor, without_indexes(cursor, Case, Deadline):
        _copy(
            cursor,
            Case,
            count - 1,
            {"id": random["id"], "submission": random["id"], "lookup_id": random["bytes"]},
        )
        columns = [f'"{column}"' for column in _columns(Deadline, without={"id", "case_id"})]
        listed, taken = ", ".join(columns), ", ".join(f"one.{column}" for column in columns)
        cursor.execute(
            f"INSERT INTO counselling_deadline (case_id, {listed}) SELECT c.id, {taken}"
            " FROM counselling_case c CROSS JOIN (SELECT * FROM counselling_deadline LIMIT 1) one"
            " WHERE c.id <> one.case_id"
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _copy(
    cursor: CursorWrapper, model: type[models.Model], count: int, other: dict[str, str]
) -> None:
    columns = _columns(model, without=set())
    values = ", ".join(other.get(column, f'one."{column}"') for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    cursor.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
        f" INSERT INTO {table} ({named}) SELECT {values}"
        f" FROM n CROSS JOIN (SELECT * FROM {table} LIMIT 1) one",
        [count],
    )


def _columns(model: type[models.Model], *, without: set[str]) -> list[str]:
    return [field.column for field in model._meta.concrete_fields if field.column not in without]


def main(count: int) -> None:
    """Fill, then sweep once for each line on standard input."""
    fill(count)
    print("ready", flush=True)
    first = 0
    for number, _line in enumerate(sys.stdin):
        at = timezone.now()
        due = list(
            Deadline.objects.filter(pk__gt=first).order_by("pk").values_list("pk", flat=True)[:DUE]
        )
        first = due[-1]
        Deadline.objects.filter(pk__in=due).update(
            since=at - timedelta(days=2),
            warn_at=at - timedelta(hours=2),
            due_at=at - timedelta(hours=1),
        )
        before = Breach.objects.count()
        began = time.perf_counter()
        while sweep.once(at=at, ticks=Ticks("", number)):
            pass
        print(time.perf_counter() - began, flush=True)
        assert Breach.objects.count() == before + DUE


if __name__ == "__main__":
    main(int(sys.argv[1]))
