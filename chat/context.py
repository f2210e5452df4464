"""What templates may use of chats."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.rules import allows
from chat import queries


def chats(request: HttpRequest) -> dict[str, Any]:
    """Return where the chat is that goes on in a page's case, and where an organisation chats.

    Nothing leads to the chat of an organisation that offers none.
    """
    case = getattr(request, "case", None)
    organisation = getattr(request, "organisation", None)
    member = getattr(request, "member", None)

    # Each asked for once and only by a page that shows it.
    def desk() -> str:
        return reverse("chat-desk") if case and queries.open_chat(case.pk) else ""

    def room() -> str:
        if case is None or organisation is None or queries.open_chat(case.pk) is None:
            return ""
        return reverse("chat-room", args=[organisation.slug])

    def door() -> str:
        if organisation is None or not queries.rules(organisation.pk).offered:
            return ""
        return reverse("chat", args=[organisation.slug])

    def offered_desk() -> str:
        if member is None or not allows(member, "chat.desk"):
            return ""
        return reverse("chat-desk") if queries.rules(member.organisation_id).offered else ""

    if member is not None:
        return {
            "chat_desk_url": SimpleLazyObject(desk),
            "chats_url": SimpleLazyObject(offered_desk),
        }
    return {"chat_room_url": SimpleLazyObject(room), "chat_url": SimpleLazyObject(door)}
