"""What a question and a chat share as they begin: the form's ticket, and the way past it and the gate."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _

from accounts import gate
from accounts.access import OrganisationRequest
from counselling.access import open_for_client
from counselling.views.waiting import refused
from vault import tickets
from vault.codes import AccessCode
from vault.keyring import ClientHolder

PURPOSE = "ask"
LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a form carries, sealed: the same form sent twice is one case with one code."""

    submission: UUID
    code: AccessCode

    @classmethod
    def fresh(cls) -> "Ticket":
        """Return a ticket for a form that was never sent."""
        return cls(uuid4(), AccessCode.generate())

    @classmethod
    def read(cls, sealed: str, *, at: datetime) -> "Ticket | None":
        """Return the ticket that a form brought back; None when it is too old or not ours."""
        try:
            payload = tickets.redeem(sealed, purpose=PURPOSE, at=at, lifetime=LIFETIME)
        except tickets.TicketInvalid:
            return None
        return cls(UUID(payload["submission"]), AccessCode(payload["code"]))

    def seal(self, *, at: datetime) -> str:
        """Return what goes into the form."""
        payload = {"submission": str(self.submission), "code": self.code.characters}
        return tickets.issue(payload, purpose=PURPOSE, at=at)


class Again(Protocol):
    """Shows a form again. sealed: its ticket if that still holds. wait: why it is not taken now."""

    def __call__(self, *, sealed: str = "", wait: str = "") -> HttpResponse:
        """Return the page."""


def admitted(
    request: OrganisationRequest, form: forms.Form, again: Again, *, at: datetime
) -> Ticket | HttpResponse:
    """Return the ticket of a form that may be taken, or the form again with what is wrong."""
    sealed = request.POST.get("ticket", "")
    ticket = Ticket.read(sealed, at=at)
    valid = form.is_valid()
    if ticket is None:
        form.add_error(
            "text",
            _(
                "Das Formular war zu lange offen. Ihr Text ist noch da. "
                "Bitte senden Sie ihn noch einmal ab."
            ),
        )
        return again()
    if not valid:
        return again(sealed=sealed)
    try:
        gate.let_through(request, gate.QUESTION, at=at, again_for=ticket.submission)
    except gate.GateClosed as closed:
        return refused(closed, form, "text", lambda wait: again(sealed=sealed, wait=wait))
    return ticket


def remembering(request: OrganisationRequest, ticket: Ticket) -> Callable[[ClientHolder], None]:
    """Return what opens a fresh case for this session.

    With the case or not at all: the page with the code is never lost to a crash in between.
    """

    def remember(holder: ClientHolder) -> None:
        open_for_client(request, holder, code=ticket.code)
        request.session.save()

    return remember


def say_nobody_answers(form: forms.Form) -> None:
    """Say at a form's text that nobody could read it now, and who is there."""
    form.add_error(
        "text",
        _(
            "Im Moment kann hier niemand antworten. Ihr Text wurde nicht gesendet, er steht noch "
            "hier. Bitte wenden Sie sich an eine der Nummern oben."
        ),
    )
