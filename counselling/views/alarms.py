"""Open alarms: on every page of the team, as a list, and behind the link of a mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import marks
from accounts import queries as people
from accounts.access import StaffRequest, public, speak_language_of, staff
from accounts.models import Membership
from accounts.rules import allows
from counselling import open_alarms
from counselling.models import Escalation, EscalationStep
from counselling.operations import escalations
from counselling.views import rows
from vault import tickets


@dataclass(frozen=True, slots=True)
class Shown:
    """An alarm in words. No word that anybody wrote in a case is among them."""

    alarm: Escalation
    title: str
    since: str
    steps: list[str]
    end: str


@require_GET
@staff("alarm.see")
def alarms(request: HttpRequest) -> HttpResponse:
    """Show the open alarms with the steps they have taken, and those that ended last."""
    member = cast(StaffRequest, request).member
    at = timezone.now()
    return render(
        request,
        "counselling/staff/alarms.html",
        {
            "opened": [shown(a, at=at) for a in open_alarms.listed(member, is_open=True)],
            "ended": [shown(a, at=at) for a in open_alarms.listed(member, is_open=False)],
            "manages_deliveries": allows(member, "delivery.manage"),
        },
    )


@require_GET
@staff("alarm.see")
def board(request: HttpRequest) -> HttpResponse:
    """Show the part of every page that says what alarms there are; js/live.js renews it."""
    return _board(cast(StaffRequest, request))


@require_POST
@staff("alarm.acknowledge")
def acknowledge(request: HttpRequest, escalation: UUID) -> HttpResponse:
    """Confirm an alarm from a page, and go back to it; with HX-Request the page stays, and all that is typed there."""
    member = cast(StaffRequest, request).member
    row = open_alarms.one(escalation)
    if row is None or not allows(member, "alarm.acknowledge", row):
        raise Http404
    won = escalations.acknowledge(
        escalation=row.pk, by=member, how=Escalation.How.PAGE, at=timezone.now()
    )
    said = (
        _("Bestätigt. Der Alarm ist überall aus.") if won else _("Das hat schon jemand bestätigt.")
    )
    if request.headers.get("HX-Request"):
        return _board(cast(StaffRequest, request), said=said)
    (messages.success if won else messages.info)(request, said)
    return HttpResponseRedirect(_back(request))


@require_http_methods(["GET", "HEAD", "POST"])
@public("the link in a mail to somebody who is called: its sealed ticket says whom and about what")
def from_mail(request: HttpRequest, ticket: str) -> HttpResponse:
    """Show one button, or confirm by it. Opening the link alone confirms nothing: mail scanners do."""
    at = timezone.now()
    member, row = _of_ticket(ticket, at=at)
    if member is None or row is None:
        return render(request, "counselling/staff/alarm_link.html", {"state": "closed"}, status=404)
    speak_language_of(member.organisation)
    state = "open" if row.ended_at is None else "over"
    if request.method == "POST":
        won = escalations.acknowledge(escalation=row.pk, by=member, how=Escalation.How.MAIL, at=at)
        state = "done" if won else "over"
    return render(
        request,
        "counselling/staff/alarm_link.html",
        {"state": state, "organisation_name": member.organisation.name},
    )


def shown(alarm: Escalation, *, at: datetime) -> Shown:
    """Put an alarm into words."""
    return Shown(
        alarm=alarm,
        title=_("Fall %(reference)s") % {"reference": alarm.case.reference},
        since=rows.waiting_words(alarm.started_at, at=at) if alarm.ended_at is None else "",
        steps=[step_words(step) for step in alarm.steps.all()],
        end=end_words(alarm) if alarm.ended_at is not None else "",
    )


def step_words(step: EscalationStep) -> str:
    """Return what a step did, as a sentence."""
    whom = step.get_instead_display() if step.instead else step.get_whom_display()
    people_words = ngettext("%(count)d Person", "%(count)d Personen", step.reached) % {
        "count": step.reached
    }
    sent = ngettext("%(count)d Nachricht", "%(count)d Nachrichten", step.sent) % {
        "count": step.sent
    }
    return _("%(time)s Uhr: %(whom)s (%(people)s, %(sent)s)") % {
        "time": date_format(timezone.localtime(step.at), "j.n., H:i"),
        "whom": whom,
        "people": people_words,
        "sent": sent,
    }


def end_words(alarm: Escalation) -> str:
    """Return how an alarm ended."""
    assert alarm.ended_at is not None  # only asked of one that has
    words = {
        "how": alarm.get_how_display(),
        "time": date_format(timezone.localtime(alarm.ended_at), "j.n., H:i"),
        "who": alarm.by.name if alarm.by else "",
    }
    if alarm.by is None:
        return _("%(time)s Uhr: %(how)s") % words
    return _("%(time)s Uhr: %(how)s, %(who)s") % words


def _board(request: StaffRequest, *, said: str = "") -> HttpResponse:
    """Return the board anew. said: what came of a click on it."""
    found = open_alarms.board(request.member, at=timezone.now())
    # Where the page is that the board stands on.
    page = request.htmx.current_url_abs_path or reverse("queue")  # type: ignore[attr-defined]  # by django_htmx
    mark = marks.of(request, request.member, found, page)
    if not said and marks.is_shown(request, mark):
        return marks.nothing_new()
    return render(
        request,
        "counselling/staff/_alarm_board.html",
        {"board": found, "alarm_mark": mark, "alarm_next": page, "said": said},
    )


def _of_ticket(ticket: str, *, at: datetime) -> tuple[Membership | None, Escalation | None]:
    try:
        said = tickets.redeem(
            ticket, purpose=escalations.LINK, at=at, lifetime=escalations.LINK_LASTS
        )
    except tickets.TicketInvalid:
        return None, None
    member = people.current(UUID(said["member"]))
    return member, open_alarms.one(UUID(said["escalation"]))


def _back(request: HttpRequest) -> str:
    address = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return address
    return reverse("queue")
