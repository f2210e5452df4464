"""All sockets."""

from chat.routing import websocket_urlpatterns as chat_sockets
from counselling.routing import websocket_urlpatterns as counselling_sockets
from reporting.routing import websocket_urlpatterns as reporting_sockets

websocket_urlpatterns = [*counselling_sockets, *chat_sockets, *reporting_sockets]
