"""One server for everything: sockets natively, pages through WSGI inside it.

Django answers a page under WSGI several times as often as under ASGI (platform.md); a2wsgi runs the
WSGI side in a few threads beside the event loop.
"""

import gc
import os
from contextlib import suppress
from threading import Thread
from typing import Any, cast

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_wsgi_application()  # before anything that imports models

from a2wsgi import WSGIMiddleware  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402
from django.db import DatabaseError, connections  # noqa: E402
from django.urls import re_path  # noqa: E402

from config.origins import SameOrigin  # noqa: E402
from config.routing import websocket_urlpatterns  # noqa: E402
from counselling import triaging  # noqa: E402
from referrals.search import searching  # noqa: E402

# They share one interpreter: more threads than this only wait for each other.
PAGE_THREADS = 4


def warm_up_search() -> None:
    """Load what a search needs, and give the thread's connection back."""
    with suppress(DatabaseError):  # without tables there is nothing to load
        searching.warm_up()
    connections.close_all()


async def unknown_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Refuse a socket at an address that there is not, instead of raising as URLRouter does."""
    await send({"type": "websocket.close", "code": 4404})


nowhere = re_path(r"", cast(Any, unknown_socket))
application = ProtocolTypeRouter(
    {
        "http": WSGIMiddleware(cast(Any, pages), workers=PAGE_THREADS),
        "websocket": SameOrigin(
            CookieMiddleware(URLRouter(cast(Any, [*websocket_urlpatterns, nowhere])))
        ),
    }
)

# The first message must not wait for the triage engine, nor count as too slow because of it.
triaging.warm_up()
# The first search must not wait for phrases, places and documents; nothing else waits for them meanwhile.
Thread(target=warm_up_search, name="search warms up", daemon=True).start()

# Whatever has been loaded by now stays: leaving it out of every collection, and collecting less often,
# avoids pauses of several hundred milliseconds with thousands of sockets (platform.md).
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
