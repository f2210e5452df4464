"""What client templates may use."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts import marks
from accounts.crisis import default_lines, spoken_lines
from accounts.rules import allows
from counselling import consulting, open_alarms
from counselling.access import mark_of

LIVE_URL = "/ws/queue/"


def client(request: HttpRequest) -> dict[str, Any]:
    """Return organisation, crisis lines and ways out; error pages get the lines every page has."""
    organisation = getattr(request, "organisation", None)
    if organisation is None:
        return {"crisis_lines": default_lines()}
    case = getattr(request, "case", None)
    return {
        "org": organisation,
        "conversation": SimpleLazyObject(lambda: mark_of(case.pk)) if case else "",
        "neutral_title": _("Start") if organisation.neutral_title else "",
        "home_url": reverse("landing", args=[organisation.slug]),
        "quick_exit_url": reverse("quick-exit", args=[organisation.slug]),
        # Asked for once and only by a page that shows them; never none at all.
        "crisis_lines": SimpleLazyObject(lambda: spoken_lines(organisation.crisis_lines.all())),
    }


def consultations(request: HttpRequest) -> dict[str, Any]:
    """Return how many consultations wait for the member, asked for once and only by a page with a menu."""
    member = getattr(request, "member", None)
    if member is None or not allows(member, "consultation.see"):
        return {}
    return {"consultations_waiting": SimpleLazyObject(lambda: consulting.unanswered(member))}


def alarms(request: HttpRequest) -> dict[str, Any]:
    """Return what a member's pages say of alarms, asked for once, and where to hear of new ones."""
    member = getattr(request, "member", None)
    if member is None or not allows(member, "alarm.see"):
        return {}

    @cache
    def board() -> open_alarms.Board:
        return open_alarms.board(member, at=timezone.now())

    return {
        "board": SimpleLazyObject(board),
        "alarm_mark": SimpleLazyObject(lambda: marks.of(request, member, board(), request.path)),
        "shows_alarms": True,
        # Where somebody is led back to; an address that only takes forms shows nothing.
        "alarm_next": request.path if request.method == "GET" else "",
        "live_url": LIVE_URL,
    }
