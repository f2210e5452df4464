"""A person's passkeys: add, rename, remove."""

import json
from datetime import datetime
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.access import PersonRequest, own_account
from accounts.forms.security import PasskeyForm, RenameForm
from accounts.operations import passkeys as operations
from accounts.operations import signing_in
from accounts.passkeys import Site
from accounts.throttle import client_of
from accounts.views.security import account_page, wrong_password_words

ASKED_KEY = "passkey-to-add"  # in the session: what the browser was asked to make


@require_http_methods(["GET", "HEAD", "POST"])
@own_account
@sensitive_post_parameters()
def passkeys(request: HttpRequest) -> HttpResponse:
    """Show the person's passkeys, and add, rename or remove one."""
    request = cast(PersonRequest, request)
    at = timezone.now()
    if request.method != "POST":
        return _page(request, PasskeyForm())
    if "remove" in request.POST:
        return _remove(request, _number(request.POST["remove"]), at=at)
    if "rename" in request.POST:
        return _rename(request, _number(request.POST["rename"]))
    return _add(request, at=at)


def _add(request: PersonRequest, *, at: datetime) -> HttpResponse:
    asked = request.session.pop(ASKED_KEY, None)
    form = PasskeyForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    data = form.cleaned_data
    try:
        signing_in.confirm(
            user=request.person, password=data["password"], client=client_of(request)
        )
        operations.add(
            user=request.person,
            site=Site.of(request),
            ceremony=asked,
            answer=data["answer"],
            name=data["name"],
            at=at,
        )
    except signing_in.PasswordWrong:
        form.add_error("password", wrong_password_words())
        return _page(request, form)
    except operations.PasskeyRefused:
        form.add_error(
            None,
            _(
                "Der Browser hat keinen passenden Passkey geschickt. Bitte versuchen Sie es noch "
                "einmal."
            ),
        )
        return _page(request, form)
    messages.success(
        request, _("Der Passkey „%(name)s“ ist eingerichtet.") % {"name": data["name"]}
    )
    return HttpResponseRedirect(reverse("passkeys"))


def _rename(request: PersonRequest, passkey: int) -> HttpResponse:
    form = RenameForm(request.POST)
    if not form.is_valid():
        for sentence in form.errors["name"]:
            messages.warning(request, str(sentence))
        return HttpResponseRedirect(reverse("passkeys"))
    try:
        operations.rename(user=request.person, passkey=passkey, name=form.cleaned_data["name"])
    except operations.NoSuchPasskey:
        raise Http404 from None
    messages.success(request, _("Der Name ist geändert."))
    return HttpResponseRedirect(reverse("passkeys"))


def _remove(request: PersonRequest, passkey: int, *, at: datetime) -> HttpResponse:
    try:
        operations.remove(user=request.person, passkey=passkey, at=at)
    except operations.NoSuchPasskey:
        raise Http404 from None
    messages.success(request, _("Der Passkey ist entfernt. Er öffnet dieses Konto nicht mehr."))
    return HttpResponseRedirect(reverse("passkeys"))


def _number(typed: str) -> int:
    # A primary key has at most 19 digits; more would not fit into the database's integer.
    if not (typed.isascii() and typed.isdigit() and len(typed) < 19):
        raise Http404
    return int(typed)


def _page(request: PersonRequest, form: PasskeyForm) -> HttpResponse:
    site = Site.of(request)
    context: dict[str, object] = {"site": site}
    if site.can_have_passkeys:
        options, asked = operations.ask_to_add(user=request.person, site=site)
        request.session[ASKED_KEY] = asked
        context["options"] = json.dumps(options)
    rows = list(queries.passkeys_of(request.person))
    used = getattr(request.person, "otp_device", None)
    return account_page(
        request,
        "accounts/passkeys.html",
        form=form,
        rows=[{"passkey": row, "is_used": row == used} for row in rows],
        **context,
    )
