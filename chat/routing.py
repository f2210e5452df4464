"""Where the chat's sockets are. A client's address names no case."""

from typing import Any, cast

from django.urls import path

from chat.consumers import ClientChat, TeamChat

# Django's stubs know only pages behind `path`; URLRouter takes ASGI applications.
websocket_urlpatterns = [
    path("ws/chat/", cast(Any, ClientChat.as_asgi()), name="ws-chat"),
    path("ws/chats/<uuid:case>/", cast(Any, TeamChat.as_asgi()), name="ws-team-chat"),
]
