"""What a sweep finds due: ids first, as nearly always there are none, and whole rows cost three times that."""

from typing import TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def first(due: "QuerySet[Row]", most: int) -> list[Row]:
    """Return the first rows of an ordered query, in its order; at most so many."""
    ids = list(due.values_list("pk", flat=True)[:most])
    return list(due.filter(pk__in=ids)) if ids else []
