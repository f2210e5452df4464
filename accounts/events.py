"""What reaches a browser now: hints with ids only, published when the transaction commits.

A hint may be lost; every page and socket also looks by itself. The group names of accounts are made
here; apps above publish through `publish_on_commit` and make the names of their groups themselves.
"""

from collections.abc import Callable
from typing import Any, Protocol, cast
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import transaction

Hear = Callable[[dict[str, Any]], None]


class Layer(Protocol):
    """What our channel layers bring beside what Channels asks of one (config/layers.py)."""

    def hint(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group from a thread without an event loop; nobody waits for it."""

    async def listen(self, group: str, hear: Hear) -> str:
        """Call a function with whatever is sent to a group; return its name, for `stop_listening`."""

    async def stop_listening(self, group: str, name: str) -> None:
        """Call it no more; one that is not called is no error."""

    async def forget(self, channel: str) -> None:
        """Drop what a channel still holds whose socket has ended."""


def layer() -> Layer:
    """Return the channel layer of this process."""
    return cast(Layer, get_channel_layer())


def member_group(member: UUID) -> str:
    """Return the group of every socket of a member."""
    return f"member.{member.hex}"


def person_group(user: UUID) -> str:
    """Return the group of all sockets of one person, whatever organisation they act in."""
    return f"person.{user.hex}"


def membership_ended(member: UUID) -> None:
    """Tell a member's sockets to look whether they may still be open."""
    publish_on_commit(member_group(member), {"type": "ended"})


def sessions_ended(user: UUID) -> None:
    """Tell a person's sockets to look whether their session still is there."""
    publish_on_commit(person_group(user), {"type": "ended"})


def publish_on_commit(group: str, message: dict[str, Any]) -> None:
    """Send a hint to a group when the transaction commits."""
    # robust: the row is committed; a layer that is down costs the hint, not the answer.
    transaction.on_commit(lambda: layer().hint(group, message), robust=True)
