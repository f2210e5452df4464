"""The page behind the link of a mail, which asks whether an entry is still true."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import public
from referrals import versions
from referrals.operations import assurance as operations
from referrals.queries import entries as queries
from referrals.queries import public as open_queries
from referrals.queries.public import Wanted


@require_http_methods(["GET", "HEAD", "POST"])
@public("the link's secret is the key; nothing is confirmed by looking")
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show the entry of a link, or confirm it. A mail scanner that follows the link confirms nothing."""
    at = timezone.now()
    found = queries.assurance_request(operations.hash_of(token))
    state = "unknown"
    facts: list[versions.Change] = []
    if found is not None:
        state = "open" if found.is_open(at) else "closed"
        if state == "open" and request.method == "POST":
            try:
                operations.confirm_by_link(request=found, at=at)
                state = "done"
            except operations.RequestClosed:
                state = "closed"
        shown = open_queries.service_documents([found.service_id], Wanted(full=True))
        facts = list(versions.differences(None, shown[0])) if shown else []
    context = {
        "state": state,
        "entry": found.service if found and state in {"open", "done"} else None,
        "facts": facts,
    }
    return render(request, "referrals/confirm.html", context, status=404 if found is None else 200)
