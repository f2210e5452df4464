"""Queries whose statements are written once.

Django writes a statement anew each time it is asked, which costs the processor several times what asking and
reading a few rows does. What every open page asks every few seconds, or a chat for every batch of lines, is worth
writing once. The query stays the one place that says what is asked.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet, UUIDField

# Stand in a statement for what is asked about: the id of nothing, and a moment that never comes.
ID = UUID(int=0x0107_5E00)
OTHER_ID = UUID(int=0x0107_5E01)
MOMENT = datetime(9000, 1, 1, tzinfo=UTC)

_UUIDS = UUIDField()
Row = TypeVar("Row", bound=Model)


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


class WrittenForMany(Generic[Row]):
    """A query about collections of ids, of which only the ids change from one time to the next.

    model: whose rows these are. ask: takes the collections and returns the query; for `rows` one for columns, for
    `instances` one for whole rows of one table. The collections are sets to it: an id that is named twice
    counts once.
    """

    def __init__(self, model: type[Row], ask: Callable[..., QuerySet[Row, Any]]) -> None:
        self._instances: QuerySet[Row] = QuerySet(model)
        self._ask = ask
        self._statements: dict[tuple[str | int, ...], _Statement] = {}  # by database, how many ids

    def rows(self, *ids: Collection[UUID]) -> list[tuple[Any, ...]]:
        """Return the rows; about nothing, none."""
        if not all(ids):
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        statement, asked = self._filled(ids, connection)
        return statement.rows(asked, connection)

    def instances(self, *ids: Collection[UUID]) -> list[Row]:
        """Return the rows as instances of the model; about nothing, none."""
        if not all(ids):
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        statement, asked = self._filled(ids, connection)
        return list(self._instances.raw(statement.sql, statement.params(asked, connection)))

    def _filled(
        self, ids: Sequence[Collection[UUID]], connection: BaseDatabaseWrapper
    ) -> tuple["_Statement", list[UUID]]:
        """Return the statement for so many ids, and what goes into its holes."""
        filled = [_filled_up(list(some)) for some in ids]
        known: tuple[str | int, ...] = (connection.vendor, *map(len, filled))
        if known not in self._statements:
            holes = [[uuid4() for _one in some] for some in filled]
            self._statements[known] = _Statement(self._ask(*holes), list(chain(*holes)), connection)
        return self._statements[known], list(chain(*filled))


def _filled_up(ids: list[UUID]) -> list[UUID]:
    """Return ids with the last one again and again, up to a power of two: few statements are kept."""
    return ids + ids[-1:] * ((1 << (len(ids) - 1).bit_length()) - len(ids))


class _Statement:
    """A statement as one kind of database wants it, and how what it answers becomes Python's."""

    def __init__(
        self,
        query: QuerySet[Any, Any],
        holes: Sequence[UUID | datetime],
        connection: BaseDatabaseWrapper,
    ) -> None:
        compiler = query.query.get_compiler(connection=connection)
        self.sql, self._params = compiler.as_sql()
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
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params(asked, connection))
            found = cursor.fetchall()
        return [self._converted(row, connection) for row in found] if self._converters else found

    def params(
        self, asked: Sequence[UUID | datetime], connection: BaseDatabaseWrapper
    ) -> list[Any]:
        values = [_prepared(value, connection) for value in asked]
        params = list(self._params)
        for place, number in self._places:
            params[place] = values[number]
        return params

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
