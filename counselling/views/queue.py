"""The lists of the team: what is next and why, what I have, what the others have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts import marks
from accounts.access import StaffRequest, staff
from accounts.models import Membership
from counselling import glances, queries, roster
from counselling.context import LIVE_URL
from counselling.models import Case
from counselling.states import CaseState
from counselling.views import rows

MINE_SHOWN = 3  # own cases on the queue page; they must not push what waits out of sight
CLOSED_TAB = "abgeschlossen"
_COUNT = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Count:
    """How many wait at one urgency, in words that stand beside its badge."""

    urgency: int
    words: str


@require_GET
@staff("queue.see")
def queue(request: HttpRequest) -> HttpResponse:
    """Show who waits in the member's teams, in the order in which to take them.

    With HX-Request only the part that changes, if it does. Pages after the first are rarely left open;
    they are drawn anew each time.
    """
    member = cast(StaffRequest, request).member
    at = timezone.now()
    after = request.GET.get("after", "")
    mark = "" if after else _mark_of_queue(request, member, at=at)
    if marks.is_shown(request, mark):
        return marks.nothing_new()
    page = queries.waiting(member, after=after)
    mine = [case for case in queries.held_by(member) if _client_waits(case)]
    next_up = _first([*mine[:1], *([] if after else page.cases[:1])])
    return render(
        request,
        _template(request, "queue"),
        {
            "live_url": LIVE_URL,
            "mine": rows.rows(
                mine[:MINE_SHOWN],
                at=at,
                next_up=next_up,
                returning=roster.returning_soon(member),
            ),
            "more_of_mine": _more_of_mine(len(mine)),
            # What is to be done next stands first, whoever holds it.
            "waiting_first": next_up is not None and next_up not in mine,
            "waiting": rows.rows(page.cases, at=at, next_up=next_up),
            "counts": _counts(page.counts),
            "total": _total(page.counts),
            "first_page": not after,
            "next_url": f"?{urlencode({'after': page.next_after})}" if page.next_after else "",
            "refresh_url": _address(request, after=after, stand=_stand(page.counts)),
            "mark": mark,
            "news": _news(request.GET.get("stand", ""), page.counts),
        },
    )


@require_GET
@staff("queue.see")
def my_cases(request: HttpRequest) -> HttpResponse:
    """Show what the member holds: first where a client waits, then where an answer is out."""
    member = cast(StaffRequest, request).member
    at = timezone.now()
    mark = _mark_of_list(request, member, glances.held(member), at=at)
    if marks.is_shown(request, mark):
        return marks.nothing_new()
    held = queries.held_by(member)
    due = [case for case in held if _client_waits(case)]
    return render(
        request,
        _template(request, "my_cases"),
        {
            "live_url": LIVE_URL,
            "due": rows.rows(
                due, at=at, next_up=_first(due), returning=roster.returning_soon(member)
            ),
            "answered": rows.rows([case for case in held if not _client_waits(case)], at=at),
            "refresh_url": request.path,
            "mark": mark,
        },
    )


@require_GET
@staff("queue.see")
def team_cases(request: HttpRequest) -> HttpResponse:
    """Show what colleagues of the member's teams hold, or what was closed last.

    Nobody waits before a list of closed cases: that is drawn anew each time.
    """
    member = cast(StaffRequest, request).member
    at = timezone.now()
    closed = request.GET.get("zeige") == CLOSED_TAB
    mark = "" if closed else _mark_of_list(request, member, glances.with_colleagues(member), at=at)
    if marks.is_shown(request, mark):
        return marks.nothing_new()
    if closed:
        listed = rows.rows(queries.closed(member), at=at)
    else:
        listed = [
            rows.row(claim.case, at=at, holder=claim.member.name)
            for claim in queries.held_by_colleagues(member)
        ]
    return render(
        request,
        _template(request, "team_cases"),
        {
            "live_url": LIVE_URL,
            "listed": listed,
            "closed": closed,
            "full": len(listed) >= queries.LISTED,
            "tabs": _tabs(closed),
            "refresh_url": _address(request, zeige=CLOSED_TAB if closed else ""),
            "mark": mark,
        },
    )


def _mark_of_queue(request: HttpRequest, member: Membership, *, at: datetime) -> str:
    seen = glances.queue(member)
    return marks.of(request, member, seen, _clock([*seen.waiting, *seen.held], at=at))


def _mark_of_list(
    request: HttpRequest, member: Membership, seen: Sequence[glances.Seen], *, at: datetime
) -> str:
    return marks.of(request, member, seen, _clock(seen, at=at))


def _clock(seen: Sequence[glances.Seen], *, at: datetime) -> tuple[object, ...]:
    return rows.clock([one.due_at for one in seen], [one.waiting_since for one in seen], at=at)


def _more_of_mine(count: int) -> str:
    if count <= MINE_SHOWN:
        return ""
    return _("Alle %(count)s eigenen Fälle ansehen, in denen jemand wartet") % {"count": count}


def _template(request: HttpRequest, name: str) -> str:
    part = "_" if request.headers.get("HX-Request") else ""
    return f"counselling/staff/{part}{name}.html"


def _client_waits(case: Case) -> bool:
    return case.state in CaseState.client_waits()


def _first(cases: Sequence[Case]) -> Case | None:
    """Return the case to take first: by urgency, then by due time."""
    dated = [case for case in cases if case.due_at is not None]
    return min(dated, key=lambda case: (case.urgency, case.due_at), default=None)


def _address(request: HttpRequest, **parameters: str) -> str:
    given = {name: value for name, value in parameters.items() if value}
    return f"{request.path}?{urlencode(given)}" if given else request.path


def _tabs(closed: bool) -> list[dict[str, object]]:
    address = reverse("team-cases")
    return [
        {"label": _("Bei Kolleginnen und Kollegen"), "url": address, "current": not closed},
        {"label": _("Abgeschlossen"), "url": f"{address}?zeige={CLOSED_TAB}", "current": closed},
    ]


def _counts(counts: dict[int, int]) -> list[Count]:
    """Return the counts that are known: counting stops at COUNTED, most urgent first."""
    listed = []
    cut = sum(counts.values()) > queries.COUNTED
    last = max((urgency for urgency, number in counts.items() if number), default=None)
    for urgency, number in sorted(counts.items()):
        if cut and urgency == last:
            listed.append(Count(urgency, _("mehr als %(number)d") % {"number": number - 1}))
            break
        listed.append(Count(urgency, str(number)))
    return listed


def _total(counts: dict[int, int]) -> str:
    total = sum(counts.values())
    if total > queries.COUNTED:
        return _("Mehr als %(number)d Anfragen warten.") % {"number": queries.COUNTED}
    return ngettext("%(number)d Anfrage wartet.", "%(number)d Anfragen warten.", total) % {
        "number": total
    }


def _stand(counts: dict[int, int]) -> str:
    return "-".join(str(number) for _urgency, number in sorted(counts.items()))


def _news(before: str, counts: dict[int, int]) -> str:
    """Return a sentence for who cannot see the list, when more wait than `before` (a stand)."""
    numbers = before.split("-")
    if len(numbers) != len(counts) or not all(_COUNT.fullmatch(number) for number in numbers):
        return ""
    labels = dict(Case.UrgencyLevel.choices)
    more = [
        str(labels[urgency])
        for (urgency, number), old in zip(sorted(counts.items()), numbers, strict=True)
        if number > int(old)
    ]
    return _("Neu in der Warteschlange: %(what)s.") % {"what": ", ".join(more)} if more else ""
