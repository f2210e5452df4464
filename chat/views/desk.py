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
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, staff
from accounts.models import Membership
from accounts.rules import allows
from chat import exchange, queries, wording
from chat.exchange import Gone
from chat.forms import EndForm, PassOnForm, SayForm
from chat.models import Chat
from chat.operations import ending, moves, seats, speaking
from chat.protocol import LONGEST_TEXT, Broken
from chat.states import ChatState
from chat.views import line
from counselling import markup, roster
from counselling import queries as cases
from counselling.access import CaseRequest, staff_case
from counselling.models import Message
from counselling.operations import reading
from counselling.operations.entries import DifferentText
from counselling.queries import Entry
from counselling.roster import Load
from counselling.views.case_page import filled_modules, placeholders_of
from counselling.views.refusals import LOCKED, REFUSALS, words_for
from counselling.wording import system_words_for_team


@dataclass(frozen=True, slots=True)
class InLine:
    """A chat that may be taken, as the list shows it."""

    chat: Chat
    reference: str
    topic: str
    minutes: str
    is_interrupted: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """A chat that one sits in, with its forms."""

    chat: Chat
    reference: str
    entries: Sequence[dict[str, object]]
    newest: int
    unread: int
    minutes: str
    say: SayForm
    pass_on: PassOnForm
    finish: EndForm
    locked: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a member typed in one panel and gets back. case: whose panel; refusal: why."""

    case: UUID | None = None
    say: SayForm | None = None
    pass_on: PassOnForm | None = None
    finish: EndForm | None = None
    refusal: str = ""


@require_safe
@staff("chat.desk")
def desk(request: HttpRequest) -> HttpResponse:
    """Show who waits and one's own chats; with HX-Request only who waits."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    if request.headers.get("HX-Request"):
        return render(request, "chat/_line.html", _line(request.member, at=at))
    return _desk(request, Filled(), at=at)


@require_POST
@staff_case("chat.answer")
def take(request: HttpRequest) -> HttpResponse:
    """Take a chat; who was second learns who has it."""
    request = cast(CaseRequest, request)
    try:
        seats.take(case=request.case.pk, by=request.member, at=timezone.now())
    except (seats.SecondPersonReads, seats.NoRoom, moves.NoChat, *REFUSALS) as refusal:
        notices.warning(request, _words(refusal))
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
    return _to_desk(request.case.pk)


