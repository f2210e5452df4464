"""A browser that is not known yet: it waits until a known device, or the printed card, lets it in."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_otp.models import Device

from accounts import queries
from accounts.access import public
from accounts.arrival import Arrival, forget
from accounts.device_cookie import DeviceCookie
from accounts.forms.security import CardForm
from accounts.models import User
from accounts.operations import devices
from accounts.operations.signing_in import CARD
from accounts.throttle import name_of
from accounts.views.signing_in import arriving, let_in
from vault.staff_keys import DoesNotUnlock, NoStaffKey, Unlocked


@require_http_methods(["GET", "HEAD", "POST"])
@public("the last step of the way in; asks for the others")
@sensitive_post_parameters()
def wait(request: HttpRequest) -> HttpResponse:
    """Show the digits to compare, look whether a known device has answered, or take the card."""
    at = timezone.now()
    pending = arriving(request, at=at)
    if pending is None or pending[0].request is None:
        return _elsewhere(request, reverse("login"))
    arrival, user = pending
    cookie = DeviceCookie.read(request) or DeviceCookie.fresh()
    if request.method == "POST":
        return _by_card(request, arrival, user, cookie, at=at)
    assert arrival.request is not None
    assert arrival.stretched is not None  # without it nobody waits here
    try:
        unlocked = devices.collect(
            user=user,
            request=arrival.request,
            secret=arrival.secret,
            stretched=arrival.stretched,
            cookie=cookie,
            at=at,
        )
    except devices.NotYet:
        return _page(request, arrival, user, CardForm(), at=at)
    except devices.Refused:
        forget(request)
        messages.warning(
            request,
            _(
                "Auf dem anderen Gerät wurde die Anmeldung abgelehnt. Waren Sie das nicht selbst, "
                "dann ändern Sie dort Ihr Passwort."
            ),
        )
        return _elsewhere(request, reverse("login"))
    except devices.RequestClosed:
        forget(request)
        messages.warning(
            request, _("Das hat zu lange gedauert. Bitte melden Sie sich noch einmal an.")
        )
        return _elsewhere(request, reverse("login"))
    return _in(request, arrival, user, unlocked, cookie, at=at)


def _by_card(
    request: HttpRequest, arrival: Arrival, user: User, cookie: DeviceCookie, *, at: datetime
) -> HttpResponse:
    form = CardForm(request.POST)
    if not form.is_valid():
        return _page(request, arrival, user, form, at=at)
    assert arrival.stretched is not None
    who = name_of("card", str(user.pk))
    try:
        if not CARD.take(who):
            raise DoesNotUnlock
        unlocked = devices.add_by_card(
            user=user,
            code=form.cleaned_data["code"],
            stretched=arrival.stretched,
            cookie=cookie,
            at=at,
        )
    except (DoesNotUnlock, NoStaffKey):
        form.add_error(
            "code",
            _(
                "Dieser Code öffnet Ihr Konto nicht. Es gilt nur die zuletzt gedruckte Karte. Nach "
                "mehreren Fehlversuchen zählt eine Minute lang kein weiterer."
            ),
        )
        return _page(request, arrival, user, form, at=at)
    CARD.forget(who)
    return _in(request, arrival, user, unlocked, cookie, at=at)


def _in(
    request: HttpRequest,
    arrival: Arrival,
    user: User,
    unlocked: Unlocked,
    cookie: DeviceCookie,
    *,
    at: datetime,
) -> HttpResponse:
    factor = Device.from_persistent_id(arrival.factor)
    forget(request)
    if factor is None:  # removed while this browser waited
        return _elsewhere(request, reverse("login"))
    response = let_in(
        request, user, factor, unlocked, cookie=cookie, next_page=arrival.next_page, at=at
    )
    messages.success(
        request, _("Dieses Gerät ist jetzt bekannt. Beim nächsten Mal geht es schneller.")
    )
    return _moved(request, response)


def _page(
    request: HttpRequest, arrival: Arrival, user: User, form: CardForm, *, at: datetime
) -> HttpResponse:
    waiting = [row for row in queries.waiting_devices(user, at) if row.pk == arrival.request]
    if not waiting:  # answered between two looks
        return _elsewhere(request, reverse("login-device"))
    digits = devices.compared(waiting[0])
    context: dict[str, Any] = {
        "form": form,
        "digits": [digits[:3], digits[3:]],
        "has_devices": queries.has_devices(user),
        "has_card": queries.has_card(user),
    }
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)  # still the same
    return render(request, "accounts/new_device.html", context)


def _elsewhere(request: HttpRequest, address: str) -> HttpResponse:
    return _moved(request, HttpResponseRedirect(address))


def _moved(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Lead on; a part of a page that htmx has asked for cannot follow by itself."""
    if not request.headers.get("HX-Request"):
        return response
    moved = HttpResponse(headers={"HX-Redirect": response.headers["Location"]})
    moved.cookies = response.cookies
    return moved
