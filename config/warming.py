"""What a process loads before somebody needs it, so that nobody waits for it."""

from contextlib import suppress
from importlib import import_module
from threading import Thread

from django.conf import settings
from django.db import DatabaseError, connections

from counselling import triaging
from referrals.search import meaning, places, searching


def triage() -> None:
    """Load the triage engine: the first message must not wait for it, nor count as too slow because of it."""
    triaging.warm_up()


def triage_beside() -> None:
    """Load it in a process of its own: a server of sockets has one interpreter for everybody's turns."""
    triaging.rate_beside()
    triage()


def pages() -> None:
    """Load what pages need beside triage: phrases, places and documents of the search, meanwhile."""
    Thread(target=_search, name="search warms up", daemon=True).start()


def beforehand() -> None:
    """Load what processes with pages can share: all that needs neither the database nor a thread.

    Not the triage engine: a server of sockets has it in a process of its own.
    """
    meaning.shipped()
    places.gazetteer()
    for module in (settings.ROOT_URLCONF, "config.routing"):
        import_module(module)


def _search() -> None:
    with suppress(DatabaseError):  # without tables there is nothing to load
        searching.warm_up()
    connections.close_all()
