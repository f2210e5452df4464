"""What chats are measured against: BARE_CHAT=echo (nothing is kept) or tutorial (a row for each message).

`echo` has the remedies of Lotse's own layer and sockets, so that it is as quick as Channels can be; with
BARE_LAYER=redis it has the layer of several processes instead of that in memory.
`tutorial` is as Channels' documentation leads to: its Redis layer, its dispatch, its thread.
"""

import json
import os
from typing import Any, cast

import django

django.setup()

from channels.consumer import get_handler_name  # noqa: E402
from channels.db import database_sync_to_async  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402

from benchmarks.bare.models import Said  # noqa: E402


class Tutorial(AsyncWebsocketConsumer):
    """A room: whoever says something says it to everybody in it, once its row is there."""

    async def connect(self) -> None:
        """Enter the room that the address names."""
        self.room = f"room.{self.scope['url_route']['kwargs']['room']}"
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the room."""
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Say something."""
        frame = json.loads(text_data or "")
        await self.keep(frame["text"])
        await self.channel_layer.group_send(self.room, {"type": "said", "frame": frame})

    async def keep(self, text: str) -> None:
        """Write it down."""
        await database_sync_to_async(Said.objects.create)(room=self.room, text=text)

    async def said(self, event: dict[str, Any]) -> None:
        """Pass on what somebody said."""
        await self.send(text_data=json.dumps({**event["frame"], "type": "message"}))


class Echo(Tutorial):
    """The same without a row."""

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the handler of a message, without the detour that Lotse's sockets leave out too."""
        await getattr(self, get_handler_name(message))(message)

    async def keep(self, text: str) -> None:
        """Do nothing."""


consumer = Tutorial if os.environ["BARE_CHAT"] == "tutorial" else Echo
application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter(cast(Any, [path("<room>", consumer.as_asgi())])),
    }
)
