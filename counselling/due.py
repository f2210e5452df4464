"""What a sweep finds due. Every minute several sweeps ask, and nearly always nothing is there."""

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

from accounts.written import MOMENT, Written

Row = TypeVar("Row", bound=Model)


class Due(Generic[Row]):
    """Rows that are due at a moment.

    rows: returns them, in their order, as a query into which the moment goes as it is. Whether there
    are any is asked by a statement that is written once.
    """

    def __init__(self, rows: "Callable[[datetime], QuerySet[Row]]") -> None:
        self.rows = rows
        self._any = Written(lambda at: rows(at).values_list("pk")[:1], MOMENT)

    def any(self, at: datetime) -> bool:
        """Say whether anything is due at a moment."""
        return bool(self._any.of(at))

    def first(self, at: datetime, most: int) -> list[Row]:
        """Return the first rows that are due at a moment, in their order; at most so many."""
        return list(self.rows(at)[:most]) if self.any(at) else []
