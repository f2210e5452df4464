"""What reaches a browser now: hints with ids only, published when the transaction commits.

A hint may be lost; every page and socket also looks by itself. The group names of accounts are made
here; apps above publish through `publish_on_commit` and make the names of their groups themselves.
"""

import asyncio
import logging
import os
import threading
from concurrent.futures import Future
from typing import Any
from uuid import UUID

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction

log = logging.getLogger("lotse.events")


def member_group(member: UUID) -> str:
    """Return the group of every socket of a member."""
    return f"member.{member.hex}"


def person_group(user: UUID) -> str:
    """Return the group of all sockets of one person, whatever organisation they act in."""
    return f"person.{user.hex}"


def membership_ended(member: UUID) -> None:
    """Tell a member's sockets to look whether they may still be open."""
    publish_on_commit(member_group(member), {"type": "ended"})


def sessions_ended(user: UUID) -> None:
    """Tell a person's sockets to look whether their session still is there."""
    publish_on_commit(person_group(user), {"type": "ended"})


def publish_on_commit(group: str, message: dict[str, Any]) -> None:
    """Send a hint to a group when the transaction commits."""
    # robust: the row is committed; a layer that is down costs the hint, not the answer.
    transaction.on_commit(lambda: _publisher.publish(group, message), robust=True)


class _Publisher:
    """One event loop per process that sends hints, so that no page waits for the layer.

    Sending from a page's thread with `async_to_sync` would open a new loop, and with Redis a new
    connection, for every hint.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0

    def publish(self, group: str, message: dict[str, Any]) -> None:
        layer = get_channel_layer()
        if isinstance(layer, InMemoryChannelLayer) and hasattr(layer, "hint"):
            layer.hint(group, message)  # the embedded default has a loop of its own
        elif layer is not None:
            sending = asyncio.run_coroutine_threadsafe(
                layer.group_send(group, message), self._running_loop()
            )
            sending.add_done_callback(_note_failure)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # A forked child inherits the loop but not its thread.
            if self._loop is None or self._process != os.getpid():
                self._loop = asyncio.new_event_loop()
                self._process = os.getpid()
                threading.Thread(target=self._loop.run_forever, name="hints", daemon=True).start()
            return self._loop


def _note_failure(sending: "Future[None]") -> None:
    error = sending.exception()
    if error is not None:
        log.warning("a hint was not sent: %s", type(error).__name__)


_publisher = _Publisher()
