"""Whether and how an organisation chats."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, staff
from chat import queries
from chat.forms import RulesForm
from chat.operations import settings


@require_http_methods(["GET", "HEAD", "POST"])
@staff("chat.change")
def rules(request: HttpRequest) -> HttpResponse:
    """Show the rules of the chat, or save them."""
    request = cast(StaffRequest, request)
    row = queries.rules(request.member.organisation_id)
    form = RulesForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        settings.set_rules(rules=form.instance, by=request.member, at=timezone.now())
        messages.success(request, _("Die Regeln für den Chat sind gespeichert."))
        return HttpResponseRedirect(reverse("chat-rules"))
    return render(request, "chat/rules.html", {"form": form})
