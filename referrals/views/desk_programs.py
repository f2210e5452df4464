"""Which programs read at a service's desk: made with a token that is shown once, and ended."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, staff
from referrals.forms.partners import ProgramForm
from referrals.models import DeskProgram, PartnerDesk
from referrals.operations import programs as operations
from referrals.queries import handoff as queries
from referrals.queries import programs as found_programs


@require_http_methods(["GET", "HEAD", "POST"])
@staff("partner.desk")
def programs(request: HttpRequest) -> HttpResponse:
    """List the desk's programs, make one, and end one."""
    request = cast(StaffRequest, request)
    desk = queries.desk_of(request.member)
    if desk is None:
        raise Http404
    at = timezone.now()
    form = ProgramForm(request.POST if request.method == "POST" else None)
    token = ""
    if request.method == "POST":
        if "end" in request.POST:
            return _end(request, desk, at=at)
        if form.is_valid():
            try:
                _program, token = operations.make(
                    desk=desk,
                    name=form.cleaned_data["name"],
                    by=request.member,
                    holder=request.holder,
                    at=at,
                )
                form = ProgramForm()
            except operations.TooManyPrograms:
                form.add_error(None, _("Mehr als fünf Programme gehen nicht. Beenden Sie eines."))
    return render(
        request,
        "referrals/handoff/programs.html",
        {
            "form": form,
            "token": token,
            "address": request.build_absolute_uri(reverse("fhir-tasks")),
            "programs": _rows(desk, at),
        },
    )


def _rows(desk: PartnerDesk, at: datetime) -> list[dict[str, Any]]:
    valid = set(found_programs.valid(at).filter(desk=desk).values_list("pk", flat=True))
    return [
        {"program": one, "valid": one.pk in valid, "ended": _ended(one, at)}
        for one in found_programs.all_of(desk)
    ]


def _ended(program: DeskProgram, at: datetime) -> str:
    """Return why a program reads nothing any more; of use only where it does not."""
    if program.revoked_at is not None:
        return _("beendet")
    if not program.holds(at):
        return _("abgelaufen")
    return _("beendet: Wer es angelegt hat, arbeitet nicht mehr hier")


def _end(request: StaffRequest, desk: PartnerDesk, *, at: datetime) -> HttpResponse:
    try:
        operations.end(desk=desk, program=UUID(request.POST["end"]), by=request.member, at=at)
    except (ValueError, operations.NoSuchProgram):
        raise Http404 from None
    messages.success(request, _("Das Programm liest ab jetzt nichts mehr."))
    return HttpResponseRedirect(reverse("partner-programs"))
