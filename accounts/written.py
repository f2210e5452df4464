"""Queries and changes whose statements are written once.

Django writes a statement anew each time it is asked, which costs the processor several times what asking and
reading a few rows does. What every open page asks every few seconds, who comes into a chat, or a chat for every
batch of lines, is worth writing once. The query stays the one place that says what is asked.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from itertools import chain
from random import getrandbits
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet, UUIDField
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery

# Stand in a statement for what is asked about: the id of nothing, a moment that never comes, and a number and a
# name that nothing has.
ID = UUID(int=0x0107_5E00)
OTHER_ID = UUID(int=0x0107_5E01)
MOMENT = datetime(9000, 1, 1, tzinfo=UTC)
NUMBER = 0x0107_5E02
NAME = "01075e03"

_UUIDS = UUIDField()
Row = TypeVar("Row", bound=Model)
Hole = UUID | datetime | int | str
Id = UUID | int


class Written(Generic[Row]):
    """A query with holes, filled anew each time.

    rows: takes the holes, in order, and returns the query, into which they go as they are, each as a
    parameter of its own. holes: ID, OTHER_ID, MOMENT, NUMBER and NAME, each at most once.
    """

    def __init__(self, rows: Callable[..., QuerySet[Row, Any]], *holes: Hole) -> None:
        self._rows = rows
        self._holes = holes
        self._statements: dict[str, _Question] = {}  # by kind of database

    def of(self, *asked: Hole) -> list[tuple[Any, ...]]:
        """Return the rows of a query for columns (`values_list`), with what is asked about in the holes."""
        connection = connections[DEFAULT_DB_ALIAS]
        return self._statement(connection).rows(asked, connection)

    def instances(self, *asked: Hole) -> list[Row]:
        """Return the rows as instances of the model, with those that `select_related` brings."""
        connection = connections[DEFAULT_DB_ALIAS]
        return self._statement(connection).instances(asked, connection)

    def first(self, *asked: Hole) -> Row | None:
        """Return the first of the instances, or None. The query itself says of how many (`[:1]`)."""
        return next(iter(self.instances(*asked)), None)

    def _statement(self, connection: BaseDatabaseWrapper) -> "_Question":
        if connection.vendor not in self._statements:
            query = self._rows(*self._holes)
            self._statements[connection.vendor] = _Question(query, self._holes, connection)
        return self._statements[connection.vendor]


class WrittenForMany(Generic[Row]):
    """A query about collections of ids (UUIDs or numbers), of which only the ids change from one time to the next.

    ask: takes the collections and returns the query; for `rows` one for columns, for `instances` one for whole
    rows. The collections are sets to it: an id that is named twice counts once.
    """

    def __init__(self, ask: Callable[..., QuerySet[Row, Any]]) -> None:
        self._ask = ask
        self._statements: dict[tuple[str | int, ...], _Question] = {}  # by database, how many ids

    def rows(self, *ids: Collection[Id]) -> list[tuple[Any, ...]]:
        """Return the rows; about nothing, none."""
        if not all(ids):
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        statement, asked = self._filled(ids, connection)
        return statement.rows(asked, connection)

    def instances(self, *ids: Collection[Id]) -> list[Row]:
        """Return the rows as instances of the model; about nothing, none."""
        if not all(ids):
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        statement, asked = self._filled(ids, connection)
        return statement.instances(asked, connection)

    def _filled(
        self, ids: Sequence[Collection[Id]], connection: BaseDatabaseWrapper
    ) -> tuple["_Question", list[Id]]:
        """Return the statement for so many ids, and what goes into its holes."""
        filled = [_filled_up(list(some)) for some in ids]
        known: tuple[str | int, ...] = (connection.vendor, *map(len, filled))
        if known not in self._statements:
            holes = [_holes(some) for some in filled]
            self._statements[known] = _Question(self._ask(*holes), list(chain(*holes)), connection)
        return self._statements[known], list(chain(*filled))


class WrittenChange:
    """A change of rows about some ids (`QuerySet.update`), of which only ids and values change.

    ask: takes the ids, and what else the rows depend on, and returns the query for them. holes: what stands for
    the latter, as in `Written`. always: what is set each time, as in `update`.
    """

    def __init__(self, ask: Callable[..., QuerySet[Any, Any]], *holes: Hole, **always: Any) -> None:
        self._ask = ask
        self._holes = holes
        self._always = always
        self._statements: dict[tuple[Any, ...], _Statement] = {}

    def make(
        self, ids: Collection[Id], *asked: Hole, **values: datetime | str | int | None
    ) -> None:
        """Change the rows; about nothing, nothing. asked: what goes into the holes."""
        if not ids:
            return
        connection = connections[DEFAULT_DB_ALIAS]
        filled = _filled_up(list(ids))
        moments = {name: value for name, value in values.items() if isinstance(value, datetime)}
        fixed = {name: value for name, value in values.items() if name not in moments}
        known = (connection.vendor, len(filled), *moments, *fixed.items())
        if known not in self._statements:
            ids_of_nothing = _holes(filled)
            never = {name: MOMENT.replace(year=9001 + n) for n, name in enumerate(moments)}
            query = self._ask(ids_of_nothing, *self._holes).query.chain(UpdateQuery)
            assert isinstance(query, UpdateQuery)
            query.add_update_values(self._always | fixed | never)
            sql, params = query.get_compiler(connection=connection).as_sql()
            holes = [*ids_of_nothing, *self._holes, *never.values()]
            self._statements[known] = _Statement(sql, params, holes, connection)
        self._statements[known].execute([*filled, *asked, *moments.values()], connection)


class WrittenRows(Generic[Row]):
    """New rows of one table: what `bulk_create` does where the database gives the ids, and nobody needs them."""

    def __init__(self, model: type[Row]) -> None:
        about = model._meta  # noqa: SLF001 - Django's documented way to ask a model about itself
        self._table = about.db_table
        self._fields = [one for one in about.concrete_fields if not one.primary_key]
        self._statements: dict[str, str] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """Store rows. Raises IntegrityError for one that is there already; then none is stored."""
        self._add(rows)

    def add_new(self, rows: Sequence[Row]) -> int:
        """Store those rows that are not there yet, and return how many."""
        return self._add(rows, " ON CONFLICT DO NOTHING")

    def _add(self, rows: Sequence[Row], unless: str = "") -> int:
        if not rows:
            return 0
        connection = connections[DEFAULT_DB_ALIAS]
        # One column after the other.
        values = [
            [
                field.get_db_prep_save(field.pre_save(row, add=True), connection=connection)
                for row in rows
            ]
            for field in self._fields
        ]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(self._from_columns(connection) + unless, values)
            else:
                of_row = f"({', '.join(['%s'] * len(values))})"
                sql = f"{self._into(connection)} VALUES {', '.join([of_row] * len(rows))}"
                cursor.execute(sql + unless, list(chain(*zip(*values, strict=True))))
            return int(cursor.rowcount)

    def _from_columns(self, connection: BaseDatabaseWrapper) -> str:
        """Return the statement that takes each column as an array: the same for any number of rows."""
        if connection.vendor not in self._statements:
            # Without the length: a value that is too long must be an error, not cut by the cast.
            kinds = [str(field.db_type(connection)).split("(")[0] for field in self._fields]
            arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
            # Every name in it is a table's or a column's own.
            sql = f"{self._into(connection)} SELECT * FROM UNNEST({arrays})"  # noqa: S608
            self._statements[connection.vendor] = sql
        return self._statements[connection.vendor]

    def _into(self, connection: BaseDatabaseWrapper) -> str:
        quoted = connection.ops.quote_name
        names = ", ".join(quoted(str(field.column)) for field in self._fields)
        return f"INSERT INTO {quoted(self._table)} ({names})"


def _holes(ids: Sequence[Id]) -> list[Id]:
    """Return ids of nothing, of the same kind, each another one."""
    return [uuid4() if isinstance(one, UUID) else getrandbits(62) for one in ids]


def _filled_up(ids: list[Id]) -> list[Id]:
    """Return ids with the last one again and again, up to a power of two: few statements are kept."""
    return ids + ids[-1:] * ((1 << (len(ids) - 1).bit_length()) - len(ids))


class _Statement:
    """A statement as one kind of database wants it."""

    def __init__(
        self,
        sql: str,
        params: Sequence[Any],
        holes: Sequence[Hole],
        connection: BaseDatabaseWrapper,
    ) -> None:
        self._sql, self._params = sql, params
        filled = [_prepared(hole, connection) for hole in holes]
        self._places = [
            (place, filled.index(param)) for place, param in enumerate(params) if param in filled
        ]

    def execute(self, asked: Sequence[Hole], connection: BaseDatabaseWrapper) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self._sql, self._filled(asked, connection))

    def _filled(self, asked: Sequence[Hole], connection: BaseDatabaseWrapper) -> list[Any]:
        values = [_prepared(value, connection) for value in asked]
        params = list(self._params)
        for place, number in self._places:
            params[place] = values[number]
        return params


class _Question(_Statement):
    """A statement that is answered with rows, and how these become Python's."""

    def __init__(
        self,
        query: QuerySet[Any, Any],
        holes: Sequence[Hole],
        connection: BaseDatabaseWrapper,
    ) -> None:
        compiler = query.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        super().__init__(sql, params, holes, connection)
        select = compiler.select or []
        columns = [column for column, *_rest in select]
        self._converters = compiler.get_converters(columns).items()
        # As Django's ModelIterable: which columns make an instance, and which of them what it is related to.
        self._whole = compiler.klass_info
        if self._whole is not None:
            chosen = self._whole["select_fields"]
            self._mine = slice(chosen[0], chosen[-1] + 1)
            self._names = [column.target.attname for column in columns[self._mine]]
            # The stubs know the next Django, in which it takes one argument more.
            self._related = get_related_populators(self._whole, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
            self._beside = (compiler.annotation_col_map or {}).items()

    def rows(self, asked: Sequence[Hole], connection: BaseDatabaseWrapper) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self._sql, self._filled(asked, connection))
            found = cursor.fetchall()
        return [self._converted(row, connection) for row in found] if self._converters else found

    def instances(self, asked: Sequence[Hole], connection: BaseDatabaseWrapper) -> list[Any]:
        assert self._whole is not None, "a query for columns has no instances"
        model = self._whole["model"]
        found = []
        for row in self.rows(asked, connection):
            one = model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._mine])
            for related in self._related:
                related.populate(row, one)
            for name, place in self._beside:
                setattr(one, name, row[place])
            found.append(one)
        return found

    def _converted(self, row: Sequence[Any], connection: BaseDatabaseWrapper) -> tuple[Any, ...]:
        values = list(row)
        for place, (converters, column) in self._converters:
            for convert in converters:
                values[place] = convert(values[place], column, connection)
        return tuple(values)


def _prepared(value: Hole, connection: BaseDatabaseWrapper) -> Any:
    if isinstance(value, UUID):
        return _UUIDS.get_db_prep_value(value, connection)
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
