"""The two channel layers. Both can be sent to from the threads that answer pages: `hint`.

And both call whoever listens to a group without a socket of their own: `listen`. A channel's queue wakes
its reader, which costs more than most hints; a function that is called costs next to nothing.
"""

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from copy import deepcopy
from typing import Any
from uuid import uuid4

from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.exceptions import RedisError

from accounts.events import Hear

log = logging.getLogger("lotse.layers")
SWEEP_EVERY = 5.0  # seconds
TRY_EVERY = 1.0  # seconds between two tries to subscribe while Redis is away
AWAY = (RedisError, OSError)


class _Hints:
    """Hints of threads on their way to an event loop: many of a moment wake it once."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque()
        self._is_called = False

    def put(self, group: str, message: dict[str, Any]) -> bool:
        """Add one; say whether the loop has to be called, to `take` it."""
        self._waiting.append((group, message))
        if self._is_called:  # and not written once more: the loop may have begun to take meanwhile
            return False
        self._is_called = True
        return True

    def take(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return all that there are, in order. It can be called again before it looks: none is left lying."""
        self._is_called = False
        while self._waiting:
            yield self._waiting.popleft()

    def clear(self) -> None:
        """Forget them: their loop is gone."""
        self._waiting.clear()
        self._is_called = False


class EmbeddedChannelLayer(InMemoryChannelLayer):
    """The layer of the embedded default: Channels' in-memory layer with two defaults changed.

    The stock layer sweeps every channel and group at each send and receive, which costs the more the
    more sockets there are (platform.md); here it sweeps every few seconds. It makes a task for each member
    of a group that is sent to; here the members' queues are filled at once. And it may be sent to from
    the threads that answer pages, which run outside the sockets' event loop: such a send is carried
    over to that loop, since asyncio's queues are not thread-safe.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._home: asyncio.AbstractEventLoop | None = None
        self._next_sweep = 0.0
        self._listening: dict[str, dict[str, Hear]] = {}
        self._hints = _Hints()

    def hint(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group from a thread without an event loop; nobody waits for it."""
        if self._home is None or self._home.is_closed():
            return
        if not (self.groups.get(group) or self._listening.get(group)):
            return
        if self._hints.put(group, message):
            with suppress(RuntimeError):  # closed meanwhile: the process ends
                self._home.call_soon_threadsafe(self._bring_home)

    def _bring_home(self) -> None:
        for group, message in self._hints.take():
            self._fill(group, message)

    async def new_channel(self, prefix: str = "specific.") -> str:
        """Name a channel for a socket, and remember the loop that sockets live in."""
        home = asyncio.get_running_loop()
        if home is not self._home:
            self._home = home
            self._hints.clear()
            self._listening.clear()
        name: str = await super().new_channel(prefix)
        return name

    async def listen(self, group: str, hear: Hear) -> str:
        """Call a function with whatever is sent to a group; return its name, for `stop_listening`."""
        name = uuid4().hex
        self._listening.setdefault(group, {})[name] = hear
        return name

    async def stop_listening(self, group: str, name: str) -> None:
        """Call it no more; one that is not called is no error."""
        listening = self._listening.get(group, {})
        listening.pop(name, None)
        if not listening:
            self._listening.pop(group, None)

    async def forget(self, channel: str) -> None:
        """Drop what a channel still holds whose socket has ended."""
        self.channels.pop(channel, None)

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Send to one channel, from any thread."""
        if self._is_away():
            self._carry_home(super().send(channel, message))
        else:
            await super().send(channel, message)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group, from any thread."""
        self.require_valid_group_name(group)
        if self._is_away():
            self.hint(group, message)
        else:
            self._fill(group, message)

    def _fill(self, group: str, message: dict[str, Any]) -> None:
        self._clean_expired()
        until = time.time() + self.expiry
        for channel in self.groups.get(group, ()):
            queue = self.channels.get(channel)
            if queue is None:
                queue = self.channels[channel] = asyncio.Queue(self.get_capacity(channel))
            with suppress(asyncio.QueueFull):  # as the stock layer: who does not read misses it
                queue.put_nowait((until, deepcopy(message)))
        for hear in list(self._listening.get(group, {}).values()):
            _tell(hear, message)

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
    hint; here one loop in each process sends them all. And Redis may be away: whoever connects then is
    let in, looks by themselves, and hears again once it is back. The stock layer would end their socket.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0
        self._hints = _Hints()
        self._unheard: dict[Any, set[str]] = {}  # what each loop's layer could not subscribe to
        self._trying: set[asyncio.Task[None]] = set()

    def hint(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group from a thread without an event loop; nobody waits for it."""
        loop = self._running_loop()
        if self._hints.put(group, message):
            sending = asyncio.run_coroutine_threadsafe(self._send_hints(), loop)
            sending.add_done_callback(_note_failure)

    async def _send_hints(self) -> None:
        layer = self._get_layer()
        by_shard: dict[Any, list[tuple[str, bytes]]] = {}
        for group, message in self._hints.take():
            name = layer._get_group_channel_name(group)  # noqa: SLF001 - its own layer
            shard = layer._get_shard(name)  # noqa: SLF001 - as above
            by_shard.setdefault(shard, []).append((name, self.serialize(message)))
        for shard, hints in by_shard.items():
            try:
                await _publish(shard, hints)
            except AWAY as error:
                log.warning("a hint was not sent: %s", type(error).__name__)

    async def new_channel(self, prefix: str = "specific.") -> str:
        """Name a channel for a socket, also while Redis is away: it only hears nothing as yet."""
        layer = self._get_layer()
        channel = f"{layer.prefix}{prefix}{uuid4().hex}"
        layer.channels[channel] = asyncio.Queue()
        await self._subscribe(layer, channel)
        return channel

    async def group_add(self, group: str, channel: str) -> None:
        """Let a channel hear a group, as soon as there is a Redis."""
        layer = self._get_layer()
        try:
            await layer.group_add(group, channel)
        except AWAY:
            self._try_again(layer, layer._get_group_channel_name(group))  # noqa: SLF001 - its own layer

    async def group_discard(self, group: str, channel: str) -> None:
        """Let it hear no more."""
        with suppress(*AWAY):
            await self._get_layer().group_discard(group, channel)

    async def forget(self, channel: str) -> None:
        """Drop a channel whose socket has ended, also where that was not waiting for a message just then."""
        layer = self._get_layer()
        if layer.channels.pop(channel, None) is not None:
            with suppress(*AWAY):
                await layer._get_shard(channel).unsubscribe(channel)  # noqa: SLF001 - its own layer

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send a hint; without Redis it is lost, and costs nobody their connection."""
        try:
            await self._get_layer().group_send(group, message)
        except AWAY as error:
            log.warning("a hint was not sent: %s", type(error).__name__)

    async def listen(self, group: str, hear: Hear) -> str:
        """Call a function with whatever is sent to a group; return its name, for `stop_listening`."""
        layer = self._get_layer()
        name = f"{layer.prefix}listener.{uuid4().hex}"
        layer.channels[name] = _Ear(lambda data: _tell(hear, self.deserialize(data)))
        await self.group_add(group, name)
        return name

    async def stop_listening(self, group: str, name: str) -> None:
        """Call it no more; one that is not called is no error."""
        self._get_layer().channels.pop(name, None)
        await self.group_discard(group, name)

    async def _subscribe(self, layer: Any, name: str) -> bool:
        try:
            await layer._get_shard(name).subscribe(name)  # noqa: SLF001 - its own layer
        except AWAY:
            self._try_again(layer, name)
            return False
        return True

    def _try_again(self, layer: Any, name: str) -> None:
        missing = self._unheard.setdefault(layer, set())
        missing.add(name)
        if len(missing) == 1:
            task = asyncio.create_task(self._keep_trying(layer, missing))
            self._trying.add(task)
            task.add_done_callback(self._trying.discard)

    async def _keep_trying(self, layer: Any, missing: set[str]) -> None:
        while missing:
            await asyncio.sleep(TRY_EVERY)
            for name in sorted(missing):
                is_gone = name not in layer.channels and name not in layer.groups
                if is_gone or await self._subscribe(layer, name):
                    missing.discard(name)
                else:
                    break  # still away

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # A forked child inherits the loop but not its thread.
            if self._loop is None or self._process != os.getpid():
                self._loop = asyncio.new_event_loop()
                self._process = os.getpid()
                self._hints.clear()
                threading.Thread(target=self._loop.run_forever, name="hints", daemon=True).start()
            return self._loop


async def _publish(shard: Any, hints: Sequence[tuple[str, bytes]]) -> None:
    """Send hints as `shard.publish` sends one, in one errand."""
    async with shard._lock:  # noqa: SLF001 - a shard can only send one by one
        shard._ensure_redis()  # noqa: SLF001 - as above
        errand = shard._redis.pipeline(transaction=False)  # noqa: SLF001 - as above
        for name, hint in hints:
            errand.publish(name, hint)
        await errand.execute()


class _Ear:
    """What stands in the place of a channel's queue for one who listens."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self.put_nowait = hear


def _tell(hear: Hear, message: dict[str, Any]) -> None:
    try:
        hear(message)
    except Exception as error:  # noqa: BLE001 - whoever hears badly keeps nobody else from hearing
        log.error("a hint was not heard: %s", type(error).__name__)


def _note_failure(sending: "Future[None]") -> None:
    error = sending.exception()
    if error is not None:
        log.warning("a hint was not sent: %s", type(error).__name__)
