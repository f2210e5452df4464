"""How alarms reach a member: browsers that may be woken, a number, and a message on trial."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import StaffRequest, public, staff
from accounts.models import Membership
from counselling import reaching
from counselling.forms.alarms import NumberForm
from counselling.operations import reach as operations
from outbox import queries as outbox
from outbox.operations import subscriptions
from vault import push

WORKER = settings.BASE_DIR / "static" / "js" / "push-worker.js"


@require_http_methods(["GET", "HEAD", "POST"])
@staff("alarm.reach")
def reach(request: HttpRequest) -> HttpResponse:
    """Show how alarms reach the member; set the number, forget a browser, or try everything out."""
    member = cast(StaffRequest, request).member
    at = timezone.now()
    form = NumberForm(
        request.POST if "number" in request.POST else None, initial={"number": _number(member)}
    )
    if "forget" in request.POST:
        subscriptions.forget(subscription=request.POST["forget"], owner=member.user_id)
        messages.success(request, _("Dieses Gerät bekommt keine Meldungen mehr."))
        return HttpResponseRedirect(reverse("my-alarms"))
    if "try" in request.POST:
        count = operations.try_out(member=member, at=at)
        _say_tried(request, count)
        return HttpResponseRedirect(reverse("my-alarms"))
    if form.is_valid():
        operations.set_number(member=member, number=form.cleaned_data["number"], at=at)
        messages.success(request, _("Gespeichert."))
        return HttpResponseRedirect(reverse("my-alarms"))
    return render(
        request,
        "counselling/staff/reach.html",
        {
            "form": form,
            "browsers": outbox.browsers_of(member.user_id),
            "has_gateway": outbox.gateway_of(member.organisation_id) is not None,
            "has_mail_server": reaching.has_mail_server(),
            "push_key": urlsafe_b64encode(push.public_key()).rstrip(b"=").decode(),
        },
    )


@require_POST
@staff("alarm.reach")
def device(request: HttpRequest) -> HttpResponse:
    """Keep this browser's subscription, as static/js/push.js sends it."""
    member = cast(StaffRequest, request).member
    try:
        subscriptions.keep(
            owner=member.user_id,
            endpoint=request.POST.get("endpoint", ""),
            public_key=_bytes(request.POST.get("p256dh", "")),
            secret=_bytes(request.POST.get("auth", "")),
            at=timezone.now(),
        )
    except ValueError:
        return HttpResponse(status=400)
    messages.success(request, _("Dieses Gerät bekommt jetzt Meldungen."))
    return HttpResponse(status=204)


@require_GET
@public("a script without a word of anybody; browsers fetch it without being signed in")
def worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker. Its address decides which pages are its own: those of the team."""
    return HttpResponse(WORKER.read_text(encoding="utf-8"), content_type="text/javascript")


def _say_tried(request: HttpRequest, count: int) -> None:
    if count:
        words = ngettext(
            "%(count)d Probe ist unterwegs.", "%(count)d Proben sind unterwegs.", count
        )
        messages.success(request, words % {"count": count})
    else:
        messages.warning(request, _("Zurzeit führt kein Weg zu Ihnen außer dieser Seite."))


def _number(member: Membership) -> str:
    row = getattr(member, "alarm_number", None)
    return row.number if row is not None else ""


def _bytes(text: str) -> bytes:
    """Return what a browser wrote in base64url. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
