"""Coming back with the code: the conversation, and what a parent may do with it."""

import json
from contextlib import suppress
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from django.contrib import messages as notices
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import gate
from accounts.access import OrganisationRequest, organisation_page
from audit import trail
from counselling import queries, wording
from counselling.access import (
    CASE_KEY,
    ClientRequest,
    client_case,
    client_case_or,
    close_for_client,
    leave_no_cookie,
    open_for_client,
    takes_files,
    to_code_entry,
)
from counselling.forms.client import CodeForm, RatingForm, WriteForm
from counselling.models import Case, Message
from counselling.operations import attachments, cases, entries, messages, ratings, retention
from counselling.signals import case_saving
from counselling.views import conversation, files
from counselling.views.waiting import limited, refused
from vault.keyring import KeyUnavailable


@require_http_methods(["GET", "HEAD", "POST"])
@organisation_page
def come_back(request: HttpRequest) -> HttpResponse:
    """Take an access code and open its conversation.

    A code of another organisation leads to that organisation's page: who has the code may. A message
    or rating that was sent when the session had ended comes along and is taken then.
    """
    here = cast(OrganisationRequest, request)
    if request.method != "POST":
        return _code_entry(here, CodeForm())
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            gate.let_through(request, gate.CODE, at=timezone.now())
        except gate.GateClosed as closed:
            return refused(closed, form, "code", lambda wait: _code_entry(here, form, wait=wait))
        case = queries.case_by_code(form.cleaned_data["code"])
        if case is not None:
            return _open(here, form, case, at=timezone.now())
        form.add_error(
            "code",
            _(
                "Zu diesem Code finden wir kein Gespräch. Vielleicht wurde es gelöscht. "
                "Bitte vergleichen Sie den Code noch einmal, oder schreiben Sie neu."
            ),
        )
    return _code_entry(here, form)


def _open(
    request: OrganisationRequest, form: CodeForm, case: Case, *, at: datetime
) -> HttpResponse:
    """Open a case by its code, keep what opens it in the session, and go on with what came along."""
    try:
        holder = cases.return_by_code(case=case, code=form.cleaned_data["code"], at=at)
    except KeyUnavailable:
        form.add_error(
            "code",
            _(
                "Ihr Code stimmt, aber Ihr Gespräch lässt sich gerade nicht öffnen. Der Fehler liegt "
                "bei uns. Bitte versuchen Sie es später noch einmal, oder schreiben Sie neu."
            ),
        )
        return _code_entry(request, form)
    open_for_client(request, holder)
    request = cast(ClientRequest, request)
    request.case, request.holder = case, holder
    request.organisation = case.organisation
    return _deliver(request, at=at)


@require_GET
@client_case
def thread(request: HttpRequest) -> HttpResponse:
    """Show the conversation, where it stands, and the form for a further message."""
    return conversation.page(cast(ClientRequest, request), at=timezone.now())


