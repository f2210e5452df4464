"""The counsellor's desk: who waits, and several chats side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID, uuid4

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import marks
from accounts.access import StaffRequest, staff
from accounts.models import Membership
from chat import exchange, queries
from chat.context import call_of
from chat.exchange import Gone
from chat.forms import EndForm, PassOnForm, SayForm
from chat.models import Chat
from chat.operations import ending, moves, seats, speaking
from chat.protocol import LONGEST_TEXT, Broken
from chat.states import ChatState
from chat.views import line, panels
from chat.views.panels import Filled, Panel
from counselling import roster
from counselling.access import CaseRequest, staff_case
from counselling.operations.entries import DifferentText
from counselling.views.case_page import filled_modules, placeholders_of
from counselling.views.refusals import REFUSALS, words_for


@dataclass(frozen=True, slots=True)
class InLine:
    """A chat that may be taken, as the list shows it."""

    chat: Chat
    reference: str
    topic: str
    minutes: str
    is_interrupted: bool
    counsellor: str = ""


@require_safe
@staff("chat.desk")
def desk(request: HttpRequest) -> HttpResponse:
    """Show who waits and one's own chats; with HX-Request only who waits, and chats that are not on the page.

    `hier`: the cases whose chats the page shows.
    """
    request = cast(StaffRequest, request)
    at = timezone.now()
    if request.headers.get("HX-Request"):
        shown = set(request.GET.getlist("hier"))
        chats = [chat for chat in queries.held_by(request.member) if str(chat.case_id) not in shown]
        arrived = _panels(request, chats, Filled(), at=at)
        context = _line(request.member, at=at) | (_shared(request) if arrived else {})
        return render(request, "chat/_line.html", context | {"arrived": arrived})
    return _desk(request, Filled(), at=at)


@require_safe
@staff("chat.desk")
def call(request: HttpRequest) -> HttpResponse:
    """Show the part of every page of the team that says who waits in the chat; js/live.js renews it."""
    request = cast(StaffRequest, request)
    found = call_of(request, request.member)
    if marks.is_shown(request, found["mark"]):
        return marks.nothing_new()
    return render(request, "chat/_call.html", {"chat_call": found})


@require_POST
@staff_case("chat.answer")
def take(request: HttpRequest) -> HttpResponse:
    """Take a chat; who was second learns who has it."""
    request = cast(CaseRequest, request)
    try:
        seats.take(case=request.case.pk, by=request.member, at=timezone.now())
    except (seats.NoRoom, moves.NoChat, *REFUSALS) as refusal:
        notices.warning(request, panels.refusal_words(refusal))
    return _to_desk()


@require_POST
@staff_case("chat.answer")
def write(request: HttpRequest) -> HttpResponse:
    """Say something, or keep a note, by a plain form."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    form = SayForm(request.POST)
    if not form.is_valid():
        return _desk(request, Filled(request.case.pk, say=form), at=at)
    verb = speaking.note if "notiz" in request.POST else speaking.reply
    try:
        verb(
            case=request.case.pk,
            text=form.cleaned_data["text"],
            client_msg_id=form.cleaned_data["message"],
            by=request.member,
            holder=request.holder,
            at=at,
        )
    except REFUSALS as refusal:
        token = uuid4() if isinstance(refusal, DifferentText) else form.cleaned_data["message"]
        again = SayForm(initial={"text": form.cleaned_data["text"], "message": token})
        filled = Filled(request.case.pk, say=again, refusal=words_for(refusal))
        return _desk(request, filled, at=at, status=409)
    if queries.sits_beside(request.case.pk, request.member):
        return HttpResponseRedirect(reverse("chat-beside", args=[request.case.pk]))
    return _to_desk(request.case.pk)


