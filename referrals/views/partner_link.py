"""A service without an account: a link that opens once, a code by telephone, and codes of cards."""

from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import gate
from accounts.access import public
from accounts.throttle import Rate
from referrals.forms.partners import CodeForm
from referrals.handoff import wording
from referrals.models import Referral
from referrals.operations import handing_over, partner_moves, partner_reading
from referrals.operations.partner_reading import BY_LINK, Denial, Denied, Opened
from referrals.queries import handoff as queries
from referrals.states import IllegalReferralMove
from referrals.views import partner_work
from vault.sealing import CaseKey
from vault.stretching import Busy

SESSION = "handoff"  # in the sealed session: which referral a link has opened here, and its key
LASTS = timedelta(hours=1)
LOOKS = Rate("handoff-link", 60, 15 * 60)  # each refusal is written down; nobody fills the trail
TRIES = Rate("handoff-code", 20, 15 * 60)
CARDS = Rate("arrival-code", 20, 15 * 60)
GONE = 410
TOO_MANY = 429


@require_http_methods(["GET", "HEAD", "POST"])
@public("the link's secret and the code are the key")
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the code of a link; the right one opens it, once."""
    at = timezone.now()
    form = CodeForm(request.POST or None)
    try:
        gate.count(request, LOOKS)
        partner_reading.looked_at(token=token, at=at)
        if request.method == "POST" and form.is_valid():
            gate.count(request, TRIES)
            used, key = partner_reading.open_link(
                token=token, code=form.cleaned_data["code"], at=at
            )
            _keep(request, used.pk, key, at)
            return HttpResponseRedirect(reverse("handoff-open"))
    except Denied as denied:
        if denied.why is not Denial.WRONG_CODE:
            return _closed(request, denied.why)
        form.add_error("code", wording.denied_words(denied.why))
    except gate.TooOften as closed:
        return _nothing(request, _wait_words(closed), status=TOO_MANY)
    except Busy:
        form.add_error("code", _("Gerade ist viel los. Bitte versuchen Sie es gleich noch einmal."))
    return render(request, "referrals/handoff/link_code.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@public("the sealed session knows what a link has opened")
def opened(request: HttpRequest) -> HttpResponse:
    """Show what a link has opened in this browser, and do what the service answers."""
    at = timezone.now()
    try:
        kept = _kept(request, at)
    except Denied as denied:
        return _closed(request, denied.why)
    if kept is None:
        return _closed(request, Denial.USED)
    row, key = kept
    try:
        read = partner_reading.read_by_link(referral=row, key=key, at=at)
    except Denied as denied:
        request.session.pop(SESSION, None)
        return _closed(request, denied.why)
    if request.method != "POST":
        return _page(request, row, read, at=at)
    if "leave" in request.POST:
        request.session.pop(SESSION, None)
        return HttpResponseRedirect(reverse("handoff-open"))
    try:
        messages.success(request, partner_work.act(request, row, by=BY_LINK, key=key, at=at))
    except partner_work.NoSuchAct:
        raise Http404 from None
    except partner_work.NotValid as refused:
        return _page(request, row, read, at=at, bound=refused.bound)
    except Denied as denied:
        partner_reading.note_denied(denied, referral=row, side=BY_LINK, at=at)
        return _closed(request, denied.why)
    except IllegalReferralMove as refusal:
        messages.warning(request, wording.refusal_words(refusal))
    return HttpResponseRedirect(reverse("handoff-open"))


@require_http_methods(["GET", "HEAD", "POST"])
@public("whoever holds somebody's card may say that they came; nothing is shown")
def arrival(request: HttpRequest) -> HttpResponse:
    """Take the code of a card at a service, and note the arrival."""
    at = timezone.now()
    form = CodeForm(request.POST or None)
    done = False
    if request.method == "POST" and form.is_valid():
        try:
            gate.count(request, CARDS)
            partner_moves.redeem_code(
                code_hash=handing_over.hash_of_arrival(form.cleaned_data["code"]), at=at
            )
            done = True
        except gate.TooOften as closed:
            form.add_error("code", _wait_words(closed))
        except (partner_moves.UnknownCode, Denied):
            form.add_error(
                "code", _("Diesen Code kennen wir nicht, oder er hat schon einmal gegolten.")
            )
    return render(request, "referrals/handoff/arrival.html", {"form": form, "done": done})


def _keep(request: HttpRequest, link: UUID, key: CaseKey, at: datetime) -> None:
    request.session.cycle_key()
    request.session[SESSION] = {
        "link": str(link),
        "key": b64encode(key).decode(),
        "until": (at + LASTS).timestamp(),
    }


def _kept(request: HttpRequest, at: datetime) -> tuple[Referral, CaseKey] | None:
    """Return what a link has opened here. Raises Denied when the case is deleted since: no link is left."""
    found = request.session.get(SESSION)
    if not found or at.timestamp() >= found["until"]:
        request.session.pop(SESSION, None)
        return None
    row = queries.by_link(UUID(found["link"]))
    if row is None:
        request.session.pop(SESSION, None)
        raise Denied(Denial.REVOKED)
    return row, CaseKey(b64decode(found["key"]))


def _page(
    request: HttpRequest, row: Referral, read: Opened, *, at: datetime, bound: Any = None
) -> HttpResponse:
    context = partner_work.page(row, read, at=at, bound=bound)
    return render(
        request,
        "referrals/handoff/partner_referral.html",
        {"frame": "staff/base.html", "by_link": True, **context},
    )


def _closed(request: HttpRequest, why: Denial) -> HttpResponse:
    return _nothing(request, wording.denied_words(why), status=GONE)


def _nothing(request: HttpRequest, words: str, *, status: int) -> HttpResponse:
    return render(
        request,
        "referrals/handoff/partner_closed.html",
        {"frame": "staff/base.html", "words": words},
        status=status,
    )


def _wait_words(closed: gate.TooOften) -> str:
    return _("Das war zu oft. Bitte versuchen Sie es in %(minutes)d Minuten noch einmal.") % {
        "minutes": closed.minutes
    }