def keep_text(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Ask for the code and keep what was typed, when a form arrives and no conversation is open."""
    request = cast(ClientRequest, request)
    if request.method != "POST" or not request.POST.get("text", "").strip():
        return to_code_entry(request)
    return _code_entry(request, CodeForm())


@takes_files
@require_http_methods(["GET", "HEAD", "POST"])
@client_case_or(keep_text)
def write(request: HttpRequest) -> HttpResponse:
    """Add what the client writes."""
    request = cast(ClientRequest, request)
    if request.method != "POST":
        return _to_thread(request)
    return _take_message(request, at=timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
@client_case_or(keep_text)
def rate(request: HttpRequest) -> HttpResponse:
    """Keep the client's rating; rating again replaces it."""
    request = cast(ClientRequest, request)
    if request.method != "POST":
        return _to_thread(request)
    return _take_rating(request, at=timezone.now())


@require_GET
@client_case
@limited(gate.DOWNLOAD, methods=("GET",))
def download(request: HttpRequest) -> HttpResponse:
    """Give the client everything that is kept: a page to read, JSON (`?als=json`), or both in a ZIP with
    all files (`?als=zip`).
    """
    request = cast(ClientRequest, request)
    everything = queries.everything(request.case, holder=request.holder)
    for message in everything["messages"]:
        if message["from"] == Message.Role.SYSTEM:
            message["text"] = wording.system_words(message["text"])
    # What others keep of the case, such as what was sent to services.
    for _receiver, more in case_saving.send(Case, case=request.case, holder=request.holder):
        everything |= cast(dict[str, Any], more)
    kind = request.GET.get("als", "")
    as_json = json.dumps(everything, ensure_ascii=False, indent=2, cls=DjangoJSONEncoder)
    if kind == "json":
        return _saved(as_json, "application/json", "notizen.json")
    as_page = render_to_string(
        "counselling/client/download.html",
        {
            "org": request.organisation,
            "everything": everything,
            "age_band": request.case.get_age_band_display(),
            "entries": conversation.shown(request),
            "asked": wording.when(request.case.created_at),
            "saved": wording.when(timezone.now()),
            "with_files": kind == "zip",
        },
    )
    if kind == "zip":
        attached = queries.files_of(request.case, holder=request.holder)
        texts = {"notizen.html": as_page, "notizen.json": as_json}
        return files.zipped(request, texts, attached)
    return _saved(as_page, "text/html", "notizen.html")


def _saved(body: str, kind: str, name: str) -> HttpResponse:
    return HttpResponse(
        body,
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@client_case
@limited(gate.DELETION, methods=("POST",))
def delete(request: HttpRequest) -> HttpResponse:
    """Ask whether to delete everything, and do it."""
    request = cast(ClientRequest, request)
    if request.method != "POST":
        points = [
            _("Ihre Texte und unsere Antworten werden gelöscht, auch beim Team."),
            _("Ihr Code öffnet danach nichts mehr."),
            _("Wartet noch eine Frage, bekommen Sie keine Antwort mehr."),
        ]
        return render(request, "counselling/client/delete.html", {"points": points})
    cases.delete(case=request.case.pk, by=trail.CLIENT, at=timezone.now())
    close_for_client(request)
    return leave_no_cookie(request, _to_landing(request, "geloescht"))


@require_http_methods(["GET", "HEAD", "POST"])
@client_case
def keep(request: HttpRequest) -> HttpResponse:
    """Keep a closed conversation that is soon to be deleted."""
    request = cast(ClientRequest, request)
    if request.method == "POST":
        # Opened again in between: nothing is going to be deleted, which is what was wanted.
        with suppress(retention.NotClosed):
            retention.keep_longer(case=request.case.pk, at=timezone.now())
        notices.success(request, _("Gut. Das Gespräch bleibt erst einmal stehen."))
    return _to_thread(request)


@require_POST
@organisation_page
def leave(request: HttpRequest) -> HttpResponse:
    """Forget the conversation on this device; the code opens it again."""
    close_for_client(request)
    request = cast(OrganisationRequest, request)
    return leave_no_cookie(request, _to_landing(request, "beendet"))


def _deliver(request: ClientRequest, *, at: datetime) -> HttpResponse:
    """Take what came along with the code, if anything did, and show the conversation."""
    if "message" in request.POST:
        return _take_message(request, at=at)
    if "text" in request.POST:
        return _take_rating(request, at=at)
    return _to_thread(request)


def _take_message(request: ClientRequest, *, at: datetime) -> HttpResponse:
    form = WriteForm(request.POST, request.FILES)
    token = _token(request.POST.get("message", ""))
    valid = form.is_valid()
    if token is None:
        form.add_error(
            "text",
            _(
                "Das Formular war beschädigt. Ihr Text ist noch da. Bitte senden Sie ihn noch einmal."
            ),
        )
    if token is None or not valid:
        return conversation.page(request, at=at, write=form, token=token)
    try:
        gate.count(request, gate.MESSAGE)
        # Behind the gate: taking files apart costs the most.
        if not form.receive_files():
            return conversation.page(request, at=at, write=form, token=token)
        messages.write(
            case=request.case.pk,
            text=form.cleaned_data["text"],
            client_msg_id=token,
            in_danger=form.in_danger,
            holder=request.holder,
            at=at,
            files=form.received,
        )
    except gate.TooOften as closed:
        return refused(
            closed,
            form,
            "text",
            lambda wait: conversation.page(request, at=at, write=form, token=token, wait=wait),
        )
    except (attachments.NotStored, attachments.TooManyFiles) as refusal:
        full = isinstance(refusal, attachments.TooManyFiles)
        words = wording.too_many_files_words() if full else wording.not_stored_words()
        form.add_error("attachments", words)
        return conversation.page(request, at=at, write=form, token=token)
    except entries.DifferentText:
        form.add_error(
            "text",
            _(
                "Dieses Formular haben Sie schon einmal abgeschickt. Ihr erster Text ist angekommen, "
                "Sie sehen ihn oben. Wenn Sie jetzt senden, kommt dieser Text als neue Nachricht dazu."
            ),
        )
        return conversation.page(request, at=at, write=form)
    notices.success(request, _("Ihre Nachricht ist angekommen."))
    return _to_thread(request)


def _take_rating(request: ClientRequest, *, at: datetime) -> HttpResponse:
    form = RatingForm(request.POST)
    if form.is_valid():
        try:
            gate.count(request, gate.RATING)
            ratings.rate(
                case=request.case.pk,
                stars=int(form.cleaned_data["stars"]),
                text=form.cleaned_data["text"],
                holder=request.holder,
                at=at,
            )
        except gate.TooOften as closed:
            return refused(
                closed,
                form,
                "text",
                lambda wait: conversation.page(request, at=at, rating=form, wait=wait),
            )
        except ratings.NothingToRate:
            form.add_error(
                "stars",
                _("Bewerten können Sie, sobald Sie eine Antwort haben. Ihr Text steht noch hier."),
            )
        else:
            notices.success(request, _("Danke. Ihre Bewertung hilft uns, besser zu werden."))
            return _to_thread(request)
    return conversation.page(request, at=at, rating=form)


def _code_entry(request: OrganisationRequest, form: CodeForm, *, wait: str = "") -> HttpResponse:
    """Ask for the code. wait: why what was sent is not taken now."""
    post = request.POST
    why = getattr(request, "closed_because", "")
    return render(
        request,
        "counselling/client/return.html",
        {
            "form": form,
            "wait": wait,
            "gate": gate.carried(gate.CODE, at=timezone.now(), sent=post.get("opened", "")),
            "is_open_here": CASE_KEY in request.session,
            "is_gone": why == "nicht-mehr-da",
            # What was typed is there still: the page says so itself, and not what is missing.
            "notice": wording.notice_words(
                why if why in {"nicht-mehr-da", "anderes"} else request.GET.get("hinweis", "")
            ),
            "write_form": WriteForm(post) if "message" in post else None,
            "rating_form": RatingForm(post) if "text" in post and "message" not in post else None,
            "token": _token(post.get("message", "")) or uuid4(),
            "files_gone": bool(request.FILES),
        },
    )


def _token(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _to_thread(request: ClientRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("thread", args=[request.organisation.slug]))


def _to_landing(request: OrganisationRequest, notice: str) -> HttpResponseRedirect:
    address = reverse("landing", args=[request.organisation.slug])
    return HttpResponseRedirect(f"{address}?hinweis={notice}")
