"""What templates may use of chats."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts import marks
from accounts.models import Membership, Organisation, Team
from accounts.rules import allows
from chat import queries
from counselling.models import Case


def chats(request: HttpRequest) -> dict[str, Any]:
    """Return where the chat is that goes on in a page's case, where an organisation chats, and who waits there.

    Nothing leads to the chat of an organisation that offers none. Each address is asked for once and
    only by a page that shows it.
    """
    case = getattr(request, "case", None)
    member = getattr(request, "member", None)
    if member is not None:
        return _for_team(request, member, case)
    organisation = getattr(request, "organisation", None)
    return {} if organisation is None else _for_client(organisation, case)


def _for_team(request: HttpRequest, member: Membership, case: Case | None) -> dict[str, Any]:
    def desk() -> str:
        return reverse("chat-desk") if case and queries.open_chat(case.pk) else ""

    def offered_desk() -> str:
        if not allows(member, "chat.desk"):
            return ""
        return reverse("chat-desk") if queries.rules(member.organisation_id).offered else ""

    chats_url = SimpleLazyObject(offered_desk)

    def call() -> dict[str, Any]:
        # The desk has the line itself.
        if not chats_url or request.path.startswith(str(chats_url)):
            return {}
        return call_of(request, member)

    return {
        "chat_desk_url": SimpleLazyObject(desk),
        "chats_url": chats_url,
        "chat_call": SimpleLazyObject(call),
    }


def call_of(request: HttpRequest, member: Membership) -> dict[str, Any]:
    """Return how many chats somebody may take, and the mark of that."""
    count = queries.how_many_wait(member)
    return {"waiting": count, "mark": marks.of(request, member, count)}


def _for_client(organisation: Organisation, case: Case | None) -> dict[str, Any]:
    def room() -> str:
        if case is None or queries.open_chat(case.pk) is None:
            return ""
        return reverse("chat-room", args=[organisation.slug])

    room_url = SimpleLazyObject(room)

    def now() -> str:
        """Return where somebody gets into the chat at this moment."""
        team = case.team if case else organisation.intake_team
        if room_url or not _is_open(organisation, team):
            return ""
        return reverse("chat-begin" if case else "chat", args=[organisation.slug])

    def door() -> str:
        if not queries.rules(organisation.pk).offered:
            return ""
        return reverse("chat", args=[organisation.slug])

    return {
        "chat_room_url": room_url,
        "chat_now_url": SimpleLazyObject(now),
        "chat_url": SimpleLazyObject(door),
    }


def _is_open(organisation: Organisation, team: Team | None) -> bool:
    return queries.opening_of(organisation, team, at=timezone.now()).shut is None
