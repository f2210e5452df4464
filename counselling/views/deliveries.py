"""What could not be delivered: for who leads and who administers, to try again or to give up."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import StaffRequest, staff
from counselling import reaching
from outbox import queries
from outbox.operations import deliveries as operations


@require_GET
@staff("delivery.manage")
def deliveries(request: HttpRequest) -> HttpResponse:
    """Show what could not be delivered for the organisation."""
    member = cast(StaffRequest, request).member
    return render(
        request,
        "counselling/staff/deliveries.html",
        {
            "dead": queries.dead(member.organisation_id),
            "has_mail_server": reaching.has_mail_server(),
        },
    )


@require_POST
@staff("delivery.manage")
def dead_delivery(request: HttpRequest, delivery: UUID) -> HttpResponse:
    """Try one again, or give it up."""
    member = cast(StaffRequest, request).member
    row = queries.delivery_of(member.organisation_id, delivery)
    if row is None:
        raise Http404
    at = timezone.now()
    try:
        if "drop" in request.POST:
            operations.drop(delivery=row.pk, by=member.actor, at=at)
            messages.success(request, _("Aufgegeben."))
        else:
            operations.try_again(delivery=row.pk, by=member.actor, at=at)
            messages.success(request, _("Wird noch einmal versucht."))
    except operations.NotDead:
        messages.info(request, _("Das hat sich schon erledigt."))
    return HttpResponseRedirect(reverse("deliveries"))
