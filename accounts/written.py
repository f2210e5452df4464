"""Queries and changes whose statements are written once.

Django writes a statement anew each time it is asked, which costs the processor several times what asking and
reading a few rows does. What every open page asks every few seconds, who comes into a chat, or a chat for every
batch of lines, is worth writing once. The query stays the one place that says what is asked.

Each answer of PostgreSQL has to be waited for, and after each the thread waits for its turn. So questions that do
not hang on each other may be put together (`ask`), and changes be sent together (`at_once`). SQLite, which is no
way off, gets them one after the other.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import chain
from random import getrandbits
from typing import Any, Generic, NamedTuple, TypeVar
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
Answer = TypeVar("Answer")
Other = TypeVar("Other")
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
        question = self._question()
        return Asked(question, question.filled(asked), question.rows).now()

    def instances(self, *asked: Hole) -> list[Row]:
        """Return the rows as instances of the model, with those that `select_related` brings."""
        question = self._question()
        return Asked(question, question.filled(asked), question.instances).now()

    def first(self, *asked: Hole) -> Row | None:
        """Return the first of the instances, or None. The query itself says of how many (`[:1]`)."""
        return next(iter(self.instances(*asked)), None)

    def _question(self) -> "_Question":
        connection = connections[DEFAULT_DB_ALIAS]
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
        return self.asked_rows(*ids).now()

    def instances(self, *ids: Collection[Id]) -> list[Row]:
        """Return the rows as instances of the model; about nothing, none."""
        return self.asked(*ids).now()

    def asked_rows(self, *ids: Collection[Id]) -> "Asked[list[tuple[Any, ...]]]":
        """Return what `rows` asks, for `ask`."""
        if not all(ids):
            return Asked(None, (), list)
        question, params = self._filled(ids)
        return Asked(question, params, question.rows)

    def asked(self, *ids: Collection[Id]) -> "Asked[list[Row]]":
        """Return what `instances` asks, for `ask`."""
        if not all(ids):
            return Asked(None, (), lambda _rows: [])
        question, params = self._filled(ids)
        return Asked(question, params, question.instances)

    def _filled(self, ids: Sequence[Collection[Id]]) -> tuple["_Question", Sequence[Any]]:
        """Return the question about so many ids, and its parameters with these ids."""
        connection = connections[DEFAULT_DB_ALIAS]
        filled = [_filled_up(list(some)) for some in ids]
        known: tuple[str | int, ...] = (connection.vendor, *map(len, filled))
        if known not in self._statements:
            holes = [_holes(some) for some in filled]
            self._statements[known] = _Question(self._ask(*holes), list(chain(*holes)), connection)
        return self._statements[known], self._statements[known].filled(list(chain(*filled)))


class Asked(Generic[Answer]):
    """A question that is put together with others, by `ask`. answer: what came of it then."""

    answer: Answer

    def __init__(
        self,
        question: "_Question | None",
        params: Sequence[Any],
        shape: Callable[[list[Any]], Answer],
    ) -> None:
        self.question, self.params = question, params
        self._shape = shape

    def then(self, shape: Callable[[Answer], Other]) -> "Asked[Other]":
        """Return the same question, whose answer is made into something else."""
        first = self._shape
        return Asked(self.question, self.params, lambda rows: shape(first(rows)))

    def take(self, rows: list[Any]) -> None:
        """Take the rows as the database has answered them."""
        self.answer = self._shape(rows)

    def now(self) -> Answer:
        """Ask it by itself and return the answer."""
        ask(self)
        return self.answer


def ask(*questions: Asked[Any]) -> None:
    """Ask the database some questions in one errand, in their order; each has its `answer` then.

    Each sees what the ones before it have locked or waited for.
    """
    for one in questions:
        if one.question is None:  # about nothing
            one.take([])
    real = [(one, one.question.sql) for one in questions if one.question is not None]
    answers = _answered([(sql, one.params) for one, sql in real])
    for (one, _sql), rows in zip(real, answers, strict=True):
        one.take(rows)


def _answered(statements: Sequence[tuple[str, Sequence[Any]]]) -> Iterator[list[Any]]:
    if not statements:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql" or len(statements) == 1:
            for sql, params in statements:
                cursor.execute(sql, params)
                yield cursor.fetchall()
            return
        _execute_all(cursor, statements)
        for number, _statement in enumerate(statements):
            if number:
                cursor.nextset()
            yield cursor.fetchall()


@contextmanager
def at_once() -> Iterator[None]:
    """Send the changes that are made within this in one errand, at its end. What is asked within sees none of them."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql":
        yield
        return
    gathered: list[_Change] = []
    outside = _gathered.set(gathered)
    try:
        yield
    finally:
        _gathered.reset(outside)
    if gathered:
        with connection.cursor() as cursor:
            _execute_all(cursor, [(change.sql, change.params) for change in gathered])
            for number, change in enumerate(gathered):
                if number:
                    cursor.nextset()
                change.check(cursor.rowcount)


