"""Daphne that says goodbye: on SIGTERM every socket is closed with a code that means "come back".

Daphne itself ends its applications at once, and browsers only notice a broken line. Run it as
`python -m config.draining_daphne` with Daphne's own arguments. Its frames cost less than Daphne's own
(`reactor`, `websocket`).
"""

import asyncio
import sys
from typing import Any

from config import reactor

reactor.install()  # or Daphne would install the stock one

from daphne.cli import CommandLineInterface  # noqa: E402 - after the reactor
from daphne.server import Server  # noqa: E402 - after the reactor
from daphne.ws_protocol import WebSocketFactory  # noqa: E402 - after the reactor
from twisted.internet import defer  # noqa: E402 - after the reactor

from chat.protocol import Close  # noqa: E402 - after the reactor; pure, it knows no Django
from config.websocket import LeanWebSocket  # noqa: E402 - after the reactor

PATIENCE = 6.0  # seconds that sockets and requests have to end


class DrainingServer(Server):  # type: ignore[misc]  # brings no types
    """Daphne's server with an end in three steps: take nobody new, close and wait, then end the rest."""

    def kill_all_applications(self) -> Any:
        """Return what Twisted waits for before it stops."""
        loop = asyncio.get_event_loop()
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._drain(), loop=loop))

    async def _drain(self) -> None:
        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        for protocol in list(self.connections):
            if hasattr(protocol, "serverClose"):
                protocol.serverClose(int(Close.AWAY))  # a bare number: Autobahn wants one
        applications = [
            details["application_instance"]
            for details in self.connections.values()
            if details.get("application_instance")
        ]
        if not applications:
            return
        _ended, running = await asyncio.wait(applications, timeout=PATIENCE)
        for application in running:
            application.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class Interface(CommandLineInterface):  # type: ignore[misc]  # brings no types
    """Daphne's command line for that server."""

    server_class = DrainingServer


WebSocketFactory.protocol = LeanWebSocket

if __name__ == "__main__":
    Interface().run(sys.argv[1:])
