"""What an open case page gets when it asks again: what is new, how the case stands now, or nothing."""

from collections.abc import Iterable
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import marks
from counselling import alarms, consulting, queries
from counselling.access import CaseRequest
from counselling.models import Message
from counselling.operations import reading
from counselling.queries import Entry
from counselling.views import rows
from counselling.views.case_page import (
    alarm_words,
    consultations_of,
    facts,
    mark_of,
    marker,
    refresh_url,
    shown,
    standing,
    standing_mark,
)
from counselling.views.refusals import LOCKED


def case_news(request: CaseRequest, *, at: datetime) -> HttpResponse:
    """Bring an open page what is new since it was made, or 204.

    Only what is opened anew is noted as read, so that looking again every few seconds fills no
    trail and no text gets out without an entry. A page that nobody can tell the state of is loaded
    anew.
    """
    mark = mark_of(request, at=at)
    if marks.is_shown(request, mark):
        return marks.nothing_new()
    case = request.case
    now = standing(request)
    seen = request.GET.get("seen", "")
    again = {
        "case": case,
        "row": rows.row(case, at=at),
        "standing": now,
        "refresh_url": refresh_url(case, now),
        "mark": mark,
        "facts": facts(case, now, at=at),
    }
    if seen == marker(case, now):
        return _as_it_stands(request, again)
    seen_seq, _dot, rest = seen.partition(".")
    seen_asked, _dot, seen_standing = rest.partition(".")[2].partition(".")
    if not (seen_seq.isascii() and seen_seq.isdigit() and len(seen_seq) < 9):
        return HttpResponse(headers={"HX-Refresh": "true"})
    reading.note_reading(case=case, by=request.member, at=at)
    try:
        new = queries.thread(case, holder=request.holder, after=int(seen_seq))
        found = queries.assessments(case)
        places = alarms.places_by_message(found)
        consulted = seen_asked != consulting.mark(case)
        consultations = consultations_of(request, at=at) if consulted else []
    except LOCKED:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(
        request,
        "counselling/staff/_case_news.html",
        again
        | {
            "new": [
                shown(entry, places.get(entry.seq, ()), case=case, state=_("neu")) for entry in new
            ],
            "alarm": alarm_words(found),
            "client_wrote": [entry for entry in new if entry.role is Message.Role.CLIENT],
            "moved": seen_standing != standing_mark(case, now),
            "announcement": _announcement(new)
            or (_("Bei den Konsultationen hat sich etwas geändert.") if consulted else ""),
            "consulted": consulted,
            "consultations": consultations,
        },
    )


def _as_it_stands(request: CaseRequest, again: dict[str, object]) -> HttpResponse:
    """Say anew what needs no opening: on a page that shows all texts and may do what it offers.

    Where only the clock went on, buttons and notices stay as they are, so that nobody loses their place.
    """
    before = request.headers.get(marks.HEADER, "").partition(".")[0]
    changed = before != str(again["mark"]).partition(".")[0]
    alarm = alarm_words(queries.assessments(request.case)) if changed else None
    return render(
        request,
        "counselling/staff/_case_as_it_stands.html",
        again | {"changed": changed, "alarm": alarm},
    )


def _announcement(new: Iterable[Entry]) -> str:
    """Return a sentence for who cannot see that entries were added."""
    count = dict.fromkeys(Message.Role, 0)
    for entry in new:
        count[entry.role] += 1
    if count[Message.Role.CLIENT]:
        return ngettext(
            "Eine neue Nachricht der ratsuchenden Person.",
            "%(count)d neue Nachrichten der ratsuchenden Person.",
            count[Message.Role.CLIENT],
        ) % {"count": count[Message.Role.CLIENT]}
    if count[Message.Role.NOTE]:
        return _("Eine neue interne Notiz.")
    return _("Ein neuer Eintrag im Fall.") if sum(count.values()) else ""
