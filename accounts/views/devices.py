"""A person's known devices, who waits to become one, and the recovery card."""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.access import PersonRequest, own_account
from accounts.device_cookie import DeviceCookie
from accounts.forms.security import ProofForm
from accounts.holders import unlocked_of
from accounts.operations import devices as operations
from accounts.operations import signing_in
from accounts.throttle import client_of
from accounts.views.security import account_page, wrong_password_words


@require_http_methods(["GET", "HEAD", "POST"])
@own_account
def devices(request: HttpRequest) -> HttpResponse:
    """Show the known devices and who waits; let one in, send one away, or revoke one."""
    request = cast(PersonRequest, request)
    at = timezone.now()
    if request.method == "POST":
        _answer(request, at=at)
        return HttpResponseRedirect(reverse("devices"))
    cookie = DeviceCookie.read(request)
    person = request.person
    return account_page(
        request,
        "accounts/devices.html",
        waiting=[
            {"request": row, "digits": operations.compared(row)}
            for row in queries.waiting_devices(person, at)
        ],
        rows=[
            {"device": row, "is_own": cookie is not None and cookie.device == row.device}
            for row in queries.devices_of(person)
        ],
        needs_device=queries.needs_device(person),
    )


def _answer(request: PersonRequest, *, at: datetime) -> None:
    person = request.person
    try:
        if "approve" in request.POST:
            operations.approve(
                user=person,
                request=UUID(request.POST["approve"]),
                unlocked=unlocked_of(request),
                at=at,
            )
            messages.success(
                request, _("Das neue Gerät ist freigegeben. Es geht dort von selbst weiter.")
            )
        elif "refuse" in request.POST:
            operations.refuse(user=person, request=UUID(request.POST["refuse"]), at=at)
            messages.warning(
                request,
                _(
                    "Die Anmeldung ist abgelehnt. Jemand kannte Ihr Passwort und Ihren zweiten Faktor: "
                    "Bitte ändern Sie jetzt Ihr Passwort und sagen Sie der Leitung Bescheid."
                ),
            )
        else:
            operations.revoke(user=person, device=UUID(request.POST.get("revoke", "")), at=at)
            messages.success(request, _("Das Gerät ist nicht mehr bekannt und dort abgemeldet."))
    except operations.KeysLocked:
        messages.warning(request, locked_words())
    except (operations.RequestClosed, operations.NoSuchDevice, ValueError):
        messages.info(request, _("Das hat sich schon erledigt."))


@require_http_methods(["GET", "HEAD", "POST"])
@own_account
@sensitive_post_parameters()
def card(request: HttpRequest) -> HttpResponse:
    """Make a recovery card and show it once."""
    request = cast(PersonRequest, request)
    at = timezone.now()
    person = request.person
    form = ProofForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            signing_in.confirm(
                user=person, password=form.cleaned_data["password"], client=client_of(request)
            )
            code = operations.make_card(user=person, unlocked=unlocked_of(request), at=at)
        except signing_in.PasswordWrong:
            form.add_error("password", wrong_password_words())
        except operations.KeysLocked:
            form.add_error(None, locked_words())
        else:
            return account_page(request, "accounts/card_made.html", code=code, at=at)
    return account_page(request, "accounts/card.html", form=form, has_card=queries.has_card(person))


def locked_words() -> str:
    """Return the sentence for a session that holds no keys."""
    return _("Dafür müssen Ihre Schlüssel offen sein. Bitte melden Sie sich ab und neu an.")
