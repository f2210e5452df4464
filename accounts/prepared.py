"""Questions that the hot path asks so often that their SQL is made once, by Django itself.

To make the SQL of a queryset costs more than PostgreSQL needs to answer it. The queryset stays the one
place that says what is asked.
"""

from collections.abc import Callable, Collection
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)
Values = Collection[UUID]


class Prepared(Generic[Row]):
    """A queryset about collections of ids, of which only the ids change from one time to the next.

    model: whose rows these are. ask: makes the queryset from the collections; for `rows` one that ends in
    `values_list` with columns that PostgreSQL's driver reads as they are (ids, numbers, bytes, times,
    truths), for `instances` one of whole rows of one table. The collections are sets to it: an id that is
    named twice counts once. On SQLite Django asks as ever.
    """

    def __init__(self, model: type[Row], ask: Callable[..., QuerySet[Row, Any]]) -> None:
        self._rows: QuerySet[Row] = QuerySet(model)
        self._ask = ask
        self._made: dict[tuple[int, ...], tuple[str, list[Any]]] = {}

    def rows(self, *ids: Values) -> list[Any]:
        """Return a tuple for each row, as `values_list` does; of nothing, nothing."""
        if not all(ids):
            return []
        if connection.vendor != "postgresql":
            return list(self._ask(*ids))
        with connection.cursor() as cursor:
            cursor.execute(*self._filled(ids))
            return list(cursor.fetchall())

    def instances(self, *ids: Values) -> list[Row]:
        """Return the rows as instances; of nothing, nothing."""
        if not all(ids):
            return []
        if connection.vendor != "postgresql":
            return list(self._ask(*ids))
        return list(self._rows.raw(*self._filled(ids)))

    def _filled(self, ids: tuple[Values, ...]) -> tuple[str, list[Any]]:
        """Return the SQL, and its parameters with the ids in their places."""
        filled = [_filled_up(list(some)) for some in ids]
        sizes = tuple(map(len, filled))
        if sizes not in self._made:
            self._made[sizes] = self._make(sizes)
        sql, places = self._made[sizes]
        given = [one for some in filled for one in some]
        return sql, [given[at] if type(at) is _At else at for at in places]

    def _make(self, sizes: tuple[int, ...]) -> tuple[str, list[Any]]:
        marks = [[uuid4() for _one in range(size)] for size in sizes]
        places = {mark: _At(at) for at, mark in enumerate(mark for some in marks for mark in some)}
        sql, parameters = self._ask(*marks).query.sql_with_params()
        return sql, [places.get(one, one) if isinstance(one, UUID) else one for one in parameters]


def _filled_up(ids: list[UUID]) -> list[UUID]:
    """Return ids with the last one again and again, up to a power of two: few numbers, little kept SQL."""
    return ids + ids[-1:] * ((1 << (len(ids) - 1).bit_length()) - len(ids))


class _At(int):
    """The place of an id among those given."""
