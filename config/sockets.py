"""All sockets, for whichever server: at the addresses that there are, from pages of this very site."""

import asyncio
import gc
from typing import Any, cast

from channels.routing import URLRouter
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.urls import re_path

from config.origins import SameOrigin
from config.routing import websocket_urlpatterns
from reporting.traffic import traffic

TELL_EVERY = 10.0  # seconds


async def unknown_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Refuse a socket at an address that there is not, instead of raising as URLRouter does."""
    await send({"type": "websocket.close", "code": 4404})


nowhere = re_path(r"", cast(Any, unknown_socket))
routed = SameOrigin(CookieMiddleware(URLRouter(cast(Any, [*websocket_urlpatterns, nowhere]))))
telling: "set[asyncio.Task[None]]" = set()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer a socket, and count it while it is open."""
    if settings.REDIS_URL and not telling:
        telling.add(asyncio.get_running_loop().create_task(_tell_on_and_on()))
    with traffic.open_socket():
        await routed(scope, receive, send)


async def _tell_on_and_on() -> None:
    """Tell the other processes how many sockets are open here, until the process ends."""
    while True:
        await asyncio.to_thread(traffic.tell_sockets)
        await asyncio.sleep(TELL_EVERY)


def settle_memory() -> None:
    """Leave out of every collection what has been loaded by now, and collect less often.

    That avoids pauses of several hundred milliseconds with thousands of sockets (platform.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
