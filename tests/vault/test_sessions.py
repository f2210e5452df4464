"""Whoever has the session rows has neither the sessions nor what is in them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError, connection, connections

from vault.sessions import SessionStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def cookie() -> str:
    session = SessionStore()
    session["code"] = "GEHEIM"
    session.create()
    session.save()
    assert session.session_key
    return session.session_key


def test_the_cookie_opens_the_session(cookie: str) -> None:
    assert SessionStore(cookie)["code"] == "GEHEIM"


def test_the_row_opens_nothing(cookie: str) -> None:
    row = Session.objects.get()
    assert row.session_key != cookie
    assert cookie not in row.session_data
    assert "GEHEIM" not in row.session_data
    assert "GEHEIM" not in str(row.get_decoded())
    assert SessionStore(row.session_key).load() == {}


def test_another_cookie_opens_nothing(cookie: str) -> None:
    other = "z" * len(cookie)
    assert SessionStore(other).load() == {}


def test_a_row_that_was_swapped_is_empty(cookie: str) -> None:
    mine = SessionStore()
    mine["code"] = "MEINS"
    mine.create()
    mine.save()
    rows = {row.session_key: row for row in Session.objects.all()}
    first, second = rows.values()
    first.session_data, second.session_data = second.session_data, first.session_data
    first.save()
    second.save()
    assert SessionStore(cookie).load() == {}


def test_a_deleted_session_is_gone(cookie: str) -> None:
    SessionStore(cookie).flush()
    assert not Session.objects.exists()
    assert SessionStore(cookie).load() == {}


def test_a_session_that_was_deleted_meanwhile_is_not_written_anew(cookie: str) -> None:
    session = SessionStore(cookie)
    session["code"] = "ANDERS"
    SessionStore(cookie).flush()
    with pytest.raises(UpdateError):
        session.save()


@contextmanager
def a_database_that_cannot_write() -> Iterator[None]:
    """Take writing away from SQLite, and from PostgreSQL the whole connection."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA query_only = ON")
        else:
            cursor.execute("SELECT pg_backend_pid()")
            other = connection.copy()
            with other.cursor() as elsewhere:
                elsewhere.execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())
            other.close()
    try:
        yield
    finally:
        if connection.vendor == "sqlite":
            connection.cursor().execute("PRAGMA query_only = OFF")
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_write_is_not_taken_for_a_deleted_session(cookie: str) -> None:
    session = SessionStore(cookie)
    session["code"] = "ANDERS"
    with a_database_that_cannot_write(), pytest.raises((OperationalError, InterfaceError)):
        session.save()


@pytest.mark.django_db(transaction=True)
async def test_the_asynchronous_way_seals_as_well() -> None:
    session = SessionStore()
    session["code"] = "GEHEIM"
    await session.acreate()
    await session.asave()
    row = await Session.objects.aget()
    assert row.session_key != session.session_key
    assert "GEHEIM" not in str(row.get_decoded())
    assert (await SessionStore(session.session_key).aload())["code"] == "GEHEIM"
    # The thread's connection would keep the test database open.
    await sync_to_async(connections.close_all)()
