"""The page behind an invitation's link: a new account, or one more organisation for an account."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.access import public, speak_language_of
from accounts.authenticator import Secret
from accounts.device_cookie import DeviceCookie
from accounts.forms.staff import EnrolForm
from accounts.models import Invitation, User
from accounts.operations import devices, signing_in, staff
from accounts.operations.devices import Opened
from accounts.views.new_app import brought_back
from accounts.views.signing_in import BUSY, let_in
from vault.stretching import Busy


@require_http_methods(["GET", "HEAD", "POST"])
@public("the link's secret is the key")
@sensitive_post_parameters()
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites to what, and accept."""
    at = timezone.now()
    row = queries.invitation_by_hash(staff.hash_token(token))
    if row is None:
        return _closed(request, None)
    speak_language_of(row.organisation)
    if not row.is_open(at):
        return _closed(request, row)
    user = queries.signed_in_user(request)
    if user is not None:
        return _with_account(request, row, token, user, at=at)
    return _without_account(request, row, token, at=at)


def _with_account(
    request: HttpRequest, row: Invitation, token: str, user: User, *, at: datetime
) -> HttpResponse:
    if request.method != "POST":
        return _page(request, row, "accounts/invitation_join.html", user=user)
    try:
        member = staff.accept_as(invitation=row, token=token, user=user, at=at)
    except staff.InvitationClosed:
        return _closed(request, queries.invitation_by_hash(bytes(row.token_hash)))
    except staff.AlreadyMember:
        messages.info(
            request, _("Dieses Konto gehört schon zu %(name)s.") % {"name": row.organisation.name}
        )
        return HttpResponseRedirect(reverse("choose-organisation"))
    signing_in.enter(member=member, at=at)
    request.session.cycle_key()
    request.session[queries.MEMBERSHIP_KEY] = str(member.pk)
    return HttpResponseRedirect(reverse("desk"))


def _without_account(
    request: HttpRequest, row: Invitation, token: str, *, at: datetime
) -> HttpResponse:
    if request.method != "POST":
        return _enrol_page(request, row, EnrolForm(invitation=row), Secret.fresh(row.pk, at=at))
    form = EnrolForm(request.POST, invitation=row)
    secret, valid = brought_back(form, subject=row.pk, at=at)
    if not valid:
        return _enrol_page(request, row, form, secret)
    return _enrol(request, row, token, form, secret, at=at)


def _enrol(
    request: HttpRequest,
    row: Invitation,
    token: str,
    form: EnrolForm,
    secret: Secret,
    *,
    at: datetime,
) -> HttpResponse:
    data = form.cleaned_data
    try:
        step = signing_in.step_of_code(key=secret.key, code=data["code"], at=at)
        member, unlocked, stretched = staff.accept_as_new(
            invitation=row,
            token=token,
            email=data["email"],
            password=data["password"],
            totp_key=secret.key,
            totp_step=step,
            at=at,
        )
    except signing_in.CodeWrong:
        form.add_error(
            "code",
            _(
                "Dieser Code stimmt nicht. Bitte geben Sie den ein, den die App jetzt zeigt. Stimmt er "
                "wieder nicht: Geht die Uhr des Telefons richtig?"
            ),
        )
        return _enrol_page(request, row, form, secret)
    except staff.AccountExists:
        form.add_error(
            "email",
            _(
                "Für diese E-Mail-Adresse gibt es schon ein Konto. Bitte melden Sie sich erst an und "
                "öffnen Sie dann diesen Link noch einmal."
            ),
        )
        return _enrol_page(request, row, form, secret)
    except staff.InvitationClosed:
        return _closed(request, queries.invitation_by_hash(bytes(row.token_hash)))
    except Busy:
        form.add_error("password", BUSY)
        return _enrol_page(request, row, form, secret)
    device = queries.app_of(member.user)
    assert device is not None  # just made
    opened = Opened(unlocked, stretched)
    cookie = DeviceCookie.read(request) or DeviceCookie.fresh()
    return let_in(
        request,
        member.user,
        device,
        unlocked,
        cookie=devices.settle(user=member.user, opened=opened, cookie=cookie, at=at),
        next_page="",
        at=at,
    )


def _enrol_page(
    request: HttpRequest, row: Invitation, form: EnrolForm, secret: Secret
) -> HttpResponse:
    login = f"{reverse('login')}?{urlencode({'next': request.path})}"
    return _page(
        request,
        row,
        "accounts/invitation_new.html",
        form=form,
        qr=secret.qr(row.name),
        secret=secret,
        login_url=login,
    )


def _page(request: HttpRequest, row: Invitation, template: str, **context: Any) -> HttpResponse:
    context |= {"invitation": row, "org": row.organisation, "logout_url": reverse("logout")}
    return render(request, template, context)


def _closed(request: HttpRequest, row: Invitation | None) -> HttpResponse:
    """Say why the link does not work: 404 for one that never was, 410 for one that has been."""
    context = {"invitation": row, "org": row.organisation if row else None}
    return render(request, "accounts/invitation_closed.html", context, status=410 if row else 404)
