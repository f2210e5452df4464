"""A large import keeps nobody from asking, shows nothing before its end, and loses nobody's change."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models import Q

from counselling.models import Case
from referrals.formats.detection import Format
from referrals.formats.files import uploaded
from referrals.hsds.shape import ENTITIES
from referrals.models import Service, Version
from referrals.operations import aside, imports
from referrals.queries import rows
from referrals.reports import Report
from tests import factories
from tests.factories import directory

pytestmark = pytest.mark.django_db(transaction=True)

Meanwhile = Callable[[], Any]


def elsewhere(do: Meanwhile) -> Any:
    """Do something on a connection of its own, as another process would, and wait for its end."""

    def there() -> Any:
        try:
            return do()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(there).result()


def read_in(*documents: dict[str, Any], meanwhile: Meanwhile | None = None) -> Report:
    """Read documents in; meanwhile: done on another connection after each chunk that is written."""

    def progress(step: str, done: int, total: int) -> None:
        if step == "write" and meanwhile is not None:
            elsewhere(meanwhile)

    return imports.take_over(
        files=uploaded("liste.json", json.dumps(documents).encode()),
        kind=Format.HSDS,
        source="liste",
        owner=None,
        by=None,
        at=directory.READ_IN,
        progress=progress,
    )


def folders() -> list[Path]:
    """Return what imports have beside the database; PostgreSQL has no such place."""
    if connection.vendor != "sqlite":
        return []
    return list(Path(connection.settings_dict["NAME"]).parent.glob(f"{aside.PREFIX}*"))


def everything() -> dict[str, Any]:
    """Return every row of the directory."""
    found: dict[str, Any] = {
        entity.key: rows.rows(entity, Q()) for entity in ENTITIES if entity.model
    }
    found["kept"] = list(Service.objects.order_by("pk").values_list("source_hash", "duplicate_key"))
    found["versions"] = list(
        Version.objects.order_by("service", "number").values_list("service", "number", "before")
    )
    return found


def test_parents_ask_while_a_file_is_read_in_and_see_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 2)
    here = factories.staffed()
    seen: list[int] = []

    def ask_and_look() -> None:
        factories.ask(here, "Darf ich jetzt fragen?")
        seen.append(Service.objects.count())

    report = read_in(*(directory.document(n) for n in range(1, 6)), meanwhile=ask_and_look)
    assert report.created == 5
    assert seen == [0, 0, 0]
    assert Case.objects.filter(organisation=here).count() == 3
    assert Service.objects.count() == 5
    assert folders() == []


def test_a_file_that_breaks_off_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "CHUNK", 1)
    directory.read_in(directory.document(1))
    before = everything()
    steps = iter([None, KeyboardInterrupt])

    def breaks_off_later() -> None:
        if (end := next(steps)) is not None:
            raise end

    with pytest.raises(KeyboardInterrupt):
        read_in(*(directory.document(n) for n in range(2, 6)), meanwhile=breaks_off_later)
    assert everything() == before
    assert folders() == []


def changes(count: int) -> Meanwhile:
    """Return something that brings a new entry in, so often and then no more."""
    numbers = iter(range(101, 101 + count))

    def change() -> None:
        if number := next(numbers, None):
            directory.read_in(directory.document(number, name=f"Neu {number}"), source="andere")

    return change


@pytest.mark.parametrize("often", [1, 3])
def test_what_others_change_meanwhile_is_kept(often: int, on_postgresql: bool) -> None:
    """As often as it tries at most, and then everybody else waits for once."""
    if on_postgresql:
        pytest.skip("PostgreSQL's writers do not wait for each other, nothing is written aside")
    report = read_in(directory.document(1), directory.document(2), meanwhile=changes(often))
    assert report.created == 2
    assert Service.objects.count() == 2 + often
    assert folders() == []


def test_aside_is_written_what_is_written_at_once() -> None:
    fewer = directory.document(2, phones=[], languages=[], service_at_locations=[])
    shelter = directory.shelter(provider=None)
    first = [directory.document(1), directory.document(2), directory.document(3)]
    then = [
        directory.document(1, description="Neu gefasst."),
        fewer,
        directory.document(3),
        shelter,
    ]

    def both_files() -> dict[str, Any]:
        read_in(*first)
        report = read_in(*then)
        assert (report.created, report.changed, report.unchanged) == (1, 2, 1)
        return everything()

    with transaction.atomic():
        at_once = both_files()
        transaction.set_rollback(True)
    assert Service.objects.count() == 0
    assert both_files() == at_once


def test_what_a_killed_import_left_goes_with_a_later_one(on_postgresql: bool) -> None:
    if on_postgresql:
        pytest.skip("nothing is written aside on PostgreSQL")
    with aside.aside():
        (left,) = folders()
        left = left.rename(left.with_name(f"{aside.PREFIX}killed"))
        (left / "directory.sqlite3").write_text("halb")
        os.utime(left, (0, 0))
    read_in(directory.document(1))
    assert folders() == []