@require_POST
@staff_case("chat.answer")
def pass_on(request: HttpRequest) -> HttpResponse:
    """Give a chat to a colleague, with an introduction."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    form = PassOnForm(
        request.POST, colleagues=panels.colleagues(request.case.team_id, request, at=at)
    )
    if not form.is_valid():
        return _desk(request, Filled(request.case.pk, pass_on=form), at=at)
    to = form.cleaned_data["to"]
    try:
        seats.pass_on(
            case=request.case.pk,
            to=to,
            introduction=form.cleaned_data["text"],
            client_msg_id=form.cleaned_data["message"],
            by=request.member,
            holder=request.holder,
            at=at,
        )
    except (seats.NotThere, seats.NoRoom, moves.NoChat, *REFUSALS) as refusal:
        filled = Filled(request.case.pk, pass_on=form, refusal=panels.refusal_words(refusal))
        return _desk(request, filled, at=at, status=409)
    notices.success(request, _("Der Chat ist jetzt bei %(name)s.") % {"name": to.name})
    return _to_desk()


@require_POST
@staff_case("chat.answer")
def finish(request: HttpRequest) -> HttpResponse:
    """End a chat with a summary, or let it go on by message."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    form = EndForm(request.POST)
    if not form.is_valid():
        return _desk(request, Filled(request.case.pk, finish=form), at=at)
    by_mail = request.POST.get("als") == "nachricht"
    try:
        if by_mail:
            ending.to_mail(
                case=request.case.pk,
                summary=form.cleaned_data["text"],
                by=request.member,
                holder=request.holder,
                at=at,
            )
        else:
            ending.end(
                case=request.case.pk,
                summary=form.cleaned_data["text"],
                client_msg_id=form.cleaned_data["message"],
                by=request.member,
                holder=request.holder,
                at=at,
            )
    except (moves.NoChat, *REFUSALS) as refusal:
        filled = Filled(request.case.pk, finish=form, refusal=panels.refusal_words(refusal))
        return _desk(request, filled, at=at, status=409)
    if by_mail:
        notices.success(request, _("Es geht als Nachricht weiter. Der Fall liegt bei Ihnen."))
        return HttpResponseRedirect(reverse("case", args=[request.case.pk]))
    notices.success(request, _("Der Chat ist beendet."))
    return _to_desk()


@require_POST
@staff_case("chat.answer")
def poll(request: HttpRequest) -> HttpResponse:
    """Take frames and give what is new, as a counsellor's socket does."""
    request = cast(CaseRequest, request)
    try:
        hello, frames = line.hello_of(request)
        speaker = exchange.at_case(
            request, request.member, request.case.pk, language=hello.language
        )
    except Broken as broken:
        return line.refusal(broken.error, broken.close)
    except Gone as gone:
        return line.refusal("gone", gone.close)
    return line.answer(speaker, hello, frames)


def _desk(
    request: StaffRequest, filled: Filled, *, at: datetime, status: int = 200
) -> HttpResponse:
    chats = queries.held_by(request.member)
    context = {
        "panels": _panels(request, chats, filled, at=at),
        "refusal": filled.refusal,
        "kept": _kept(filled, {chat.case_id for chat in chats}),
        **_shared(request),
    }
    return render(request, "chat/desk.html", context | _line(request.member, at=at), status=status)


def _panels(
    request: StaffRequest, chats: Sequence[Chat], filled: Filled, *, at: datetime
) -> list[Panel]:
    """Return one's own chats as panels; whoever gets them sits in them."""
    for chat in chats:
        speaking.keep_seat(case=chat.case_id, by=request.member, at=at)
    teams = {chat.case.team_id for chat in chats}
    found = {team: panels.colleagues(team, request, at=at) for team in teams}
    return [panels.panel(request, chat, filled, found[chat.case.team_id], at=at) for chat in chats]


def _shared(request: StaffRequest) -> dict[str, object]:
    """Return what all panels share."""
    return {
        "longest": LONGEST_TEXT,
        "spoken": (translation.get_language() or "de")[:2],
        "modules": filled_modules(request.member, placeholders_of(request.member)),
    }


def _line(member: Membership, *, at: datetime) -> dict[str, object]:
    load = roster.load(member, at=at)
    return {
        "with_colleagues": [
            _in_line(chat, at=at, counsellor=name) for chat, name in queries.of_colleagues(member)
        ],
        "line": [_in_line(chat, at=at) for chat in queries.waiting(member)],
        "load": load,
        "is_full": load.free < 1,
    }


def _in_line(chat: Chat, *, at: datetime, counsellor: str = "") -> InLine:
    return InLine(
        chat,
        chat.case.reference,
        chat.case.topic.name if chat.case.topic else "",
        panels.minutes(chat.entered_at, at=at),
        chat.state == ChatState.INTERRUPTED,
        counsellor,
    )


def _kept(filled: Filled, shown: set[UUID]) -> str:
    """Return a text whose panel is not there any more: it must not be lost."""
    if filled.case is None or filled.case in shown:
        return ""
    forms = [form for form in (filled.say, filled.pass_on, filled.finish) if form is not None]
    return next((str(form["text"].value() or "") for form in forms), "")


def _to_desk(case: UUID | None = None) -> HttpResponseRedirect:
    anchor = f"#chat-{case}" if case else ""
    return HttpResponseRedirect(reverse("chat-desk") + anchor)
