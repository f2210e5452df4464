"""Signing in with password and code, and out again."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as otp_login
from django_otp.models import Device

from accounts import queries
from accounts.access import public
from accounts.arrival import Arrival, forget
from accounts.device_cookie import DeviceCookie
from accounts.forms.signing_in import CodeForm, SignInForm
from accounts.holders import keep
from accounts.models import User
from accounts.operations import devices, passkeys, sessions, signing_in
from accounts.operations.devices import Opened
from accounts.passkeys import Site
from accounts.throttle import client_of
from vault.staff_keys import Unlocked
from vault.stretching import Busy

PASSKEY_KEY = "passkey-asked"  # in the session: what the browser was asked to prove
BUSY = gettext_lazy(
    "Gerade melden sich sehr viele gleichzeitig an. Bitte versuchen Sie es gleich noch einmal."
)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_http_methods(["GET", "HEAD", "POST"])
@public("the way in")
@sensitive_post_parameters()
def sign_in(request: HttpRequest) -> HttpResponse:
    """Take e-mail address and password, and lead to the second factor."""
    at = timezone.now()
    if request.method != "POST":
        if queries.signed_in_user(request) is not None:
            belongs = queries.current_member(request) is not None
            return HttpResponseRedirect(way_on(request.GET.get("next", ""), belongs=belongs))
        return _password_page(request, SignInForm(), request.GET.get("next", ""))
    form = SignInForm(request.POST)
    next_page = request.POST.get("next", "")
    if not form.is_valid():
        return _password_page(request, form, next_page)
    try:
        user = signing_in.check_password(
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
            client=client_of(request),
        )
    except signing_in.PasswordWrong:
        # One sentence for everything that may be wrong: none of it tells who has an account here.
        form.add_error(
            "password",
            _(
                "Diese E-Mail-Adresse und dieses Passwort passen nicht zusammen. Nach mehreren "
                "Fehlversuchen zählt eine Minute lang kein weiterer, auch nicht mit dem richtigen "
                "Passwort. Bitte warten Sie dann diese Minute."
            ),
        )
        return _password_page(request, form, next_page)
    try:
        # Now or never: the password is not kept. The session holds what it opens until the code is shown.
        opened = devices.open_keys(
            user=user,
            password=form.cleaned_data["password"],
            cookie=DeviceCookie.read(request),
            at=at,
        )
    except Busy:
        form.add_error("password", BUSY)
        return _password_page(request, form, next_page)
    # Nobody is signed in yet; a key that somebody planted before must not grow in rights.
    request.session.cycle_key()
    Arrival(
        user=user.pk,
        began_at=at.timestamp(),
        next_page=next_page if is_own_page(next_page) else "",
        unlocked=opened.unlocked,
        stretched=opened.stretched,
        device=opened.device,
        weak=opened.weak,
    ).write(request)
    return HttpResponseRedirect(reverse("login-code"))


@require_http_methods(["GET", "HEAD", "POST"])
@public("the second step of the way in; asks for the first")
@sensitive_post_parameters()
def code(request: HttpRequest) -> HttpResponse:
    """Take the six digits, and let the person in."""
    at = timezone.now()
    pending = arriving(request, at=at)
    if pending is None:
        return HttpResponseRedirect(reverse("login"))
    arrival, user = pending
    if request.method != "POST":
        return _code_page(request, user, CodeForm())
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            device = signing_in.check_code(user=user, code=form.cleaned_data["code"])
        except signing_in.TooManyTries as locked:
            form.add_error("code", _wait_words(locked.until, at))
        except signing_in.CodeWrong:
            form.add_error(
                "code",
                _(
                    "Dieser Code stimmt nicht oder wurde schon benutzt. "
                    "Bitte warten Sie, bis die App einen neuen zeigt."
                ),
            )
        else:
            return go_on(request, user, device, arrival, at=at)
    return _code_page(request, user, form)


@require_POST
@public("the second step of the way in; asks for the first")
def passkey(request: HttpRequest) -> HttpResponse:
    """Take a passkey's proof instead of the six digits, and let the person in."""
    at = timezone.now()
    pending = arriving(request, at=at)
    if pending is None:
        return HttpResponseRedirect(reverse("login"))
    arrival, user = pending
    try:
        device = passkeys.check(
            user=user,
            site=Site.of(request),
            ceremony=request.session.pop(PASSKEY_KEY, None),
            answer=request.POST.get("answer", ""),
        )
    except passkeys.PasskeyRefused:
        messages.warning(
            request,
            _("Mit dem Passkey hat es nicht geklappt. Bitte versuchen Sie es noch einmal."),
        )
        return HttpResponseRedirect(reverse("login-code"))
    return go_on(request, user, device, arrival, at=at)


