"""The ground for every socket of staff: who it is, asked at connect and again before each delivery."""

from typing import Any

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django_otp.middleware import OTPMiddleware

from accounts import queries
from accounts.events import person_group
from accounts.models import Membership

SIGNED_OUT = 4401  # close code: sign in again
NOT_THERE = 4404  # close code: there is no such thing for this member
NOTHING_TO_SAY = 4400  # close code: this socket only listens


class StaffConsumer(AsyncJsonWebsocketConsumer):
    """A socket that tells a member when to look again. It never carries content.

    Subclasses say in `groups_for` which groups the member may listen to.
    """

    member: Membership

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the handler of a message.

        Channels' own `dispatch` also hops to a thread for every event to close old connections, which
        doubles the cost of a hint (platform.md); all database access here goes through
        `database_sync_to_async`, which does that itself.
        """
        handler = getattr(self, get_handler_name(message), None)
        if handler is None:
            raise ValueError("no handler for this type of message")
        await handler(message)

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
            self.groups = [*groups, person_group(member.user_id)]
            for group in self.groups:
                await self.channel_layer.group_add(group, self.channel_name)

    async def changed(self, event: dict[str, Any]) -> None:
        """Pass a hint on, if the member may still get it."""
        if await self._may_go_on():
            await self.send_json(event)

    async def access_changed(self, event: dict[str, Any]) -> None:
        """Close, unless the member may still listen: a session, a place or a role has ended."""
        await self._may_go_on()

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
        member = member_of_cookie(self._session_cookie())
        return member, self.groups_for(member) if member else None

    def _session_cookie(self) -> str:
        cookies: dict[str, str] = self.scope.get("cookies", {})
        return cookies.get(settings.SESSION_COOKIE_NAME, "")


def member_of_cookie(cookie: str) -> Membership | None:
    """Return who is signed in, second factor included, under a session cookie's value."""
    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(cookie or None)
    request.user = get_user(request)
    # The same door as for pages: the second factor is read by django-otp from the session.
    OTPMiddleware(lambda _request: HttpResponse())(request)
    return queries.current_member(request)
