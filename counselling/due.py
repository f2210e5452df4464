"""What a sweep finds due. Every minute several sweeps ask, and nearly always nothing is there."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)
# Stands in a statement for the moment that is asked about; nothing is ever due then.
_MARK = datetime(9000, 1, 1, tzinfo=UTC)


class Due(Generic[Row]):
    """Rows that are due at a moment.

    rows: returns them, in their order, as a query into which the moment goes as it is. Whether there
    are any is asked by a statement that is written once: to write it anew costs ten times as much.
    """

    def __init__(self, rows: "Callable[[datetime], QuerySet[Row]]") -> None:
        self.rows = rows
        self._statements: dict[str, tuple[str, tuple[Any, ...]]] = {}  # by kind of database

    def any(self, at: datetime) -> bool:
        """Say whether anything is due at a moment."""
        connection = connections[DEFAULT_DB_ALIAS]
        if connection.vendor not in self._statements:
            compiler = self.rows(_MARK).values("pk")[:1].query.get_compiler(connection=connection)
            self._statements[connection.vendor] = compiler.as_sql()
        sql, params = self._statements[connection.vendor]
        prepared = connection.ops.adapt_datetimefield_value
        mark, now = prepared(_MARK), prepared(at)
        with connection.cursor() as cursor:
            cursor.execute(sql, [now if param == mark else param for param in params])
            return cursor.fetchone() is not None

    def first(self, at: datetime, most: int) -> list[Row]:
        """Return the first rows that are due at a moment, in their order; at most so many."""
        return list(self.rows(at)[:most]) if self.any(at) else []
