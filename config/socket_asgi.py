"""The socket processes of a fleet: sockets, and the two signs of life; pages are answered elsewhere."""

import os
from typing import Any, cast

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_wsgi_application()  # before anything that imports models

from a2wsgi import WSGIMiddleware  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402

from config import sockets, warming  # noqa: E402

SIGNS_OF_LIFE = frozenset(["/health/", "/ready/"])
signs_of_life = WSGIMiddleware(cast(Any, pages), workers=1)


async def no_pages(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer for signs of life, and 404 for every page: the proxy sends those elsewhere."""
    if scope["path"] in SIGNS_OF_LIFE and scope["method"] == "GET":
        await signs_of_life(cast(Any, scope), receive, send)
        return
    await send(
        {"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]}
    )
    await send({"type": "http.response.body"})


application = ProtocolTypeRouter({"http": no_pages, "websocket": sockets.application})

warming.triage_beside()
sockets.settle_memory()
