"""Where counselling's sockets are."""

from typing import Any, cast

from django.urls import path

from counselling.consumers import CaseConsumer, QueueConsumer

# Django's stubs know only pages behind `path`; URLRouter takes ASGI applications.
websocket_urlpatterns = [
    path("ws/queue/", cast(Any, QueueConsumer.as_asgi()), name="ws-queue"),
    path("ws/cases/<uuid:case>/", cast(Any, CaseConsumer.as_asgi()), name="ws-case"),
]
