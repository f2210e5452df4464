"""Four eyes: handing a reply in, reading what waits, approving it or giving it back."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, staff
from counselling import second_eyes
from counselling.access import CaseRequest, staff_case, takes_files
from counselling.forms.staff import ApprovalForm, ReplyForm
from counselling.operations import approvals
from counselling.operations.entries import CaseGone
from counselling.views import rows
from counselling.views.case_page import Filled, case_page, fresh_reply
from counselling.views.refusals import REFUSALS, words_for


@require_safe
@staff("reply.approve")
def waiting(request: HttpRequest) -> HttpResponse:
    """Show the replies that wait for the member's approval."""
    member = cast(StaffRequest, request).member
    at = timezone.now()
    return render(
        request,
        "counselling/staff/approvals.html",
        {
            "waiting": [
                {
                    "url": reverse("case", args=[one.case_id]),
                    "title": rows.title(one.case),
                    "urgency": one.case.urgency,
                    "reference": one.case.reference,
                    "author": one.author.name,
                    "due": rows.due_words(one.due_at, at=at),
                    "due_left": rows.left_words(one.due_at, at=at),
                    "late": one.due_at <= at,
                }
                for one in second_eyes.waiting_for(member)
            ]
        },
    )


@takes_files
@require_POST
@staff_case("case.draft")
def submit(request: HttpRequest) -> HttpResponse:
    """Hand a reply in for a second person."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    form = ReplyForm(request.POST, case=request.case)
    if not form.is_valid():
        return case_page(request, Filled(reply=form, kept=str(form.data.get("text", ""))), at=at)
    given = form.cleaned_data
    try:
        approvals.submit(
            case=request.case.pk,
            text=given["text"],
            client_msg_id=given["client_msg_id"],
            by=request.member,
            holder=request.holder,
            at=at,
            seen=given["seen"],
        )
    except REFUSALS as refusal:
        return _refused(request, refusal, given["text"])
    messages.success(request, _("Ihre Antwort wartet jetzt auf Freigabe."))
    return HttpResponseRedirect(reverse("case", args=[request.case.pk]))


@require_POST
@staff_case("reply.approve")
def decide(request: HttpRequest) -> HttpResponse:
    """Approve a colleague's reply, as it is or changed, or give it back."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    form = ApprovalForm(request.POST)
    if not form.is_valid():
        return case_page(request, Filled(approval=form), at=at)
    given = form.cleaned_data
    approval: UUID = given["approval"]
    try:
        if "return" in request.POST:
            approvals.give_back(
                approval=approval,
                comment=given["comment"],
                by=request.member,
                holder=request.holder,
                at=at,
            )
            done = _("Die Antwort ist zurückgegeben. Sie liegt als Entwurf im Fall.")
        else:
            approvals.approve(
                approval=approval,
                text=given["text"],
                comment=given["comment"],
                by=request.member,
                holder=request.holder,
                at=at,
                seen=given["seen"],
            )
            done = _("Die Antwort ist freigegeben und gesendet.")
    except REFUSALS as refusal:
        if isinstance(refusal, CaseGone | approvals.ApprovalGone):
            messages.warning(request, words_for(refusal))
            return HttpResponseRedirect(reverse("approvals"))
        request.case.refresh_from_db()
        again = ApprovalForm(initial={**given, "seen": request.case.last_seq})
        filled = Filled(approval=again, refusal=words_for(refusal))
        return case_page(request, filled, at=at, status=409)
    messages.success(request, done)
    return HttpResponseRedirect(reverse("approvals"))


@require_POST
@staff_case("case.draft")
def withdraw(request: HttpRequest) -> HttpResponse:
    """Take an own reply back before somebody has decided."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    try:
        waits = second_eyes.waiting_in(request.case)
        if waits is None:
            raise approvals.ApprovalGone
        approvals.withdraw(approval=waits.pk, by=request.member, holder=request.holder, at=at)
    except REFUSALS as refusal:
        messages.warning(request, words_for(refusal))
    else:
        messages.success(request, _("Die Antwort ist wieder ein Entwurf."))
    return HttpResponseRedirect(reverse("case", args=[request.case.pk]))


def _refused(request: CaseRequest, refusal: Exception, text: str) -> HttpResponse:
    at = timezone.now()
    words = words_for(refusal)
    if isinstance(refusal, CaseGone):
        return render(
            request, "counselling/staff/gone.html", {"words": words, "kept": text}, status=410
        )
    request.case.refresh_from_db()
    return case_page(
        request,
        Filled(reply=fresh_reply(request.case, text=text), kept=text, refusal=words),
        at=at,
        status=409,
    )
