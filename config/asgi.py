"""One server for everything, the embedded default: sockets natively, pages through WSGI inside it.

Django answers a page under WSGI several times as often as under ASGI (platform.md); a2wsgi runs the
WSGI side in a few threads beside the event loop.
"""

import os
from typing import Any, cast

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_wsgi_application()  # before anything that imports models

from a2wsgi import WSGIMiddleware  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402

from config import sockets, warming  # noqa: E402

# They share one interpreter: more threads than this only wait for each other.
PAGE_THREADS = 4

application = ProtocolTypeRouter(
    {
        "http": WSGIMiddleware(cast(Any, pages), workers=PAGE_THREADS),
        "websocket": sockets.application,
    }
)

warming.triage_beside()
warming.pages()
sockets.settle_memory()
