"""What comes back by itself is told apart from our own mistakes."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.http import HttpResponse
from django.test import RequestFactory
from redis.exceptions import RedisError

from config import errors

request = RequestFactory().get("/nordhafen/frage/")


def caused(error: Exception, cause: Exception) -> Exception:
    """Return an error as Django raises it for a cause."""
    try:
        raise error from cause
    except type(error) as raised:
        return raised


def refused_by_sqlite(path: Path, statement: str) -> sqlite3.OperationalError:
    """Return what SQLite raises for a statement that a short of room database cannot take."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("CREATE TABLE there (what TEXT)")
        database.execute("PRAGMA max_page_count=2")
        with pytest.raises(sqlite3.OperationalError) as refused:
            database.execute(statement)
        return refused.value


def answered(error: Exception) -> HttpResponse:
    """Answer a request that ended with an error, as Django does."""
    try:
        raise error
    except type(error):
        return errors.server_error(request)


def test_what_is_away_comes_back_and_what_we_broke_does_not(tmp_path: Path) -> None:
    full = refused_by_sqlite(tmp_path / "full", "INSERT INTO there VALUES (zeroblob(100000))")
    ours = refused_by_sqlite(tmp_path / "ours", "SELECT * FROM missing")
    for error, status in (
        (caused(OperationalError("full"), full), 503),
        (caused(OperationalError("no such table"), ours), 500),
        (caused(OperationalError("gone"), psycopg.OperationalError("gone")), 503),
        (InterfaceError("the connection is closed"), 503),
        (ProgrammingError("no such table"), 500),
        (RedisError("away"), 503),
        (OSError(errno.ENOSPC, "full"), 503),
        (OSError(errno.ENOENT, "no such file"), 500),
        (ValueError("ours"), 500),
    ):
        assert answered(error).status_code == status, repr(error)


def test_the_page_says_that_it_comes_back_and_asks_no_database() -> None:
    page = answered(RedisError("geheim"))  # no database is allowed in this test
    text = page.content.decode()
    assert int(page.headers["Retry-After"]) == errors.RETRY_AFTER
    for words in (
        'lang="de"',
        "Er kommt trotzdem nur einmal bei uns an",
        "112",
    ):
        assert words in text, words
    assert "geheim" not in text
