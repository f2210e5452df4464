"""An editor lets a service in: it gets a desk of its own, and a link for its first person."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from referrals.access import EntryRequest, staff_entry
from referrals.forms.partners import ColleagueForm
from referrals.operations import desks
from referrals.queries import handoff as queries


@require_http_methods(["GET", "HEAD", "POST"])
@staff_entry("partner.let_in")
def let_in(request: HttpRequest) -> HttpResponse:
    """Make a desk for a service, and show the link for its first person once."""
    request = cast(EntryRequest, request)
    form = ColleagueForm(request.POST or None)
    link = ""
    if request.method == "POST" and form.is_valid():
        try:
            _desk, _invitation, token = desks.let_in(
                service=request.entry,
                name=form.cleaned_data["name"],
                by=request.member,
                at=timezone.now(),
            )
        except desks.DeskExists:
            messages.warning(request, _("Diese Stelle hat schon ein Postfach."))
            return HttpResponseRedirect(reverse("directory-entry", args=[request.entry.pk]))
        link = request.build_absolute_uri(reverse("invitation", args=[token]))
    return render(
        request,
        "referrals/handoff/let_in.html",
        {
            "entry": request.entry,
            "form": form,
            "link": link,
            "desk": None if link else queries.desk_for(request.entry),
        },
    )
