"""A colleague's chat: reading along silently where the house allows it, and joining openly."""

from typing import cast
from uuid import UUID

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_POST, require_safe

from chat import queries
from chat.operations import company, moves
from chat.protocol import LONGEST_TEXT
from chat.states import ChatState
from chat.views import panels
from chat.views.panels import Filled, Place
from counselling.access import CaseRequest, staff_case
from counselling.operations.cases import holder_of
from counselling.views.case_page import filled_modules, placeholders_of
from counselling.views.refusals import REFUSALS


@require_safe
@staff_case("chat.answer")
def beside(request: HttpRequest) -> HttpResponse:
    """Show a colleague's chat: to write in it after joining, else to read, or to join only."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    chat = queries.open_chat(request.case.pk)
    counsellor = holder_of(request.case.pk)
    if chat is None or chat.state not in ChatState.seated() or counsellor is None:
        return HttpResponseRedirect(reverse("case", args=[request.case.pk]))
    if counsellor.pk == request.member.pk:
        return HttpResponseRedirect(reverse("chat-desk"))
    joined = queries.sits_beside(request.case.pk, request.member)
    silent = queries.rules(request.member.organisation_id).silent_reading
    context: dict[str, object] = {
        "chat": chat,
        "counsellor": counsellor,
        "joined": joined,
        "silent": silent,
    }
    if joined or silent:
        place = Place.BESIDE if joined else Place.SILENT
        context |= {
            "panel": panels.panel(request, chat, Filled(), {}, at=at, place=place),
            "longest": LONGEST_TEXT,
            "spoken": (translation.get_language() or "de")[:2],
            "modules": filled_modules(request.member, placeholders_of(request.member)),
        }
        if not joined:
            company.note_silent_reading(chat=chat, by=request.member, at=at)
    return render(request, "chat/beside.html", context)


@require_POST
@staff_case("chat.answer")
def join(request: HttpRequest) -> HttpResponse:
    """Join a colleague's chat openly, or go again."""
    request = cast(CaseRequest, request)
    going = request.POST.get("als") == "gehen"
    verb = company.leave if going else company.join
    try:
        verb(case=request.case.pk, by=request.member, holder=request.holder, at=timezone.now())
    except (company.NotSeated, moves.NoChat, *REFUSALS) as refusal:
        notices.warning(request, panels.refusal_words(refusal))
        return HttpResponseRedirect(reverse("chat-desk"))
    if going:
        return HttpResponseRedirect(reverse("chat-desk"))
    return _to_chat(request.case.pk)


def _to_chat(case: UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("chat-beside", args=[case]))
