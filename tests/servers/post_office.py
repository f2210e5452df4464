"""A real mail server on loopback that keeps what it is sent."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller


class PostOffice:
    """Keeps letters; `refuse` answers a recipient with something else than 250."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}
        self.port = 0

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Take a recipient or refuse it."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep a letter."""
        letter = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        """Return the letters to somebody, in the order in which they came."""
        return [letter for letter in self.letters if letter["To"] == address]


def text_of(letter: EmailMessage) -> str:
    """Return what stands in a letter."""
    return str(letter.get_content())


@contextmanager
def open_post_office(port: int = 0) -> Iterator[PostOffice]:
    """Run a mail server. port: 0 for a free one."""
    office = PostOffice()
    if not port:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    office.port = port
    try:
        yield office
    finally:
        controller.stop()
