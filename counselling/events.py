"""What reaches a browser now: hints with ids only, published when the transaction commits.

A hint may be lost; every page and socket also looks by itself. Group names are made here.
"""

from typing import Any, Protocol, cast
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import transaction


class Publisher(Protocol):
    """What a channel layer brings so that a page can send a hint (config/layers.py)."""

    def hint(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group from a thread without an event loop; nobody waits for it."""


def queue_group(team: UUID) -> str:
    """Return the group of everybody who looks at a team's queue."""
    return f"queue.{team.hex}"


def case_group(case: UUID) -> str:
    """Return the group of everybody who looks at a case."""
    return f"case.{case.hex}"


def queue_changed(team: UUID) -> None:
    """Tell a team's queue pages to look again."""
    _on_commit(queue_group(team), {"type": "changed", "what": "queue"})


def case_changed(case: UUID, seq: int) -> None:
    """Tell a case's pages that there is something up to a sequence number."""
    _on_commit(case_group(case), {"type": "changed", "what": "case", "seq": seq})


def _on_commit(group: str, message: dict[str, Any]) -> None:
    # robust: the row is committed; a layer that is down costs the hint, not the answer.
    transaction.on_commit(
        lambda: cast(Publisher, get_channel_layer()).hint(group, message), robust=True
    )
