"""The two channel layers. Both can be sent to from the threads that answer pages: `hint`."""

import asyncio
import logging
import os
import threading
import time
from concurrent.futures import Future
from typing import Any

from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer

log = logging.getLogger("lotse.layers")
SWEEP_EVERY = 5.0  # seconds


class EmbeddedChannelLayer(InMemoryChannelLayer):
    """The layer of the embedded default: Channels' in-memory layer with two defaults changed.

    The stock layer sweeps every channel and group at each send and receive, which costs the more the
    more sockets there are (platform.md); here it sweeps every few seconds. And it may be sent to from
    the threads that answer pages, which run outside the sockets' event loop: such a send is carried
    over to that loop, since asyncio's queues are not thread-safe.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._home: asyncio.AbstractEventLoop | None = None
        self._next_sweep = 0.0

    def hint(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group from a thread without an event loop; nobody waits for it."""
        if self._home is not None and not self._home.is_closed() and self.groups.get(group):
            asyncio.run_coroutine_threadsafe(self.group_send(group, message), self._home)

    async def new_channel(self, prefix: str = "specific.") -> str:
        """Name a channel for a socket, and remember the loop that sockets live in."""
        self._home = asyncio.get_running_loop()
        name: str = await super().new_channel(prefix)
        return name

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Send to one channel, from any thread."""
        if self._is_away():
            self._carry_home(super().send(channel, message))
        else:
            await super().send(channel, message)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group, from any thread."""
        if self._is_away():
            self._carry_home(super().group_send(group, message))
        else:
            await super().group_send(group, message)

    def _is_away(self) -> bool:
        return self._home is not None and self._home is not asyncio.get_running_loop()

    def _carry_home(self, sending: Any) -> None:
        if self._home is None or self._home.is_closed():
            sending.close()
        else:
            asyncio.run_coroutine_threadsafe(sending, self._home)

    def _clean_expired(self) -> None:
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_EVERY
            super()._clean_expired()  # type: ignore[misc]  # the stubs leave out private methods


class FleetChannelLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # brings no types
    """The layer of several processes: Redis, with a way to send from a page's thread.

    Sending with `async_to_sync` would open a new loop, and with Redis a new connection, for every
    hint; here one loop in each process sends them all.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0

    def hint(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group from a thread without an event loop; nobody waits for it."""
        sending = asyncio.run_coroutine_threadsafe(
            self.group_send(group, message), self._running_loop()
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
