"""Queries whose statements are written once.

Django writes a statement anew each time it is asked, which costs the processor several times what asking and
reading a few rows does. What every open page asks every few seconds is worth writing once.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet, UUIDField

# Stand in a statement for what is asked about: the id of nothing, and a moment that never comes.
ID = UUID(int=0x0107_5E00)
OTHER_ID = UUID(int=0x0107_5E01)
MOMENT = datetime(9000, 1, 1, tzinfo=UTC)

_UUIDS = UUIDField()


class Written:
    """A query for columns (`values_list`) with holes, filled anew each time.

    rows: takes the holes, in order, and returns the query, into which they go as they are, each as a
    parameter of its own. holes: ID, OTHER_ID and MOMENT, each at most once.
    """

    def __init__(self, rows: Callable[..., QuerySet[Any, Any]], *holes: UUID | datetime) -> None:
        self._rows = rows
        self._holes = holes
        self._statements: dict[str, _Statement] = {}  # by kind of database

    def of(self, *asked: UUID | datetime) -> list[tuple[Any, ...]]:
        """Return the rows, with what is asked about in the holes."""
        connection = connections[DEFAULT_DB_ALIAS]
        if connection.vendor not in self._statements:
            self._statements[connection.vendor] = _Statement(
                self._rows(*self._holes), self._holes, connection
            )
        return self._statements[connection.vendor].rows(asked, connection)


class _Statement:
    """A statement as one kind of database wants it, and how what it answers becomes Python's."""

    def __init__(
        self,
        query: QuerySet[Any, Any],
        holes: Sequence[UUID | datetime],
        connection: BaseDatabaseWrapper,
    ) -> None:
        compiler = query.query.get_compiler(connection=connection)
        self._sql, self._params = compiler.as_sql()
        columns = [column for column, *_rest in compiler.select or ()]
        self._converters = compiler.get_converters(columns).items()
        filled = [_prepared(hole, connection) for hole in holes]
        self._places = [
            (place, filled.index(param))
            for place, param in enumerate(self._params)
            if param in filled
        ]

    def rows(
        self, asked: Sequence[UUID | datetime], connection: BaseDatabaseWrapper
    ) -> list[tuple[Any, ...]]:
        values = [_prepared(value, connection) for value in asked]
        params = list(self._params)
        for place, number in self._places:
            params[place] = values[number]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            found = cursor.fetchall()
        return [self._converted(row, connection) for row in found] if self._converters else found

    def _converted(self, row: Sequence[Any], connection: BaseDatabaseWrapper) -> tuple[Any, ...]:
        values = list(row)
        for place, (converters, column) in self._converters:
            for convert in converters:
                values[place] = convert(values[place], column, connection)
        return tuple(values)


def _prepared(value: UUID | datetime, connection: BaseDatabaseWrapper) -> Any:
    if isinstance(value, UUID):
        return _UUIDS.get_db_prep_value(value, connection)
    return connection.ops.adapt_datetimefield_value(value)
