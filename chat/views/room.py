"""The client's room: waiting in line, then the chat. Works by plain forms and reload as well."""

from datetime import datetime
from typing import cast
from uuid import uuid4

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import gate
from chat import exchange, queries, wording
from chat.exchange import Side, Speaker
from chat.forms import BeginForm, SayForm
from chat.models import Chat
from chat.operations import ending, entering, moves, speaking
from chat.protocol import LONGEST_TEXT, Broken
from chat.states import ChatState
from chat.views import line
from counselling import promises
from counselling.access import ClientRequest, client_case, client_case_or, kept_code
from counselling.operations.cases import holder_of
from counselling.operations.entries import DifferentText
from counselling.sla import Urgency
from counselling.views import conversation
from counselling.views.returning import keep_text
from counselling.views.waiting import refused


@require_GET
@client_case
def room(request: HttpRequest) -> HttpResponse:
    """Show where the chat stands and what was said; looking at it keeps the place in line."""
    request = cast(ClientRequest, request)
    at = timezone.now()
    speaking.keep_place(case=request.case.pk, at=at)
    return _room(request, SayForm(initial={"message": uuid4()}), at=at)


@require_http_methods(["GET", "HEAD", "POST"])
@client_case_or(keep_text)
def say(request: HttpRequest) -> HttpResponse:
    """Add what the client says, by a plain form."""
    request = cast(ClientRequest, request)
    at = timezone.now()
    if request.method != "POST":
        return _to_room(request)
    form = SayForm(request.POST)
    if not form.is_valid():
        return _room(request, form, at=at)
    try:
        gate.count(request, gate.MESSAGE)
        speaking.say(
            case=request.case.pk,
            text=form.cleaned_data["text"],
            client_msg_id=form.cleaned_data["message"],
            holder=request.holder,
            at=at,
        )
    except gate.TooOften as closed:
        return refused(closed, form, "text", lambda wait: _room(request, form, at=at, wait=wait))
    except DifferentText:
        again = SayForm(
            initial={"text": form.cleaned_data["text"], "message": uuid4()},
        )
        notices.warning(
            request,
            _(
                "Dieses Formular haben Sie schon einmal abgeschickt. Ihr erster Text ist angekommen, "
                "Sie sehen ihn oben. Wenn Sie jetzt senden, kommt dieser Text als neue Nachricht dazu."
            ),
        )
        return _room(request, again, at=at)
    return _to_room(request)


@require_http_methods(["GET", "HEAD", "POST"])
@client_case_or(keep_text)
def begin(request: HttpRequest) -> HttpResponse:
    """Go into the chat with a conversation that goes on by mail: whether it is open, and the first words."""
    request = cast(ClientRequest, request)
    at = timezone.now()
    if queries.open_chat(request.case.pk) is not None and request.method != "POST":
        return _to_room(request)
    if request.method != "POST":
        return _begin(request, BeginForm(initial={"message": uuid4()}), at=at)
    form = BeginForm(request.POST)
    if not form.is_valid():
        return _begin(request, form, at=at)
    try:
        gate.count(request, gate.MESSAGE)
        entering.begin(
            case=request.case.pk,
            text=form.cleaned_data["text"],
            in_danger=form.in_danger,
            client_msg_id=form.cleaned_data["message"],
            holder=request.holder,
            at=at,
        )
    except gate.TooOften as closed:
        return refused(closed, form, "text", lambda wait: _begin(request, form, at=at, wait=wait))
    except entering.ChatShut:
        form.add_error(
            "text",
            _(
                "Der Chat hat gerade zugemacht. Ihr Text wurde nicht gesendet, er steht noch hier. "
                "Sie können ihn als Nachricht senden."
            ),
        )
        return _begin(request, form, at=at)
    except DifferentText:
        pass  # their first words are there, they see them in the room
    return _to_room(request)


def _begin(
    request: ClientRequest, form: BeginForm, *, at: datetime, wait: str = ""
) -> HttpResponse:
    opening = queries.opening_of(request.organisation, request.case.team, at=at)
    due = promises.promised(request.organisation, Urgency.NORMAL, start=at)
    return render(
        request,
        "chat/begin.html",
        {
            "is_open": opening.shut is None,
            "standing": wording.opening_words(opening, mail_due=due, at=at),
            # A text that was typed is never lost, also when the chat has shut meanwhile.
            "shows_form": opening.shut is None or form.is_bound,
            "form": form,
            "wait": wait,
            "longest": LONGEST_TEXT,
        },
    )


@require_POST
@client_case
def go(request: HttpRequest) -> HttpResponse:
    """Leave the chat, go on by message, or say that one is still there."""
    request = cast(ClientRequest, request)
    at = timezone.now()
    moves_by_name = {"nachricht": ending.take_as_mail, "da": ending.stay}
    try:
        moves_by_name.get(request.POST.get("als", ""), ending.leave)(case=request.case.pk, at=at)
    except moves.NoChat:
        pass  # it was over in this moment; the page says how
    return _to_room(request)


@require_POST
@client_case
def poll(request: HttpRequest) -> HttpResponse:
    """Take frames and give what is new, as the client's socket does."""
    request = cast(ClientRequest, request)
    try:
        hello, frames = line.hello_of(request)
    except Broken as broken:
        return line.refusal(broken.error, broken.close)
    return line.answer(_speaker(request, hello.language), hello, frames)


def _speaker(request: ClientRequest, language: str) -> Speaker:
    spoken = "en" if language == "en" else request.organisation.language
    case = request.case
    return Speaker(
        Side.CLIENT, case.pk, case.organisation_id, case.team_id, request.holder, language=spoken
    )


def _room(request: ClientRequest, form: SayForm, *, at: datetime, wait: str = "") -> HttpResponse:
    """Show the room. wait: why what was sent is not taken now."""
    chat = queries.latest_chat(request.case.pk)
    if chat is None:
        return HttpResponseRedirect(reverse("thread", args=[request.organisation.slug]))
    goes_on = chat.state in ChatState.open()
    entries = conversation.shown(request)
    code = kept_code(request)
    _see(chat, entries)
    return render(
        request,
        "chat/room.html",
        {
            "chat": chat,
            "goes_on": goes_on,
            "is_waiting": chat.state == ChatState.WAITING,
            "standing": _standing(chat, at=at),
            "needs_help": exchange.needs_help(chat),
            "entries": entries,
            "newest": _newest(entries),
            "form": form,
            "wait": wait,
            "longest": LONGEST_TEXT,
            "code": code.display() if code else "",
            "spoken": (translation.get_language() or "de")[:2],
        },
    )


def _standing(chat: Chat, *, at: datetime) -> object:
    counsellor = holder_of(chat.case_id)
    place = exchange.in_line(chat, at=at) if chat.state == ChatState.WAITING else None
    name, beside = counsellor.name if counsellor else "", queries.companions(chat)
    return exchange.standing(chat, place, name, beside, at=at)


def _see(chat: Chat, entries: list[conversation.Shown]) -> None:
    if chat.state in ChatState.open():
        speaking.read_by_client(case=chat.case_id, seq=_newest(entries))


def _newest(entries: list[conversation.Shown]) -> int:
    return int(entries[-1].id.rpartition("-")[2]) if entries else 0


def _to_room(request: ClientRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("chat-room", args=[request.organisation.slug]))