@require_POST
@staff_case("chat.answer")
def pass_on(request: HttpRequest) -> HttpResponse:
    """Give a chat to a colleague, with an introduction."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    form = PassOnForm(request.POST, colleagues=_colleagues(request.case.team_id, request, at=at))
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
        filled = Filled(request.case.pk, pass_on=form, refusal=_words(refusal))
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
            ending.to_mail(case=request.case.pk, by=request.member, at=at)
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
        filled = Filled(request.case.pk, finish=form, refusal=_words(refusal))
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
    for chat in chats:
        speaking.keep_seat(case=chat.case_id, by=request.member, at=at)
    teams = {chat.case.team_id for chat in chats}
    colleagues = {team: _colleagues(team, request, at=at) for team in teams}
    context = {
        "panels": [
            _panel(request, chat, filled, colleagues[chat.case.team_id], at=at) for chat in chats
        ],
        "refusal": filled.refusal,
        "kept": _kept(filled, {chat.case_id for chat in chats}),
        "longest": LONGEST_TEXT,
        "spoken": (translation.get_language() or "de")[:2],
        "modules": filled_modules(request.member, placeholders_of(request.member)),
    }
    return render(request, "chat/desk.html", context | _line(request.member, at=at), status=status)


def _line(member: Membership, *, at: datetime) -> dict[str, object]:
    load = roster.load(member, at=at)
    return {
        "line": [_in_line(chat, at=at) for chat in queries.waiting(member)],
        "load": load,
        "is_full": load.free < 1,
    }


def _in_line(chat: Chat, *, at: datetime) -> InLine:
    return InLine(
        chat,
        chat.case.reference,
        chat.case.topic.name if chat.case.topic else "",
        _minutes(chat.entered_at, at=at),
        chat.state == ChatState.INTERRUPTED,
    )


def _panel(
    request: StaffRequest,
    chat: Chat,
    filled: Filled,
    colleagues: dict[Membership, Load],
    *,
    at: datetime,
) -> Panel:
    mine = filled if filled.case == chat.case_id else Filled()
    entries: list[Entry] = []
    locked = ""
    reading.note_reading(case=chat.case, by=request.member, at=at)
    try:
        entries = cases.thread(chat.case, holder=request.holder)
    except LOCKED as refusal:
        locked = words_for(refusal)
    unread = [e for e in entries if e.seq > chat.team_read and e.role == Message.Role.CLIENT]
    mark = chat.case_id.hex[:8]  # ids of one panel's fields differ from those of its neighbours
    return Panel(
        chat=chat,
        reference=chat.case.reference,
        entries=[_entry(entry) for entry in entries],
        newest=entries[-1].seq if entries else 0,
        unread=len(unread),
        minutes=_minutes(chat.taken_at or chat.entered_at, at=at),
        say=mine.say or SayForm(initial={"message": uuid4()}, auto_id=f"say-{mark}-%s"),
        pass_on=mine.pass_on
        or PassOnForm(
            colleagues=colleagues,
            initial={"message": uuid4()},
            auto_id=f"pass-{mark}-%s",
        ),
        finish=mine.finish or EndForm(initial={"message": uuid4()}, auto_id=f"end-{mark}-%s"),
        locked=locked,
    )


def _entry(entry: Entry) -> dict[str, object]:
    is_system = entry.role == Message.Role.SYSTEM
    is_ours = entry.role in (Message.Role.REPLY, Message.Role.NOTE)
    return {
        "id": f"eintrag-{entry.seq}",
        "kind": entry.role.value,
        "author": entry.author,
        "at": entry.created_at,
        "text": system_words_for_team(entry.text) if is_system else entry.text,
        "html": markup.render_reply(entry.text) if is_ours else "",
    }


def _colleagues(team: UUID, request: StaffRequest, *, at: datetime) -> dict[Membership, Load]:
    row = next(
        (t for t in request.member.teams.select_related("organisation") if t.pk == team), None
    )
    if row is None:
        return {}
    found = queries.counsellors(row, at=at)
    return {
        member: load
        for member, load in found.items()
        if member.pk != request.member.pk and load.free > 0 and allows(member, "chat.answer")
    }


def _kept(filled: Filled, shown: set[UUID]) -> str:
    """Return a text whose panel is not there any more: it must not be lost."""
    if filled.case is None or filled.case in shown:
        return ""
    forms = [form for form in (filled.say, filled.pass_on, filled.finish) if form is not None]
    return next((str(form["text"].value() or "") for form in forms), "")


def _minutes(since: datetime, *, at: datetime) -> str:
    minutes = max(0, int((at - since).total_seconds() // 60))
    return ngettext("%(count)d Minute", "%(count)d Minuten", minutes) % {"count": minutes}


def _words(refusal: Exception) -> str:
    if isinstance(refusal, seats.NoRoom):
        return wording.no_room_words(refusal)
    if isinstance(refusal, seats.SecondPersonReads):
        return _("Ihre Antworten liest erst eine zweite Person. Im Chat geht das nicht.")
    if isinstance(refusal, seats.NotThere):
        return _("Diese Person ist gerade nicht für den Chat da.")
    if isinstance(refusal, moves.NoChat):
        return _("Diesen Chat gibt es nicht mehr. Was geschrieben wurde, steht im Fall.")
    return words_for(refusal)


def _to_desk(case: UUID | None = None) -> HttpResponseRedirect:
    anchor = f"#chat-{case}" if case else ""
    return HttpResponseRedirect(reverse("chat-desk") + anchor)
