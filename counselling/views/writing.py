"""What a member writes in a case: reply, note, draft, preview. A refused text is never lost."""

from collections.abc import Callable
from datetime import datetime
from typing import cast
from uuid import uuid4

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from counselling import markup, queries
from counselling.access import CaseRequest, staff_case, takes_files
from counselling.forms.files import FilesForm, choose_again_words
from counselling.forms.staff import DraftForm, NoteForm, ReplyForm
from counselling.operations import drafts, messages
from counselling.operations.entries import CaseGone
from counselling.views.case_page import Filled, case_page, fresh_reply, placeholders
from counselling.views.refusals import REFUSALS, words_for


@takes_files
@require_POST
@staff_case("case.reply")
def reply(request: HttpRequest) -> HttpResponse:
    """Send a reply to the client."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    form = ReplyForm(request.POST, request.FILES, case=request.case)
    if not form.is_valid() or not form.receive_files():
        return case_page(request, Filled(reply=form, kept=_typed(form)), at=at)

    def send() -> None:
        messages.reply(
            case=request.case.pk,
            text=form.cleaned_data["text"],
            client_msg_id=form.cleaned_data["client_msg_id"],
            by=request.member,
            holder=request.holder,
            at=at,
            seen=form.cleaned_data["seen"],
            files=form.received,
        )

    return _do(request, send, form, at=at, done=_("Ihre Antwort ist gesendet."))


@takes_files
@require_POST
@staff_case("case.note")
def note(request: HttpRequest) -> HttpResponse:
    """Add an internal note."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    form = NoteForm(request.POST, request.FILES)
    if not form.is_valid() or not form.receive_files():
        return case_page(request, Filled(note=form), at=at)

    def add() -> None:
        messages.note(
            case=request.case.pk,
            text=form.cleaned_data["text"],
            client_msg_id=form.cleaned_data["client_msg_id"],
            by=request.member,
            holder=request.holder,
            at=at,
            files=form.received,
        )

    return _do(request, add, form, at=at, done=_("Die Notiz ist gespeichert."))


@takes_files
@require_POST
@staff_case("case.draft")
def draft(request: HttpRequest) -> HttpResponse:
    """Keep the reply that is being written; js/autosave.js gets 204, a form without script a page."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    by_script = request.headers.get("X-Requested-With") == "fetch"
    form = DraftForm(request.POST)
    if not form.is_valid():
        if by_script:
            return JsonResponse({"error": form.errors["text"][0]}, status=422)
        return case_page(request, Filled(reply=_as_reply(request), kept=_typed(form)), at=at)

    def save() -> None:
        drafts.save(
            case=request.case.pk,
            text=form.cleaned_data["text"],
            by=request.member,
            holder=request.holder,
            at=at,
        )

    if not by_script:
        if request.FILES:
            notices.warning(
                request,
                _("Ein Entwurf behält keine Dateien. Bitte wählen Sie sie beim Senden aus."),
            )
        return _do(request, save, form, at=at, done=_("Der Entwurf ist gespeichert."))
    try:
        save()
    except REFUSALS as refusal:
        return JsonResponse({"error": words_for(refusal)}, status=409)
    return HttpResponse(status=204)


@takes_files
@require_POST
@staff_case("case.draft")
def preview(request: HttpRequest) -> HttpResponse:
    """Show a reply as the client would read it, or the text with a text module added to it.

    With HX-Request only the preview; otherwise the page with it and with all that was typed.
    """
    request = cast(CaseRequest, request)
    at = timezone.now()
    form = DraftForm(request.POST)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    html = markup.render_reply(text) if text else ""
    if request.headers.get("HX-Request"):
        return render(
            request,
            "counselling/staff/_preview.html",
            {"preview": html, "errors": form.errors.get("text", [])},
        )
    if "insert" in request.POST:
        return case_page(request, Filled(reply=_with_module(request)), at=at)
    return case_page(
        request, Filled(reply=_as_reply(request), preview=html, kept=_typed(form)), at=at
    )


def _do(
    request: CaseRequest,
    operation: Callable[[], None],
    form: ReplyForm | NoteForm | DraftForm,
    *,
    at: datetime,
    done: str,
) -> HttpResponse:
    """Do it and go back to the case; a refusal shows the case with its sentence and the text."""
    try:
        operation()
    except REFUSALS as refusal:
        return _refused(request, form, refusal, at=at)
    notices.success(request, done)
    return HttpResponseRedirect(reverse("case", args=[request.case.pk]))


def _refused(
    request: CaseRequest,
    form: ReplyForm | NoteForm | DraftForm,
    refusal: Exception,
    *,
    at: datetime,
) -> HttpResponse:
    text = form.cleaned_data["text"]
    words = words_for(refusal)
    if isinstance(form, FilesForm) and form.received:
        words = f"{words} {choose_again_words()}"
    if isinstance(refusal, CaseGone):
        return render(
            request, "counselling/staff/gone.html", {"words": words, "kept": text}, status=410
        )
    # What changed meanwhile is on the page that the sentence appears on.
    request.case.refresh_from_db()
    if isinstance(form, NoteForm):
        again = NoteForm(initial={"text": text, "client_msg_id": uuid4()})
        return case_page(request, Filled(note=again, refusal=words), at=at, status=409)
    return case_page(
        request,
        Filled(reply=fresh_reply(request.case, text=text), kept=text, refusal=words),
        at=at,
        status=409,
    )


def _as_reply(request: CaseRequest) -> ReplyForm:
    """Return what was typed as the page's reply form, with its errors if there are any."""
    form = ReplyForm(request.POST, request.FILES, case=request.case)
    form.is_valid()
    return form


def _with_module(request: CaseRequest) -> ReplyForm:
    chosen = request.POST.get("module", "")
    for module in queries.text_modules(request.member.organisation):
        if str(module.pk) == chosen:
            body = markup.fill_placeholders(module.body, placeholders(request))
            typed = request.POST.copy()
            typed["text"] = f"{typed.get('text', '').rstrip()}\n\n{body}".strip()
            return ReplyForm(initial=typed.dict(), case=request.case)
    return ReplyForm(initial=request.POST.dict(), case=request.case)


def _typed(form: ReplyForm | DraftForm) -> str:
    return str(form.data.get("text", ""))
