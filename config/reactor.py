"""Twisted's reactor on asyncio, but for when it writes: at once where the other end takes it.

The stock one registers each write with the poll, waits for the poll to say that the socket takes it, writes,
and deregisters: two system calls and a turn of the loop more than the write itself. Nearly always a socket
takes it. Here whatever was written in a turn of the loop is handed over at its end, and the poll is asked
only about the rest. What is written, and in which order, stays Twisted's own doing.
"""

import asyncio
import sys
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.main import installReactor
from twisted.internet.tcp import Server
from twisted.python.log import callWithLogger


class PromptReactor(AsyncioSelectorReactor):  # type: ignore[misc]  # brings no types
    """Writes before it asks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._soon: dict[Any, None] = {}  # who has something to write in this turn
        self._is_called = False
        super().__init__(loop)

    def addWriter(self, writer: Any) -> None:  # noqa: N802 - Twisted's name
        """Let somebody write: at the end of the turn, or when their socket takes it again."""
        # Nobody else: while a client connects, the poll alone knows when it has.
        if not isinstance(writer, Server) or writer in self._writers:
            super().addWriter(writer)
            return
        self._soon[writer] = None
        if not self._is_called:
            self._is_called = True
            self._asyncioEventloop.call_soon(self._write)

    def removeWriter(self, writer: Any) -> None:  # noqa: N802 - Twisted's name
        """Let them write no more."""
        if writer in self._soon:
            del self._soon[writer]
        else:
            super().removeWriter(writer)

    def getWriters(self) -> list[Any]:  # noqa: N802 - Twisted's name
        """Return who has something to write."""
        return [*super().getWriters(), *self._soon]

    def removeAll(self) -> list[Any]:  # noqa: N802 - Twisted's name
        """Forget everybody, and return who they were."""
        soon, self._soon = self._soon, {}
        found: list[Any] = super().removeAll()
        return [*found, *(writer for writer in soon if writer not in found)]

    def _write(self) -> None:
        self._is_called = False
        for writer in list(self._soon):
            if writer in self._soon:  # nobody before has closed it
                callWithLogger(writer, self._readOrWrite, writer, False)
            if writer in self._soon:  # it has more than its socket takes
                del self._soon[writer]
                super().addWriter(writer)


def install() -> None:
    """Make it this process's reactor. Call it before anything imports one, as Daphne's server does."""
    if "twisted.internet.reactor" not in sys.modules:
        installReactor(PromptReactor(asyncio.new_event_loop()))
