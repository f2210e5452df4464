"""All sockets."""

from counselling.routing import websocket_urlpatterns as counselling_sockets
from reporting.routing import websocket_urlpatterns as reporting_sockets

websocket_urlpatterns = [*counselling_sockets, *reporting_sockets]
