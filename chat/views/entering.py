"""The door of the chat: open or closed, until when, what instead; and the first words."""

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
from chat import queries, wording
from chat.forms import EnterForm
from chat.operations import entering
from chat.protocol import LONGEST_TEXT
from counselling import promises
from counselling.access import has_code_to_note, kept_holder, open_for_client
from counselling.operations import asking
from counselling.sla import Urgency
from counselling.views.beginning import Ticket, admitted, remembering, say_nobody_answers


@require_http_methods(["GET", "HEAD", "POST"])
@organisation_page
def enter(request: HttpRequest) -> HttpResponse:
    """Say whether the chat is open and show its form, or take the first words and lead to the room."""
    request = cast(OrganisationRequest, request)
    at = timezone.now()
    if request.method != "POST":
        if _is_inside(request):
            return _to_room(request)
        return _door(request, EnterForm(), at=at)
    form = EnterForm(request.POST)
    ticket = admitted(request, form, partial(_door, request, form, at=at), at=at)
    if isinstance(ticket, HttpResponse):
        return ticket
    return _take(request, form, ticket, request.POST["ticket"], at=at)


def _take(
    request: OrganisationRequest, form: EnterForm, ticket: Ticket, sealed: str, *, at: datetime
) -> HttpResponse:
    try:
        entering.enter(
            organisation=request.organisation,
            text=form.cleaned_data["text"],
            in_danger=form.in_danger,
            code=ticket.code,
            submission=ticket.submission,
            at=at,
            together_with=remembering(request, ticket),
        )
    except entering.ChatShut:
        form.add_error(
            "text",
            _(
                "Der Chat hat gerade zugemacht. Ihr Text wurde nicht gesendet, er steht noch hier. "
                "Sie können ihn als Frage absenden."
            ),
        )
        return _door(request, form, at=at, sealed=sealed)
    except asking.NobodyAnswers:
        say_nobody_answers(form)
        return _door(request, form, at=at, sealed=sealed)
    except asking.AlreadyAsked as before:
        open_for_client(request, before.holder, code=ticket.code)
        if not before.same:
            form.add_error(
                "text",
                _(
                    "Dieses Formular haben Sie schon einmal abgeschickt. Ihr erster Text ist bei uns "
                    "angekommen. Wenn Sie jetzt noch einmal senden, beginnt ein neuer Chat."
                ),
            )
            return _door(request, form, at=at)
    return _to_room(request)


def _door(
    request: OrganisationRequest,
    form: EnterForm,
    *,
    at: datetime,
    sealed: str = "",
    wait: str = "",
) -> HttpResponse:
    """Show the page. sealed: the form's ticket if that still holds. wait: why it is not taken now."""
    opening = queries.opening(request.organisation, at=at)
    due = promises.promised(request.organisation, Urgency.NORMAL, start=at)
    return render(
        request,
        "chat/enter.html",
        {
            "is_open": opening.shut is None,
            "standing": wording.opening_words(opening, mail_due=due, at=at),
            # A text that was typed is never lost, also when the chat has shut meanwhile.
            "shows_form": opening.shut is None or form.is_bound,
            "form": form,
            "wait": wait,
            "code_to_note": has_code_to_note(request),
            "ticket": sealed or Ticket.fresh().seal(at=at),
            "gate": gate.carried(gate.QUESTION, at=at, sent=request.POST.get("opened", "")),
            "longest": LONGEST_TEXT,
        },
    )


def _is_inside(request: OrganisationRequest) -> bool:
    holder = kept_holder(request)
    if holder is None:
        return False
    chat = queries.open_chat(holder.subject)
    return chat is not None and chat.organisation_id == request.organisation.pk


def _to_room(request: OrganisationRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("chat-room", args=[request.organisation.slug]))
