"""Changing one's own password."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.access import PersonRequest, own_account
from accounts.forms.security import PasswordForm
from accounts.holders import unlocked_of
from accounts.operations import passwords, signing_in
from accounts.throttle import client_of
from accounts.views.devices import locked_words
from accounts.views.security import account_page, wrong_password_words
from accounts.views.signing_in import BUSY
from vault.stretching import Busy


@require_http_methods(["GET", "HEAD", "POST"])
@own_account
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Take the old password and a new one; keys are wrapped anew, other sessions end."""
    request = cast(PersonRequest, request)
    at = timezone.now()
    person = request.person
    form = PasswordForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_valid():
        data = form.cleaned_data
        try:
            signing_in.confirm(user=person, password=data["old"], client=client_of(request))
            passwords.change(
                user=person,
                password=data["password"],
                unlocked=unlocked_of(request),
                keep=queries.own_session(request),
                at=at,
            )
        except signing_in.PasswordWrong:
            form.add_error("old", wrong_password_words())
        except passwords.KeysLocked:
            form.add_error(None, locked_words())
        except Busy:
            form.add_error(None, BUSY)
        else:
            update_session_auth_hash(request, person)
            messages.success(
                request, _("Das Passwort ist geändert. Überall sonst sind Sie jetzt abgemeldet.")
            )
            return HttpResponseRedirect(reverse("security"))
    return account_page(
        request, "accounts/password.html", form=form, alone=not queries.needs_device(person)
    )
