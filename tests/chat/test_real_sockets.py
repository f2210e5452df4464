"""Bytes that no browser sends, at a real server: a documented close, and everybody else goes on."""

import json
import os
import socket
import struct
from base64 import b64encode
from contextlib import closing
from typing import Any

import pytest

from chat.protocol import Close
from tests.servers.lotse import Lotse

TEXT, BINARY, CLOSE = 1, 2, 8
DROPPED = 1006  # what a browser calls a connection that went without a close frame
PATIENCE = 60  # seconds: so long that a busy machine is not taken for a broken server


class RawSocket:
    """A WebSocket byte by byte, so that it can be wrong in any way."""

    def __init__(self, lotse: Lotse, path: str = "/ws/chat/", origin: str | None = "") -> None:
        self.tcp = socket.create_connection(("127.0.0.1", lotse.port), timeout=PATIENCE)
        headers = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{lotse.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
        ]
        if origin is not None:
            headers.append(f"Origin: {origin or lotse.url}")
        self.tcp.sendall("\r\n".join([*headers, "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.tcp.recv(1)
        self.status = int(head.split()[1])

    def put(
        self, data: bytes, *, kind: int = TEXT, masked: bool = True, final: bool = True
    ) -> None:
        """Send one frame."""
        first, mask = (0x80 if final else 0) | kind, 0x80 if masked else 0
        if len(data) < 126:
            head = struct.pack(">BB", first, mask | len(data))
        elif len(data) < 2**16:
            head = struct.pack(">BBH", first, mask | 126, len(data))
        else:
            head = struct.pack(">BBQ", first, mask | 127, len(data))
        key = os.urandom(4) if masked else b""
        body = bytes(byte ^ key[place % 4] for place, byte in enumerate(data)) if masked else data
        self.tcp.sendall(head + key + body)

    def get(self) -> tuple[int, bytes]:
        """Return the next frame's kind and data."""
        first, length = self._read(2)
        size = length & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", self._read(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self._read(8))
        return first & 0x0F, self._read(size)

    def closed(self) -> int:
        """Return the code with which the server closes; DROPPED where it goes without one."""
        while True:
            try:
                kind, data = self.get()
            except (ConnectionError, EOFError):
                return DROPPED
            if kind == CLOSE:
                code: int = struct.unpack(">H", data[:2])[0]
                return code

    def close(self) -> None:
        """Go without a word."""
        self.tcp.close()

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.tcp.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data


def raw(lotse: Lotse) -> "closing[RawSocket]":
    return closing(RawSocket(lotse))


def frame(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def test_who_knows_no_code_is_told_so_by_the_close_code(live_lotse: Lotse) -> None:
    with raw(live_lotse) as stranger:
        assert stranger.status == 101
        stranger.put(frame(type="hello", v=1))
        assert stranger.closed() == Close.SIGNED_OUT


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_another_sites_page_gets_no_socket(live_lotse: Lotse, origin: str | None) -> None:
    with closing(RawSocket(live_lotse, origin=origin)) as foreign:
        assert foreign.status == 403


@pytest.mark.parametrize(
    ("data", "more", "code"),
    [
        (b"\xff\xfe", {}, DROPPED),
        (b'{"type":"ping"}', {"masked": False}, DROPPED),
        (b"x" * 70_000, {}, DROPPED),
        (b"x" * 40_000, {}, Close.TOO_LARGE),
        (b"[" * 30_000, {}, Close.MALFORMED),
        (b'{"type":"ping"}', {"kind": BINARY}, Close.MALFORMED),
        (b"x", {"kind": 3}, DROPPED),
    ],
)
def test_wrong_bytes_end_their_own_socket_by_a_documented_code(
    live_lotse: Lotse, data: bytes, more: dict[str, Any], code: int
) -> None:
    with raw(live_lotse) as wrong:
        wrong.put(data, **more)
        assert wrong.closed() == code
    with raw(live_lotse) as next_one:
        next_one.put(frame(type="hello", v=9))
        assert next_one.closed() == Close.WRONG_VERSION


def test_a_frame_in_many_pieces_is_one_frame(live_lotse: Lotse) -> None:
    with raw(live_lotse) as slow:
        whole = frame(type="hello", v=2)
        slow.put(whole[:5], final=False)
        for byte in whole[5:-1]:
            slow.put(bytes([byte]), kind=0, final=False)
        slow.put(whole[-1:], kind=0)
        assert slow.closed() == Close.WRONG_VERSION


def test_a_connection_cut_in_the_middle_of_a_frame_harms_nobody(live_lotse: Lotse) -> None:
    for _time in range(20):
        with raw(live_lotse) as cut:
            cut.tcp.sendall(b"\x81\xfe\x10\x00abcd{")
    with raw(live_lotse) as next_one:
        next_one.put(frame(type="drop"))
        assert next_one.closed() == Close.MALFORMED
