"""A large import is written aside first, so that SQLite's one write lock is held only for seconds.

SQLite lets one connection write at a time: an import of minutes in one transaction would keep everybody
from asking a question. So the directory's tables are copied into a file beside the database, the import
runs there as it is, triggers note which rows it touched, and one short transaction takes these over.
If somebody changed the directory meanwhile, nothing is taken over and the import runs again on what
there is now. PostgreSQL needs none of this: writers of other rows never wait there.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from django.db import connection, connections, transaction
from django.db.models import Model

from accounts.models import Organisation
from referrals.hsds.shape import ENTITIES
from referrals.models import Service, Taxonomy, TaxonomyTerm, Version

PREFIX = "import-"  # of folders beside the database
LEFT_OVER = 86_400  # seconds after which such a folder is a killed import's
# What an import may write, parents before children; and what it only looks up.
_WRITTEN: list[type[Model]] = [
    Taxonomy,
    TaxonomyTerm,
    *(entity.model for entity in ENTITIES if entity.model is not None),
    Version,
]
_READ: list[type[Model]] = [Organisation]


class Overtaken(Exception):
    """Somebody changed the directory since it was copied; nothing was taken over."""


def is_possible() -> bool:
    """Say whether imports are to be written aside: on a file of SQLite, outside of any transaction."""
    name = str(connection.settings_dict["NAME"])
    in_memory = name == ":memory:" or "mode=memory" in name
    return connection.vendor == "sqlite" and not connection.in_atomic_block and not in_memory


class Aside:
    """A copy of the directory in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "directory.sqlite3"
        self._house = connection.settings_dict
        self._tables = [_table(model) for model in _WRITTEN]
        self._before: tuple[Any, ...] = ()

    @contextmanager
    def instead(self) -> Iterator[None]:
        """Let this thread read and write the copy as if it were the database."""
        house = connections["default"]
        options = {
            "timeout": 20,
            "init_command": "PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF;",
        }
        copy = type(house)({**self._house, "NAME": str(self._path), "OPTIONS": options}, "default")
        connections["default"] = copy
        try:
            self._fill()
            with transaction.atomic():
                yield
        finally:
            connections["default"] = house
            copy.close()

    def _fill(self) -> None:
        """Copy the directory as it is at one moment, and have triggers note what is touched from then on."""
        with connection.cursor() as cursor:
            cursor.execute("ATTACH DATABASE %s AS house", [str(self._house["NAME"])])
            with transaction.atomic():
                # All tables, as deleting looks for rows everywhere; no triggers, no full text.
                cursor.execute(
                    "SELECT sql FROM house.sqlite_master WHERE type IN ('table', 'index')"
                    " AND name NOT LIKE 'sqlite_%%' AND sql NOT LIKE 'CREATE VIRTUAL%%'"
                    " ORDER BY type DESC"
                )
                for (statement,) in cursor.fetchall():
                    cursor.execute(statement)
                for table in (*self._tables, *map(_table, _READ)):
                    columns = _columns(table)
                    # Entries as they were are long, and an import only adds to them.
                    read = ["NULL" if one == "before" else f'"{one}"' for one in columns]
                    said = f'SELECT {", ".join(read)} FROM house."{table}"'  # noqa: S608 - our own tables
                    cursor.execute(f'INSERT INTO "{table}" {said}')
                self._before = _state(self._tables)
                for table in self._tables:
                    self._watch(table)
            cursor.execute("DETACH DATABASE house")

    @staticmethod
    def _watch(table: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE TABLE "touched_{table}" (id PRIMARY KEY) WITHOUT ROWID')
            for change, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")):
                # Not OR IGNORE: within an upsert the trigger would abort all the same.
                seen = f'SELECT 1 FROM "touched_{table}" WHERE id = {row}.id'  # noqa: S608 - as above
                note = f'INSERT INTO "touched_{table}" SELECT {row}.id WHERE NOT EXISTS ({seen})'
                cursor.execute(
                    f'CREATE TRIGGER "{change}_{table}" AFTER {change} ON "{table}" BEGIN {note}; END'
                )

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Have the copy within reach of the database's own connection."""
        with connection.cursor() as cursor:
            cursor.execute("ATTACH DATABASE %s AS aside", [str(self._path)])
            try:
                yield
            finally:
                cursor.execute("DETACH DATABASE aside")

    def take_over(self) -> None:
        """Write what was touched, in the caller's transaction, `beside` it. Raises Overtaken."""
        if _state(self._tables) != self._before:
            raise Overtaken
        with connection.cursor() as cursor:
            for table in reversed(self._tables):
                gone = (
                    f'SELECT id FROM aside."touched_{table}" EXCEPT SELECT id FROM aside."{table}"'  # noqa: S608 - as above
                )
                cursor.execute(f'DELETE FROM main."{table}" WHERE id IN ({gone})')  # noqa: S608 - as above
            for table in self._tables:
                names = [f'"{name}"' for name in _columns(table)]
                named, new = (
                    ", ".join(names),
                    ", ".join(f"{name} = excluded.{name}" for name in names),
                )
                there = f'SELECT {named} FROM aside."{table}" WHERE id IN (SELECT id FROM aside."touched_{table}")'  # noqa: S608 - as above
                cursor.execute(
                    f'INSERT INTO main."{table}" ({named}) {there} ON CONFLICT (id) DO UPDATE SET {new}'
                )


@contextmanager
def aside() -> Iterator[Aside]:
    """Make room for a copy beside the database: it is kept as safe there as the database is."""
    here = Path(connection.settings_dict["NAME"]).parent
    for old in here.glob(f"{PREFIX}*"):
        if time.time() - old.stat().st_mtime > LEFT_OVER:
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(mkdtemp(prefix=PREFIX, dir=here))
    try:
        yield Aside(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _table(model: type[Model]) -> str:
    return model._meta.db_table  # noqa: SLF001 - Django's documented name for it


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [one.name for one in connection.introspection.get_table_description(cursor, table)]


def _state(tables: list[str]) -> tuple[Any, ...]:
    """Return what differs after any change: every one adds a version, or changes how many rows there are."""
    counts = ", ".join(f'(SELECT count(*) FROM "{table}")' for table in tables)  # noqa: S608 - as above
    latest = f'(SELECT max(last_modified) FROM "{_table(Service)}")'  # noqa: S608 - as above
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {latest}, {counts}")
        return tuple(cursor.fetchone())
