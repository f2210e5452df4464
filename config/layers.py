"""The channel layer of the embedded default: one process, nothing to install."""

import asyncio
import time
from typing import Any

from channels.layers import InMemoryChannelLayer

SWEEP_EVERY = 5.0  # seconds


class EmbeddedChannelLayer(InMemoryChannelLayer):
    """Channels' in-memory layer with two defaults changed.

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
