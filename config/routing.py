"""All sockets."""

from counselling.routing import websocket_urlpatterns as counselling_sockets

websocket_urlpatterns = [*counselling_sockets]
