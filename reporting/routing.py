"""Where reporting's socket is."""

from typing import Any, cast

from django.urls import path

from reporting.consumers import SupervisionConsumer

# Django's stubs know only pages behind `path`; URLRouter takes ASGI applications.
websocket_urlpatterns = [
    path("ws/leitung/", cast(Any, SupervisionConsumer.as_asgi()), name="ws-supervision")
]