@require_POST
@public("signing out needs no rule")
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and lead to the sign-in page."""
    logout(request)
    return HttpResponseRedirect(reverse("login"))


def go_on(
    request: HttpRequest, user: User, factor: Device, arrival: Arrival, *, at: datetime
) -> HttpResponse:
    """Let somebody in who has shown both factors, or have a known device let them in first."""
    opened = Opened(arrival.unlocked, arrival.stretched, arrival.device, arrival.weak)
    if opened.unlocked is None and opened.stretched is not None:
        asked, secret = devices.ask(user=user, at=at)
        request.session.cycle_key()
        arrival.waiting(factor=factor.persistent_id, request=asked.pk, secret=secret, at=at).write(
            request
        )
        return HttpResponseRedirect(reverse("login-device"))
    forget(request)
    cookie = DeviceCookie.read(request) or DeviceCookie.fresh()
    return let_in(
        request,
        user,
        factor,
        opened.unlocked,
        cookie=devices.settle(user=user, opened=opened, cookie=cookie, at=at),
        next_page=reverse("password") if opened.weak else arrival.next_page,
        at=at,
    )


def let_in(
    request: HttpRequest,
    user: User,
    factor: Device,
    unlocked: Unlocked | None,
    *,
    cookie: DeviceCookie | None,
    next_page: str,
    at: datetime,
) -> HttpResponse:
    """Sign a person in who has shown both factors, under a fresh session key.

    unlocked: their key pair; without one they come in, but no case opens. cookie: of the known device
    that this browser is, to be kept there.
    """
    login(request, user, backend=BACKEND)
    otp_login(request, factor)
    keep(request, unlocked)
    response = HttpResponseRedirect(_first_page(request, user, next_page, at=at))
    if cookie is not None:
        sessions.note_device(session=sessions.of(request), device=cookie.device)
        cookie.write(response)
    return response


def _first_page(request: HttpRequest, user: User, next_page: str, *, at: datetime) -> str:
    memberships = list(queries.memberships_of(user)[:2])
    if len(memberships) == 1:
        signing_in.enter(member=memberships[0], at=at)
        request.session[queries.MEMBERSHIP_KEY] = str(memberships[0].pk)
    elif memberships and not _is_invitation(next_page):
        query = f"?{urlencode({'next': next_page})}" if next_page else ""
        return reverse("choose-organisation") + query
    return way_on(next_page, belongs=bool(memberships))


def arriving(request: HttpRequest, *, at: datetime) -> tuple[Arrival, User] | None:
    """Return who is on the way in; None, with a message, when the last step was too long ago."""
    arrival = Arrival.read(request)
    if arrival is None:
        return None
    user = queries.active_user(str(arrival.user))
    if user is None or not arrival.is_fresh(at):
        forget(request)
        messages.warning(
            request,
            _("Zwischen Passwort und Code lag zu viel Zeit. Bitte melden Sie sich noch einmal an."),
        )
        return None
    return arrival, user


def way_on(next_page: str, *, belongs: bool) -> str:
    """Return where a signed-in person goes: where they wanted to, else to their desk.

    belongs: whether they are a member of any organisation. Pages of staff would send anybody else
    back to the sign-in, for ever; only an invitation is for them.
    """
    if _is_invitation(next_page) or (belongs and is_own_page(next_page)):
        return next_page
    return reverse("desk" if belongs else "choose-organisation")


def is_own_page(address: str) -> bool:
    """Say whether an address is a path of ours and not another site."""
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)


def _is_invitation(address: str) -> bool:
    return is_own_page(address) and address.startswith(reverse("invitation", args=["-"])[:-2])


def _password_page(request: HttpRequest, form: SignInForm, next_page: str) -> HttpResponse:
    context = {"form": form, "next": next_page if is_own_page(next_page) else ""}
    return render(request, "accounts/sign_in.html", context)


def _code_page(request: HttpRequest, user: User, form: CodeForm) -> HttpResponse:
    """Show the second step; who has passkeys is asked for one of them first."""
    context: dict[str, Any] = {"form": form}
    site = Site.of(request)
    if site.can_have_passkeys and queries.passkeys_of(user).exists():
        options, ceremony = passkeys.ask_to_sign_in(user=user, site=site)
        request.session[PASSKEY_KEY] = ceremony
        context["passkey"] = json.dumps(options)
    return render(request, "accounts/code.html", context)


def _wait_words(until: datetime, at: datetime) -> str:
    seconds = max(1, round((until - at).total_seconds()))
    return ngettext(
        "Die letzten Codes stimmten nicht. Bitte warten Sie %(seconds)s Sekunde und versuchen Sie "
        "es dann noch einmal.",
        "Die letzten Codes stimmten nicht. Bitte warten Sie %(seconds)s Sekunden und versuchen Sie "
        "es dann noch einmal.",
        seconds,
    ) % {"seconds": seconds}
