"""What many tests begin with is built once, through the real operations, and then written again.

An organisation with six people and their keys costs some 340 queries. Writing the rows that came of
them again costs a tenth: the statements that changed rows are kept as they were sent, in order, and
what the builder returned is handed out as a fresh copy. Numbers that the database gives out begin each
time at the same one, far above those of other rows, so that rows which refer to them fit.
"""

import copy
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection, transaction

Built = TypeVar("Built")
Told = ParamSpec("Told")
CHANGES = ("INSERT", "UPDATE", "DELETE")
APART = 1_000_000  # numbers between the rows of two builders
COUNT_FROM = {
    "postgresql": (
        "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, %s) FROM pg_sequences",
    ),
    "sqlite": (
        "DELETE FROM sqlite_sequence WHERE %s",
        "INSERT INTO sqlite_sequence (name, seq) SELECT name, %s FROM sqlite_master "
        "WHERE sql LIKE '%%AUTOINCREMENT%%'",
    ),
}
_builders: dict[str, int] = {}  # number of each
_scripts: dict[str, str] = {}  # all statements of each in one, which travels to the server once


def built_once(build: Callable[Told, Built]) -> Callable[Told, Built]:
    """Return a builder that runs once in a process for the same arguments, and then repeats what it wrote.

    It must only depend on its arguments and an empty database; what it returns must be made of rows.
    """
    kept: dict[str, tuple[list[tuple[str, Any]], Built]] = {}

    @wraps(build)
    def again(*arguments: Told.args, **named: Told.kwargs) -> Built:
        told = repr((build.__qualname__, arguments, sorted(named.items())))
        _count_from(APART * _builders.setdefault(told, len(_builders) + 1))
        if told not in kept:
            written: list[tuple[str, Any]] = []
            with connection.execute_wrapper(_into(written)):
                result = build(*arguments, **named)
            kept[told] = (written, copy.deepcopy(result))
            return result
        written, pristine = kept[told]
        _write_again(told, written)
        return copy.deepcopy(pristine)

    return again


def _write_again(told: str, written: list[tuple[str, Any]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor != "postgresql":  # no server that each statement travels to
            for statement, values in written:
                cursor.execute(statement, values)
            return
        if told not in _scripts:
            _scripts[told] = ";".join(cursor.mogrify(*one) for one in written)
        cursor.execute(_scripts[told])


def _count_from(number: int) -> None:
    with connection.cursor() as cursor:
        for statement in COUNT_FROM[connection.vendor]:
            cursor.execute(statement, [number])


def _into(written: list[tuple[str, Any]]) -> Callable[..., Any]:
    def keep(execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        answer = execute(statement, values, many, context)
        if statement.lstrip().startswith(CHANGES):
            each = values if many else [values]
            written.extend((statement, one) for one in each)
        return answer

    return keep
