"""Tables without their indexes while a million rows are written."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models
from django.db.backends.utils import CursorWrapper

INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    " AND tbl_name IN ({})",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({}) AND indexname"
    " NOT IN (SELECT conname FROM pg_constraint)",
}
UNIQUE = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE contype = 'u' AND conrelid::regclass::text IN ({})"
)


@contextmanager
def without_indexes(cursor: CursorWrapper, *of: type[models.Model]) -> Iterator[None]:
    """Take the indexes of tables away and make them again at the end: a million rows in one go each.

    Those of primary keys stay, on SQLite also those of unique constraints inside the table.
    """
    tables = [model._meta.db_table for model in of]
    marks = ", ".join(["%s"] * len(tables))
    cursor.execute(INDEXES[connection.vendor].format(marks), tables)
    indexes = cursor.fetchall()
    unique = []
    if connection.vendor == "sqlite":
        cursor.execute("PRAGMA cache_size = -1000000")  # 1 GB while it is filled
    else:
        cursor.execute(UNIQUE.format(marks), tables)
        unique = cursor.fetchall()
    for table, name, _definition in unique:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for table, name, definition in unique:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    for _name, definition in indexes:
        cursor.execute(definition)
    if connection.vendor == "sqlite":
        cursor.execute("PRAGMA cache_size = -2000")