class _Change(NamedTuple):
    """A statement that changes rows. all_or: what is raised unless it changes so many."""

    sql: str
    params: Sequence[Any]
    all_or: tuple[int, type[Exception]] | None = None

    def make(self, connection: BaseDatabaseWrapper) -> None:
        gathered = _gathered.get()
        if gathered is not None:
            gathered.append(self)
            return
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params)
            self.check(cursor.rowcount)

    def check(self, changed: int) -> None:
        if self.all_or is not None and changed < self.all_or[0]:
            raise self.all_or[1]


_gathered: ContextVar[list[_Change] | None] = ContextVar("gathered", default=None)


def _execute_all(cursor: Any, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Execute several statements in one errand; psycopg fills them in here, as Django lets it do with each."""
    cursor.execute("; ".join([cursor.mogrify(sql, params) for sql, params in statements]))


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
        statement = self._statements[known]
        params = statement.filled([*filled, *asked, *moments.values()])
        _Change(statement.sql, params).make(connection)


class WrittenRows(Generic[Row]):
    """New rows of one table, as `bulk_create` stores them. Ids that the database gives stay unknown."""

    def __init__(self, model: type[Row]) -> None:
        about = model._meta  # noqa: SLF001 - Django's documented way to ask a model about itself
        self._table = about.db_table
        self._fields = [one for one in about.concrete_fields if not one.db_returning]
        self._of_columns = ""  # PostgreSQL's statement, once it is written

    def add(self, rows: Sequence[Row]) -> None:
        """Store rows. Raises IntegrityError for one that is there already; then none is stored."""
        if rows:
            connection = connections[DEFAULT_DB_ALIAS]
            _Change(*self._written(rows, connection)).make(connection)

    def add_all_or(self, otherwise: type[Exception], rows: Sequence[Row]) -> None:
        """Store rows. Raises another exception where one is there already: not an error to PostgreSQL, which then
        leaves that one out; the transaction has to be given up.
        """
        if rows:
            connection = connections[DEFAULT_DB_ALIAS]
            sql, params = self._written(rows, connection)
            unless_there = f"{sql} ON CONFLICT DO NOTHING"
            _Change(unless_there, params, (len(rows), otherwise)).make(connection)

    def _written(
        self, rows: Sequence[Row], connection: BaseDatabaseWrapper
    ) -> tuple[str, list[Any]]:
        # One column after the other.
        values = [
            [
                field.get_db_prep_save(field.pre_save(row, add=True), connection=connection)
                for row in rows
            ]
            for field in self._fields
        ]
        if connection.vendor == "postgresql" and len(rows) > 1:
            return self._from_columns(connection), values
        of_row = f"({', '.join(['%s'] * len(values))})"
        sql = f"{self._into(connection)} VALUES {', '.join([of_row] * len(rows))}"
        return sql, list(chain(*zip(*values, strict=True)))

    def _from_columns(self, connection: BaseDatabaseWrapper) -> str:
        """Return the statement that takes each column as an array: the same for any number of rows."""
        if not self._of_columns:
            # Without the length: a value that is too long must be an error, not cut by the cast.
            kinds = [str(field.db_type(connection)).split("(")[0] for field in self._fields]
            arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
            # Every name in it is a table's or a column's own.
            self._of_columns = f"{self._into(connection)} SELECT * FROM UNNEST({arrays})"  # noqa: S608
        return self._of_columns

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
        self.sql, self._params = sql, params
        filled = [_prepared(hole, connection) for hole in holes]
        self._places = [
            (place, filled.index(param)) for place, param in enumerate(params) if param in filled
        ]

    def filled(self, asked: Sequence[Hole]) -> list[Any]:
        """Return the parameters with what is asked about in the holes."""
        connection = connections[DEFAULT_DB_ALIAS]
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

    def rows(self, found: list[Any]) -> list[tuple[Any, ...]]:
        """Return what the database has answered as Python's values."""
        if not self._converters:
            return found
        connection = connections[DEFAULT_DB_ALIAS]
        return [self._converted(row, connection) for row in found]

    def instances(self, found: list[Any]) -> list[Any]:
        """Return what the database has answered as instances."""
        assert self._whole is not None, "a query for columns has no instances"
        model = self._whole["model"]
        instances = []
        for row in self.rows(found):
            one = model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._mine])
            for related in self._related:
                related.populate(row, one)
            for name, place in self._beside:
                setattr(one, name, row[place])
            instances.append(one)
        return instances

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
