"""A person's own way in: where they are signed in, and their authenticator app."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.access import PersonRequest, own_account
from accounts.authenticator import Secret
from accounts.forms.security import AuthenticatorForm
from accounts.operations import sessions as operations
from accounts.operations import signing_in
from accounts.throttle import client_of
from accounts.views.new_app import brought_back

OTHERS = "others"


def account_page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """Render a page of a person's own account, with or without a place in an organisation."""
    person = cast(PersonRequest, request).person
    around = {"user": person, "home_url": reverse("desk"), "logout_url": reverse("logout")}
    return render(request, template, around | context)


@require_safe
@own_account
def security(request: HttpRequest) -> HttpResponse:
    """Show what protects the account, and lead to each part."""
    request = cast(PersonRequest, request)
    at = timezone.now()
    return account_page(
        request,
        "accounts/security.html",
        sign_ins=queries.sessions_of(request.person, at).count(),
        passkeys=queries.passkeys_of(request.person).count(),
        devices=queries.devices_of(request.person).count(),
        has_card=queries.has_card(request.person),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@own_account
def sessions(request: HttpRequest) -> HttpResponse:
    """Show where the person is signed in, and end one of these sessions or all others."""
    request = cast(PersonRequest, request)
    at = timezone.now()
    own = queries.own_session(request)
    if request.method == "POST":
        _end(request, request.POST.get("end", ""), own, at=at)
        return HttpResponseRedirect(reverse("sessions"))
    found = queries.sessions_of(request.person, at)
    rows = [{"sign_in": row, "is_own": row.pk == own} for row in found]
    return account_page(request, "accounts/sessions.html", rows=rows, others=len(rows) - 1)


def _end(request: PersonRequest, which: str, own: UUID | None, *, at: datetime) -> None:
    if which == OTHERS and own is not None:
        count = operations.end_others(user=request.person, keep=own, at=at)
        words = ngettext(
            "%(count)s andere Anmeldung ist beendet.",
            "%(count)s andere Anmeldungen sind beendet.",
            count,
        )
        messages.success(request, words % {"count": count})
        return
    try:
        operations.end(user=request.person, sign_in=UUID(which), at=at)
    except (operations.NotThere, ValueError):
        messages.info(request, _("Diese Anmeldung war schon beendet."))
    else:
        messages.success(request, _("Die Anmeldung ist beendet."))


@require_http_methods(["GET", "HEAD", "POST"])
@own_account
@sensitive_post_parameters()
def authenticator(request: HttpRequest) -> HttpResponse:
    """Set up another authenticator app; the old one counts no more."""
    request = cast(PersonRequest, request)
    at = timezone.now()
    person = request.person
    if request.method != "POST":
        return _app_page(request, AuthenticatorForm(), Secret.fresh(person.pk, at=at))
    form = AuthenticatorForm(request.POST)
    secret, valid = brought_back(form, subject=person.pk, at=at)
    if not valid:
        return _app_page(request, form, secret)
    data = form.cleaned_data
    try:
        step = signing_in.step_of_code(key=secret.key, code=data["code"], at=at)
        signing_in.confirm(user=person, password=data["password"], client=client_of(request))
    except signing_in.CodeWrong:
        form.add_error(
            "code",
            _("Dieser Code stimmt nicht. Bitte geben Sie den ein, den die neue App jetzt zeigt."),
        )
    except signing_in.PasswordWrong:
        form.add_error("password", wrong_password_words())
    else:
        signing_in.replace_app(user=person, key=secret.key, step=step, at=at)
        own = queries.own_session(request)
        if own is not None:
            operations.end_others(user=person, keep=own, at=at)
        messages.success(
            request, _("Die neue App ist eingerichtet. Überall sonst sind Sie jetzt abgemeldet.")
        )
        return HttpResponseRedirect(reverse("security"))
    return _app_page(request, form, secret)


def wrong_password_words() -> str:
    """Return the sentence for a wrong password of somebody who is signed in."""
    return _(
        "Dieses Passwort stimmt nicht. Nach mehreren Fehlversuchen zählt eine Minute lang kein "
        "weiterer."
    )


def _app_page(request: PersonRequest, form: AuthenticatorForm, secret: Secret) -> HttpResponse:
    return account_page(
        request,
        "accounts/authenticator.html",
        form=form,
        secret=secret,
        qr=secret.qr(request.person.email),
    )
