"""Ends of chats, as browsers or somebody's own programs open them."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.sessions import CookieMiddleware
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from chat.operations import seats
from config.routing import websocket_urlpatterns
from counselling.access import CASE_KEY, HOLDER_KEY
from tests.chat.house import Entered
from tests.factories.sessions import signed_in

PATIENCE = 30  # seconds: so long that a busy machine is not taken for a broken wire


class Wire:
    """One end of a chat, as a browser or somebody's own program opens it."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.communicator = communicator

    async def put(self, **frame: Any) -> None:
        await self.communicator.send_json_to(frame)

    async def hello(self, after: int = 0) -> dict[str, Any]:
        await self.put(type="hello", v=1, after=after)
        return await self.next("welcome")

    async def get(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.communicator.receive_json_from(timeout=PATIENCE)
        return found

    async def next(self, kind: str) -> dict[str, Any]:
        """Return the next frame of a kind; others on the way are passed over."""
        while True:
            frame = await self.get()
            if frame["type"] == kind:
                return frame

    async def messages(self, count: int) -> list[dict[str, Any]]:
        return [await self.next("message") for _number in range(count)]

    async def say(self, text: str, token: str = "", **more: Any) -> str:
        sent = token or str(uuid4())
        await self.put(type="send", id=sent, text=text, **more)
        return sent

    async def closed(self) -> tuple[int, str]:
        """Return the code with which the server closes, and the last error that it named."""
        error = ""
        while True:
            event = await self.communicator.receive_output(timeout=PATIENCE)
            if event["type"] == "websocket.close":
                # A real server takes a number and nothing that only equals one.
                assert type(event["code"]) is int
                return event["code"], error
            if '"error"' in event["text"]:
                error = event["text"].split('"error": "')[1].split('"')[0]


@asynccontextmanager
async def socket(path: str, browser: Client) -> AsyncIterator[Wire]:
    value = browser.cookies[settings.SESSION_COOKIE_NAME].value if browser.cookies else ""
    communicator = WebsocketCommunicator(
        CookieMiddleware(URLRouter(websocket_urlpatterns)),
        path,
        headers=[(b"cookie", f"{settings.SESSION_COOKIE_NAME}={value}".encode())],
    )
    connected, _protocol = await communicator.connect(timeout=PATIENCE)
    assert connected
    try:
        yield Wire(communicator)
    finally:
        await communicator.disconnect(timeout=PATIENCE)


def with_code(entered: Entered) -> Client:
    """Return a browser whose session knows the case, as after the code was typed."""
    browser = Client()
    session = browser.session
    holder = entered.holder
    session[CASE_KEY] = str(entered.pk)
    session[HOLDER_KEY] = b64encode(holder.key).decode()
    session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return browser


@asynccontextmanager
async def parent(entered: Entered) -> AsyncIterator[Wire]:
    browser = await sync_to_async(with_code)(entered)
    async with socket("/ws/chat/", browser) as wire:
        yield wire


@asynccontextmanager
async def colleague(member: Membership, entered: Entered) -> AsyncIterator[Wire]:
    browser = await sync_to_async(signed_in)(member)
    async with socket(f"/ws/chats/{entered.pk}/", browser) as wire:
        yield wire


async def sit(entered: Entered, by: Membership) -> None:
    await sync_to_async(seats.take)(case=entered.pk, by=by, at=timezone.now())
