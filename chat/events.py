"""The hints of chats: a line moved, somebody types, somebody is there. Group names are made here.

What is typed travels in none of them. Typing and presence are lossy and nowhere stored.
"""

from uuid import UUID

from accounts.events import publish_on_commit
from counselling.events import case_group

__all__ = ["case_group", "chat_moved", "line_group", "marks_moved", "room_group"]


def room_group(case: UUID) -> str:
    """Return the group of everybody who is in a case's chat."""
    return f"room.{case.hex}"


def line_group(team: UUID) -> str:
    """Return the group of everybody who waits for a team or looks at its line."""
    return f"line.{team.hex}"


def chat_moved(case: UUID, team: UUID) -> None:
    """Tell a chat that it moved, and those who wait in its team's line to look again."""
    publish_on_commit(room_group(case), {"type": "moved"})
    publish_on_commit(line_group(team), {"type": "line.moved"})


def marks_moved(case: UUID) -> None:
    """Tell a chat that somebody has read on."""
    publish_on_commit(room_group(case), {"type": "moved"})
