"""Asks a ClamAV daemon about a file, if there is one (LOTSE_CLAMD_URL).

clamd(8), INSTREAM: the file goes in pieces, each behind its length in four bytes, an empty piece ends
it; one line comes back. Kept libraries for this would bring more than these lines.
"""

import socket
import struct
from urllib.parse import urlsplit

from django.conf import settings

from counselling.uploads.kinds import Reason, Refused

PATIENCE = 20.0  # seconds for each step of the conversation
PIECE = 256 * 1024  # bytes
LONGEST_ANSWER = 4096  # bytes


def scan(data: bytes) -> None:
    """Let the daemon look at a file; do nothing where none is set up.

    Raises Refused: INFECTED for what it knows, NOT_SCANNED when it does not answer as it should. An
    unscanned file is not let through: who sets up a scanner relies on it.
    """
    if not settings.CLAMD_URL:
        return
    try:
        answer = _ask(settings.CLAMD_URL, data)
    except (OSError, ValueError):
        raise Refused(Reason.NOT_SCANNED) from None
    if answer.endswith(b" FOUND"):
        raise Refused(Reason.INFECTED)
    if answer != b"stream: OK":
        raise Refused(Reason.NOT_SCANNED)


def _ask(address: str, data: bytes) -> bytes:
    with _connected(address) as daemon:
        daemon.sendall(b"zINSTREAM\0")
        view = memoryview(data)
        for start in range(0, len(view), PIECE):
            piece = view[start : start + PIECE]
            daemon.sendall(struct.pack(">I", len(piece)))
            daemon.sendall(piece)
        daemon.sendall(struct.pack(">I", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
            part = daemon.recv(LONGEST_ANSWER)
            if not part:
                break
            answer += part
    return answer.rstrip(b"\0\n")


def _connected(address: str) -> socket.socket:
    parts = urlsplit(address)
    if parts.scheme == "unix":
        daemon = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        daemon.settimeout(PATIENCE)
        try:
            daemon.connect(parts.path)
        except OSError:
            daemon.close()
            raise
        return daemon
    if parts.scheme == "tcp" and parts.hostname:
        return socket.create_connection((parts.hostname, parts.port or 3310), PATIENCE)
    raise ValueError("LOTSE_CLAMD_URL is neither unix:///path nor tcp://host:port")
