"""A new beginning for who has lost password or second factor: started, confirmed, and used."""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.access import StaffRequest, public, speak_language_of, staff
from accounts.authenticator import Secret
from accounts.device_cookie import DeviceCookie
from accounts.forms.security import RecoverForm
from accounts.models import Membership, Recovery
from accounts.operations import devices, signing_in
from accounts.operations import recovering as operations
from accounts.operations.devices import Opened
from accounts.operations.staff import hash_token
from accounts.rules import allows
from accounts.views.new_app import brought_back
from accounts.views.signing_in import BUSY, let_in
from vault.stretching import Busy

MADE_KEY = "recovery-made"  # in the session: the link that was just made, until it has been noted


@require_http_methods(["GET", "HEAD", "POST"])
@staff("staff.recover")
def start(request: HttpRequest, member: UUID) -> HttpResponse:
    """Show how far a colleague's new beginning is, and start, confirm or cancel it."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    person = queries.member_of(request.member.organisation, member)
    if person is None or not allows(request.member, "staff.recover", person):
        raise Http404
    if person.pk == request.member.pk:
        messages.info(
            request,
            _("Das geht nicht für einen selbst. Ihr Passwort ändern Sie unter „Mein Zugang“."),
        )
        return HttpResponseRedirect(reverse("staff-list"))
    recovery = queries.open_recovery(person, at)
    if request.method == "POST":
        return _move(request, person, recovery, at=at)
    return render(
        request,
        "accounts/recovery.html",
        {
            "person": person,
            "recovery": recovery,
            "is_mine": recovery is not None and recovery.started_by_id == request.member.pk,
            "lonely": queries.teams_opened_only_by(person),
        },
    )


def _move(
    request: StaffRequest, person: Membership, recovery: Recovery | None, *, at: datetime
) -> HttpResponse:
    here = HttpResponseRedirect(reverse("recovery", args=[person.pk]))
    try:
        if recovery is None:
            operations.start(member=person, by=request.member, at=at)
        elif "cancel" in request.POST:
            operations.cancel(recovery=recovery, by=request.member, at=at)
            messages.success(request, _("Der Neubeginn ist abgebrochen."))
        else:
            token = operations.confirm(recovery=recovery, by=request.member, at=at)
            request.session[MADE_KEY] = {"recovery": str(recovery.pk), "token": token}
            return HttpResponseRedirect(reverse("recovery-link"))
    except operations.SamePerson:
        messages.warning(
            request, _("Bestätigen muss das eine zweite Person aus Leitung oder Verwaltung.")
        )
    except operations.ElsewhereToo:
        messages.warning(
            request,
            _(
                "Dieses Konto gehört auch zu einer anderen Organisation. Beenden Sie stattdessen "
                "den Zugang und laden Sie die Person mit einer anderen E-Mail-Adresse neu ein."
            ),
        )
    except (operations.AlreadyStarted, operations.RecoveryClosed):
        messages.info(request, _("Das hat sich schon erledigt."))
    return here


@require_safe
@staff("staff.recover")
def confirmed(request: HttpRequest) -> HttpResponse:
    """Show the link that was just made; going on forgets it."""
    request = cast(StaffRequest, request)
    made = request.session.get(MADE_KEY)
    row = queries.recovery_by_hash(hash_token(made["token"])) if made else None
    if made is None or row is None or not row.is_open(timezone.now()):
        return HttpResponseRedirect(reverse("staff-list"))
    link = request.build_absolute_uri(reverse("recover", args=[made["token"]]))
    return render(request, "accounts/recovery_link.html", {"recovery": row, "link": link})


@require_http_methods(["GET", "HEAD", "POST"])
@public("the link's secret is the key")
@sensitive_post_parameters()
def recover(request: HttpRequest, token: str) -> HttpResponse:
    """Take a new password and a new app, and let the person in."""
    at = timezone.now()
    row = queries.recovery_by_hash(hash_token(token))
    if row is None or not row.is_open(at):
        context = {"org": row.member.organisation if row else None}
        status = 410 if row else 404
        return render(request, "accounts/recovery_closed.html", context, status=status)
    speak_language_of(row.member.organisation)
    person = row.member.user
    if request.method != "POST":
        return _page(request, row, RecoverForm(person=person), Secret.fresh(row.pk, at=at))
    form = RecoverForm(request.POST, person=person)
    secret, valid = brought_back(form, subject=row.pk, at=at)
    if not valid:
        return _page(request, row, form, secret)
    return _recover(request, row, form, secret, at=at)


def _recover(
    request: HttpRequest, row: Recovery, form: RecoverForm, secret: Secret, *, at: datetime
) -> HttpResponse:
    data = form.cleaned_data
    try:
        step = signing_in.step_of_code(key=secret.key, code=data["code"], at=at)
        user, unlocked, stretched = operations.use(
            recovery=row, password=data["password"], totp_key=secret.key, totp_step=step, at=at
        )
    except signing_in.CodeWrong:
        form.add_error(
            "code",
            _("Dieser Code stimmt nicht. Bitte geben Sie den ein, den die neue App jetzt zeigt."),
        )
        return _page(request, row, form, secret)
    except Busy:
        form.add_error("password", BUSY)
        return _page(request, row, form, secret)
    except operations.RecoveryClosed:
        return render(request, "accounts/recovery_closed.html", status=410)
    cookie = DeviceCookie.read(request) or DeviceCookie.fresh()
    factor = queries.app_of(user)
    assert factor is not None  # just set up
    return let_in(
        request,
        user,
        factor,
        unlocked,
        cookie=devices.settle(user=user, opened=Opened(unlocked, stretched), cookie=cookie, at=at),
        next_page="",
        at=at,
    )


def _page(request: HttpRequest, row: Recovery, form: RecoverForm, secret: Secret) -> HttpResponse:
    return render(
        request,
        "accounts/recover.html",
        {
            "org": row.member.organisation,
            "person": row.member,
            "form": form,
            "secret": secret,
            "qr": secret.qr(row.member.user.email),
        },
    )
