"""What many tests begin with is built once, through the real operations, and then written again.

An organisation with six people and their keys costs some 340 queries. Writing the rows that came of
them again costs a tenth: the statements that changed rows are kept as they were sent, in order, and
what the builder returned is handed out as a fresh copy. Every key in these rows is a UUID or nobody
refers to it, so that the rows are the same whichever test they are written for.
"""

import copy
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection, transaction

Built = TypeVar("Built")
Told = ParamSpec("Told")
CHANGES = ("INSERT", "UPDATE", "DELETE")


def built_once(build: Callable[Told, Built]) -> Callable[Told, Built]:
    """Return a builder that runs once in a process for the same arguments, and then repeats what it wrote.

    It must only depend on its arguments and an empty database; what it returns must be made of rows.
    """
    kept: dict[str, tuple[list[tuple[str, Any]], Built]] = {}

    @wraps(build)
    def again(*arguments: Told.args, **named: Told.kwargs) -> Built:
        told = repr((arguments, sorted(named.items())))
        if told not in kept:
            written: list[tuple[str, Any]] = []
            with connection.execute_wrapper(_into(written)):
                result = build(*arguments, **named)
            kept[told] = (written, copy.deepcopy(result))
            return result
        written, pristine = kept[told]
        with transaction.atomic(), connection.cursor() as cursor:
            for statement, values in written:
                cursor.execute(statement, values)
        return copy.deepcopy(pristine)

    return again


def _into(written: list[tuple[str, Any]]) -> Callable[..., Any]:
    def keep(execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        answer = execute(statement, values, many, context)
        if statement.lstrip().startswith(CHANGES):
            each = values if many else [values]
            written.extend((statement, one) for one in each)
        return answer

    return keep
