"""The ground for every socket; for those of staff: who it is, asked at connect and before each delivery."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django_otp.middleware import OTPMiddleware

from accounts import queries
from accounts.events import member_group, person_group
from accounts.models import Membership

log = logging.getLogger("lotse.sockets")
Watched = TypeVar("Watched", bound="Socket")

SIGNED_OUT = 4401  # close code: sign in again
NOT_THERE = 4404  # close code: there is no such thing for this member
NOTHING_TO_SAY = 4400  # close code: this socket only listens
IN_A_ROW = 8  # messages that one socket may have handled before all others have their turn


class Socket(AsyncWebsocketConsumer):
    """What all sockets share: the session's cookie, and messages without a detour."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle what comes from the other end and from the layer, one message after the other.

        Channels' own way makes a task for each message and waits for whichever of two is done first, which
        costs as much as most messages themselves; here two tasks wait for as long as the socket is open.
        """
        self.scope, self.base_send = scope, send
        layer: Any = get_channel_layer(self.channel_layer_alias)
        self.channel_layer = layer
        self.channel_name = await layer.new_channel()
        turn = asyncio.Lock()
        sources = (receive, partial(layer.receive, self.channel_name))
        handling = [asyncio.create_task(self._handle(source, turn)) for source in sources]
        try:
            ended, _other = await asyncio.wait(handling, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        except StopConsumer:
            pass
        finally:
            for task in handling:
                task.cancel()
            await asyncio.gather(*handling, return_exceptions=True)
            await layer.forget(self.channel_name)

    async def _handle(self, source: Callable[[], Awaitable[Any]], turn: asyncio.Lock) -> None:
        while True:
            # A source that is full never waits, and neither would the others get to theirs.
            await asyncio.sleep(0)
            for _message in range(IN_A_ROW):
                message = await source()
                async with turn:
                    await self.dispatch(message)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the handler of a message.

        Channels' own `dispatch` also hops to a thread for every event to close old connections, which
        doubles the cost of a hint (platform.md); all database access of sockets goes through
        `database_sync_to_async` or the chat's `asked`, which do that themselves.
        """
        handler = getattr(self, get_handler_name(message), None)
        if handler is None:
            raise ValueError("no handler for this type of message")
        await handler(message)

    @property
    def cookie(self) -> str:
        """Return the session cookie's value that came with the handshake."""
        cookies: dict[str, str] = self.scope.get("cookies", {})
        return cookies.get(settings.SESSION_COOKIE_NAME, "")


class StaffConsumer(Socket, AsyncJsonWebsocketConsumer):
    """A socket that tells a member when to look again. It never carries content.

    Subclasses say in `groups_for` which groups the member may listen to.
    """

    member: Membership

    def groups_for(self, member: Membership) -> list[str] | None:
        """Return the groups that this socket joins, or None when there is nothing for the member.

        Asked at connect and before each delivery.
        """
        raise NotImplementedError

    async def connect(self) -> None:
        """Accept, then join the member's groups or close with a code that says why not."""
        await self.accept()
        member, groups = await self._who_and_where()
        if member is None:
            await self.close(SIGNED_OUT)
        elif groups is None:
            await self.close(NOT_THERE)
        else:
            self.member = member
            self.groups = [*groups, member_group(member.pk), person_group(member.user_id)]
            for group in self.groups:
                await self.channel_layer.group_add(group, self.channel_name)
            watched.add(self)

    async def disconnect(self, code: int) -> None:
        """Stop watching."""
        watched.discard(self)

    async def changed(self, event: dict[str, Any]) -> None:
        """Pass a hint on, if the member may still get it."""
        if await self._may_go_on():
            await self.send_json(event)

    async def ended(self, _event: dict[str, Any]) -> None:
        """Close if the membership has ended: a hint says that it has."""
        member, groups = await self._who_and_where()
        if member is None or groups is None or member.pk != self.member.pk:
            await self.close(SIGNED_OUT)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Close: this socket only listens."""
        await self.close(NOTHING_TO_SAY)

    async def _may_go_on(self) -> bool:
        member, groups = await self._who_and_where()
        if member is None or groups is None:
            await self.close(SIGNED_OUT if member is None else NOT_THERE)
            return False
        return True

    @database_sync_to_async
    def _who_and_where(self) -> tuple[Membership | None, list[str] | None]:
        member = member_of_cookie(self.cookie)
        return member, self.groups_for(member) if member else None


class Watch(Generic[Watched]):
    """Looks every second whether sockets of this process may stay, at all of an event loop together.

    A hint says who may not, but may be lost. look: asks about all with one query, closes who must go.
    """

    EVERY = 1.0  # seconds; who has left is out within two

    def __init__(self, look: Callable[[list[Watched]], Awaitable[None]]) -> None:
        self._look_at = look
        self._sockets: dict[asyncio.AbstractEventLoop, set[Watched]] = {}
        self._looking: dict[asyncio.AbstractEventLoop, asyncio.Task[None]] = {}

    def add(self, socket: Watched) -> None:
        """Watch a socket of the running loop."""
        loop = asyncio.get_running_loop()
        self._sockets.setdefault(loop, set()).add(socket)
        if loop not in self._looking:
            self._looking[loop] = loop.create_task(self._look(loop))

    def discard(self, socket: Watched) -> None:
        """Watch a socket no more; one that is not watched is no error."""
        loop = asyncio.get_running_loop()
        self._sockets.get(loop, set()).discard(socket)
        if not self._sockets.get(loop):
            self._sockets.pop(loop, None)
            looking = self._looking.pop(loop, None)
            if looking is not None and looking is not asyncio.current_task():
                looking.cancel()

    async def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        while sockets := self._sockets.get(loop):
            await asyncio.sleep(self.EVERY)
            try:
                await self._look_at(list(sockets))
            except DatabaseError as error:
                log.warning("sockets could not be watched: %s", type(error).__name__)
        self._looking.pop(loop, None)


async def _close_who_has_left(sockets: list[StaffConsumer]) -> None:
    left = await _who_has_left({socket.member.pk for socket in sockets})
    for socket in [socket for socket in sockets if socket.member.pk in left]:
        watched.discard(socket)
        await socket.close(SIGNED_OUT)


@database_sync_to_async
def _who_has_left(members: set[UUID]) -> set[UUID]:
    return queries.ended(members)


watched = Watch(_close_who_has_left)


def member_of_cookie(cookie: str) -> Membership | None:
    """Return who is signed in, second factor included, under a session cookie's value."""
    return queries.current_member(request_of_cookie(cookie))


def request_of_cookie(cookie: str) -> HttpRequest:
    """Return a request as a page would get it that comes with a session cookie of this value."""
    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(cookie or None)
    request.user = get_user(request)
    # The same door as for pages: the second factor is read by django-otp from the session.
    OTPMiddleware(lambda _request: HttpResponse())(request)
    return request
