"""A WebSocket client on bare asyncio streams: what a program of somebody else's would open, and cut."""

import asyncio
import os
import struct
from base64 import b64encode

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
DROPPED = 1006  # what a browser calls a connection that went without a close frame


class Closed(Exception):
    """The connection is over. `code`: the server's, DROPPED where it went without one."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Refused(Exception):
    """The handshake was answered with something else than 101. `status`: what."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class WebSocket:
    """One open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(
        cls, port: int, path: str, *, cookie: str = "", origin: str | None = ""
    ) -> "WebSocket":
        """Connect to a port of this machine. origin: empty for the server's own, None for none.

        Raises Refused, or OSError where nobody listens.
        """
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(handshake(port, path, cookie=cookie, origin=origin))
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            raise ConnectionResetError from None
        status = int(head.split()[1])
        if status != 101:
            writer.close()
            raise Refused(status)
        return cls(reader, writer)

    def put(self, text: str) -> None:
        """Send a text; nobody waits for it to leave."""
        self.put_raw(frame(text.encode()))

    def put_raw(self, data: bytes) -> None:
        """Send bytes, whatever they are."""
        self._writer.write(data)

    async def get(self) -> str:
        """Return the next text. Raises Closed."""
        while True:
            kind, data = await self._frame()
            if kind == TEXT:
                return data.decode()
            if kind == PING:
                self._writer.write(frame(data, kind=PONG))
            elif kind == CLOSE:
                self.drop()
                raise Closed(int.from_bytes(data[:2], "big") if data else 1005)

    def cut_in_frame(self) -> None:
        """Send the first half of a frame, and go."""
        whole = frame(b'{"type":"typing"}')
        self._writer.write(whole[: len(whole) // 2])
        self.drop()

    def drop(self) -> None:
        """Go without a word."""
        self._writer.close()

    async def _frame(self) -> tuple[int, bytes]:
        try:
            first, length = await self._reader.readexactly(2)
            size = length & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", await self._reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", await self._reader.readexactly(8))
            return first & 0x0F, await self._reader.readexactly(size) if size else b""
        except (asyncio.IncompleteReadError, OSError):
            self.drop()
            raise Closed(DROPPED) from None


def frame(data: bytes, *, kind: int = TEXT, is_masked: bool = True, is_final: bool = True) -> bytes:
    """Return a frame of a client: masked as it must be, by a mask that changes nothing."""
    size, mask = len(data), 0x80 if is_masked else 0
    first = kind | (0x80 if is_final else 0)
    if size < 126:
        head = struct.pack(">BB", first, mask | size)
    elif size < 2**16:
        head = struct.pack(">BBH", first, mask | 126, size)
    else:
        head = struct.pack(">BBQ", first, mask | 127, size)
    return head + (b"\0\0\0\0" if is_masked else b"") + data


def handshake(port: int, path: str, *, cookie: str = "", origin: str | None = "") -> bytes:
    """Return the request that opens a socket."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
    ]
    if origin is not None:
        lines.append(f"Origin: {origin or f'http://127.0.0.1:{port}'}")
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return "\r\n".join([*lines, "", ""]).encode()
