"""Daphne's WebSocket without what each frame costs and serves nobody.

Autobahn makes coloured texts for a debug log at each read and each write, before it asks whether anybody
keeps such a log, and tells listeners of a kind that Daphne does not have. All that the standard asks for
stays with Autobahn.
"""

from daphne.ws_protocol import WebSocketProtocol


class LeanWebSocket(WebSocketProtocol):  # type: ignore[misc]  # brings no types
    """One connection."""

    message_data: list[bytes] | None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Take what has arrived."""
        self._dataReceived(data)

    def sendData(  # noqa: N802 - Autobahn's name
        self,
        data: bytes,
        sync: bool = False,
        chopsize: int | None = None,
    ) -> None:
        """Write to the other end."""
        if sync or chopsize or self.send_queue or self.state != self.STATE_OPEN:
            super().sendData(data, sync, chopsize)
        else:
            self.transport.write(data)
            self.trafficStats.outgoingOctetsWireLevel += len(data)

    def serverSend(self, content: str | bytes, binary: bool = False) -> None:  # noqa: N802 - Daphne's name
        """Send what the application says, but nothing any more once either side has begun to close.

        Autobahn raises then, and the application would end before it hears that the socket has gone: nobody
        would be told that somebody left, and each break would fill the log with an error.
        """
        if self.state in (self.STATE_CONNECTING, self.STATE_OPEN):
            super().serverSend(content, binary)

    def onMessageEnd(self) -> None:  # noqa: N802 - Autobahn's name
        """Hand on a message that has arrived as a whole."""
        if self.message_data is not None and not self.failedByMe:
            self._onMessage(b"".join(self.message_data), self.message_is_binary)
        self.message_data = None
