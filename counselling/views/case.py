"""The case page and the moves of a case: each view calls one operation and says what came of it."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Team
from counselling import claims
from counselling.access import CaseRequest, staff_case
from counselling.forms.reviews import REASON_MISSING, UrgencyForm
from counselling.forms.staff import HandOverForm
from counselling.operations import cases, holding, reviews
from counselling.operations.cases import ClaimedByOther
from counselling.operations.claims import SecondPersonReads
from counselling.operations.entries import CaseGone
from counselling.sla import Urgency
from counselling.views.case_news import case_news
from counselling.views.case_page import Filled, case_page
from counselling.views.refusals import LOCKED, REFUSALS, words_for


@require_GET
@staff_case("case.read")
def case(request: HttpRequest) -> HttpResponse:
    """Show a case; with HX-Request only what is new in it."""
    at = timezone.now()
    if request.headers.get("HX-Request"):
        return case_news(cast(CaseRequest, request), at=at)
    return case_page(cast(CaseRequest, request), at=at)


@require_POST
@staff_case("case.claim")
def claim(request: HttpRequest) -> HttpResponse:
    """Take a waiting case; who was second learns who has it."""
    request = cast(CaseRequest, request)
    try:
        cases.claim(case=request.case.pk, by=request.member, at=timezone.now())
    except (ClaimedByOther, CaseGone, SecondPersonReads) as refusal:
        messages.warning(request, words_for(refusal))
        return HttpResponseRedirect(reverse("queue"))
    return _to_case(request)


@require_POST
@staff_case("case.release")
def release(request: HttpRequest) -> HttpResponse:
    """Put a held case back into the queue."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    return _move(
        request,
        lambda: cases.release(case=request.case.pk, by=request.member, at=at),
        done=_("Der Fall %(case)s wartet wieder in der Warteschlange."),
    )


@require_POST
@staff_case("case.claim")
def stay(request: HttpRequest) -> HttpResponse:
    """Keep a case that would soon go back to the queue: its holder is still at it."""
    request = cast(CaseRequest, request)
    try:
        holding.stay_on(case=request.case.pk, by=request.member, at=timezone.now())
    except REFUSALS as refusal:
        messages.warning(request, words_for(refusal))
    else:
        messages.success(request, _("Der Fall bleibt bei Ihnen."))
    return _to_case(request)


@require_POST
@staff_case("case.hand_over")
def hand_over(request: HttpRequest) -> HttpResponse:
    """Give the case to a colleague or put it into another team's queue."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    claim = claims.open_claim(request.case.pk)
    holds = claim is not None and claim.member_id == request.member.pk
    form = HandOverForm(request.POST, member=request.member, case=request.case, holds=holds)
    if not form.is_valid():
        return case_page(request, Filled(hand_over=form), at=at)
    to = form.cleaned_data["to"]
    if isinstance(to, Team):
        return _move(
            request,
            lambda: cases.hand_to_team(
                case=request.case.pk, to=to, by=request.member, holder=request.holder, at=at
            ),
            done=_("Der Fall %(case)s wartet jetzt beim Team %(to)s."),
            to=to.name,
        )
    return _move(
        request,
        lambda: cases.hand_to_colleague(
            case=request.case.pk, to=to, by=request.member, holder=request.holder, at=at
        ),
        done=_("Der Fall %(case)s liegt jetzt bei %(to)s."),
        to=to.name,
    )


@require_POST
@staff_case("case.set_urgency")
def urgency(request: HttpRequest) -> HttpResponse:
    """Confirm or correct how urgent a case is; the promised time follows."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    form = UrgencyForm(request.POST)
    if not form.is_valid():
        return case_page(request, Filled(urgency=form), at=at)
    given = form.cleaned_data
    try:
        made = reviews.review(
            case=request.case.pk,
            urgency=Urgency(given["urgency"]),
            by=request.member,
            holder=request.holder,
            at=at,
            reason=given["reason"],
            note=given["note"],
            seen=given["seen"],
        )
    except reviews.ReasonMissing:
        form.add_error("reason", REASON_MISSING)
        return case_page(request, Filled(urgency=form), at=at)
    except (CaseGone, *LOCKED) as refusal:
        messages.warning(request, words_for(refusal))
        return HttpResponseRedirect(reverse("queue"))
    except REFUSALS as refusal:
        request.case.refresh_from_db()
        return case_page(request, Filled(refusal=words_for(refusal)), at=at, status=409)
    if made.old == made.new:
        messages.success(request, _("Die Einstufung ist bestätigt."))
    else:
        messages.success(request, _("Die Dringlichkeit ist geändert."))
    return _to_case(request)


@require_POST
@staff_case("case.close")
def close(request: HttpRequest) -> HttpResponse:
    """Close a held case."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    return _move(
        request,
        lambda: cases.close(case=request.case.pk, by=request.member, holder=request.holder, at=at),
        done=_("Der Fall %(case)s ist abgeschlossen."),
    )


@require_POST
@staff_case("case.reopen")
def reopen(request: HttpRequest) -> HttpResponse:
    """Open a closed case again; the member then holds it."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    try:
        cases.reopen(case=request.case.pk, by=request.member, holder=request.holder, at=at)
    except REFUSALS as refusal:
        messages.warning(request, words_for(refusal))
        return _to_case(request)
    messages.success(request, _("Der Fall ist wieder offen und liegt bei Ihnen."))
    return _to_case(request)


def _move(
    request: CaseRequest, operation: Callable[[], None], *, done: str, to: str = ""
) -> HttpResponse:
    """Do it and go on to the queue; a refusal leads back to the case with its sentence."""
    try:
        operation()
    except CaseGone as refusal:
        messages.warning(request, words_for(refusal))
        return HttpResponseRedirect(reverse("queue"))
    except REFUSALS as refusal:
        messages.warning(request, words_for(refusal))
        return _to_case(request)
    messages.success(request, done % {"case": request.case.reference, "to": to})
    return HttpResponseRedirect(reverse("queue"))


def _to_case(request: CaseRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("case", args=[request.case.pk]))
