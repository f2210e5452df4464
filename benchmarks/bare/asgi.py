"""The same server as Lotse's: pages through WSGI inside Daphne."""

from typing import Any, cast

from a2wsgi import WSGIMiddleware
from channels.routing import ProtocolTypeRouter
from django.core.wsgi import get_wsgi_application

application = ProtocolTypeRouter(
    {"http": WSGIMiddleware(cast(Any, get_wsgi_application()), workers=4)}
)
