"""The way of a question: the form, then the access code."""

from datetime import datetime
from functools import partial
from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import gate
from accounts.access import OrganisationRequest, organisation_page
from accounts.text import LONGEST_TEXT
from counselling import wording
from counselling.access import (
    ClientRequest,
    client_case,
    forget_code,
    has_code_to_note,
    kept_code,
    open_for_client,
    takes_files,
)
from counselling.forms.client import AskForm
from counselling.models import Case
from counselling.operations import asking, attachments
from counselling.sla import Urgency
from counselling.views.beginning import Ticket, admitted, remembering, say_nobody_answers


@takes_files
@require_http_methods(["GET", "HEAD", "POST"])
@organisation_page
def ask(request: HttpRequest) -> HttpResponse:
    """Show the form for a question, or take one and lead to its access code."""
    request = cast(OrganisationRequest, request)
    at = timezone.now()
    if request.method != "POST":
        return _form(request, AskForm(organisation=request.organisation), at=at)
    form = AskForm(request.POST, request.FILES, organisation=request.organisation)
    # Before the files: taking them apart costs the most.
    ticket = admitted(request, form, partial(_form, request, form, at=at), at=at)
    if isinstance(ticket, HttpResponse):
        return ticket
    sealed = request.POST["ticket"]
    if not form.receive_files():
        return _form(request, form, at=at, sealed=sealed)
    return _take(request, form, ticket, sealed, at=at)


def _take(
    request: OrganisationRequest, form: AskForm, ticket: Ticket, sealed: str, *, at: datetime
) -> HttpResponse:
    question = asking.Question(
        text=form.cleaned_data["text"],
        topic=form.cleaned_data["topic"],
        age_band=form.cleaned_data["age_band"],
        postcode=form.cleaned_data["postcode"],
        in_danger=form.in_danger,
        files=form.received,
    )
    try:
        asking.ask(
            organisation=request.organisation,
            question=question,
            code=ticket.code,
            submission=ticket.submission,
            at=at,
            together_with=remembering(request, ticket),
        )
    except asking.NobodyAnswers:
        say_nobody_answers(form)
        return _form(request, form, at=at, sealed=sealed)
    except attachments.NotStored:
        form.add_error("attachments", wording.not_stored_words())
        return _form(request, form, at=at, sealed=sealed)
    except asking.AlreadyAsked as before:
        open_for_client(request, before.holder, code=ticket.code)
        if not before.same:
            form.add_error(
                "text",
                _(
                    "Dieses Formular haben Sie schon einmal abgeschickt. Ihr erster Text ist bei uns "
                    "angekommen. Wenn Sie jetzt noch einmal senden, wird daraus eine neue, zweite Frage."
                ),
            )
            return _form(request, form, at=at, arrived=True)
    return HttpResponseRedirect(reverse("code", args=[request.organisation.slug]))


def _form(
    request: OrganisationRequest,
    form: AskForm,
    *,
    at: datetime,
    sealed: str = "",
    arrived: bool = False,
    wait: str = "",
) -> HttpResponse:
    """Show the form.

    sealed: its ticket if that still holds. arrived: an earlier text is a case. wait: why it is not
    taken now.
    """
    form.offer_topics()
    if form.is_bound:
        form.choose_again()
    return render(
        request,
        "counselling/client/ask.html",
        {
            "form": form,
            "ticket": sealed or Ticket.fresh().seal(at=at),
            "arrived": arrived,
            "code_to_note": not arrived and has_code_to_note(request),
            "wait": wait,
            "gate": gate.carried(gate.QUESTION, at=at, sent=request.POST.get("opened", "")),
            "longest": LONGEST_TEXT,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@client_case
def code(request: HttpRequest) -> HttpResponse:
    """Show the access code until the client says that it is noted; give it as a file if asked."""
    request = cast(ClientRequest, request)
    shown = kept_code(request)
    if shown is None:
        return HttpResponseRedirect(reverse("thread", args=[request.organisation.slug]))
    if request.method == "POST" and "datei" in request.POST:
        return HttpResponse(
            f"\ufeff{shown.display()}\r\n",
            content_type="text/plain; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="notiz.txt"'},
        )
    if request.method == "POST":
        forget_code(request)
        return HttpResponseRedirect(reverse("thread", args=[request.organisation.slug]))
    case = request.case
    return render(
        request,
        "counselling/client/code.html",
        {
            "code": shown.display(),
            "groups": shown.groups,
            "address": request.build_absolute_uri(
                reverse("return", args=[request.organisation.slug])
            ),
            "urgent": case.urgency == Urgency.SOFORT,
            "worrying": case.urgency == Urgency.DRINGEND,
            "said_danger": case.reason == Case.Reason.DANGER,
            "due": wording.by_when(case.due_at) if case.due_at else "",
        },
    )
