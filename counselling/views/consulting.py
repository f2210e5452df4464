"""Consultations: asking inside a case, what lies with a member, answering, and the end of it."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, staff
from accounts.rules import allows
from counselling import anonymity, claims, consulting, queries
from counselling.access import CaseRequest, staff_case
from counselling.context import LIVE_URL
from counselling.forms.consulting import AnswerForm, CheckForm, ConsultForm
from counselling.models import Consultation, Message
from counselling.operations import consultations, reading
from counselling.operations.cases import NotHolder
from counselling.operations.entries import CaseGone
from counselling.queries import Entry
from counselling.states import CaseState
from counselling.views.consultation_rows import answers, own, shown, way_to_case
from counselling.views.refusals import LOCKED, REFUSALS, words_for

_KINDS: dict[str, Promise] = {
    "address": gettext_lazy("Adresse"),
    "date": gettext_lazy("Datum"),
    "name": gettext_lazy("Name?"),
    "number": gettext_lazy("Nummer"),
    "place": gettext_lazy("Ort"),
}


@require_safe
@staff("consultation.see")
def listed(request: HttpRequest) -> HttpResponse:
    """Show what the member is asked and what they have asked."""
    member = cast(StaffRequest, request).member
    at = timezone.now()
    own_rows = consulting.asked_by(member)
    readable = consulting.readable(member, own_rows)
    context = {
        "asked": [shown(row, at=at) for row in consulting.asked_of(member)],
        "own": [own(row, reads=row.case_id in readable, at=at) for row in own_rows],
        "live_url": LIVE_URL,
        "refresh_url": request.path,
    }
    if request.headers.get("HX-Request"):
        return render(request, "counselling/staff/_consultations.html", context)
    return render(request, "counselling/staff/consultations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("consultation.see")
def consultation(request: HttpRequest, consultation: UUID) -> HttpResponse:
    """Let who is asked read a consultation and answer it."""
    request = cast(StaffRequest, request)
    row = consulting.open_for(request.member, consultation)
    if row is None or not allows(request.member, "consultation.see", row):
        if request.headers.get("HX-Request"):
            return HttpResponse(status=404, headers={"HX-Redirect": reverse("consultations")})
        raise Http404
    at = timezone.now()
    if request.method != "POST":
        return _reading(request, row, _fresh_answer(), at=at)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _reading(request, row, form, at=at)
    try:
        consultations.answer(
            consultation=row.pk,
            text=form.cleaned_data["text"],
            client_msg_id=form.cleaned_data["client_msg_id"],
            by=request.member,
            holder=request.holder,
            at=at,
        )
    except consultations.ConsultationGone as gone:
        words = {"words": words_for(gone), "kept": form.cleaned_data["text"]}
        return render(request, "counselling/staff/gone.html", words, status=410)
    except REFUSALS as refusal:
        again = _fresh_answer(form.cleaned_data["text"])
        return _reading(request, row, again, at=at, refusal=words_for(refusal))
    messages.success(request, _("Ihr Rat ist bei %(name)s angekommen.") % {"name": row.asker.name})
    return HttpResponseRedirect(reverse("consultation", args=[row.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_case("case.consult")
def consult(request: HttpRequest) -> HttpResponse:
    """Ask a colleague or a team inside a case: write, check, send."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    if not _holds(request):
        messages.warning(request, words_for(NotHolder()))
        return _to_case(request)
    if request.method != "POST":
        return _writing(request, _fresh_question(request), at=at)
    act = request.POST.get("act", "")
    if act == "take":
        return _writing(request, _with_passages(request), at=at)
    form = ConsultForm(request.POST, member=request.member, case=request.case)
    if not form.is_valid() or act == "edit":
        return _writing(request, form, at=at)
    needs_check = not consulting.reads_anyway(form.cleaned_data["to"], request.case)
    check = CheckForm(request.POST) if act == "send" else CheckForm()
    if needs_check and not check.is_valid():
        return _checking(request, form, check)
    return _ask(request, form, at=at)


@require_POST
@staff_case("case.consult")
def end(request: HttpRequest, consultation: UUID) -> HttpResponse:
    """Close an answered consultation, or take back one that nobody has answered."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    if not request.case.consultations.filter(pk=consultation).exists():
        raise Http404
    act, done = (
        (consultations.withdraw, _("Die Frage ist zurückgezogen."))
        if "withdraw" in request.POST
        else (consultations.close, _("Die Konsultation ist abgeschlossen."))
    )
    try:
        act(consultation=consultation, by=request.member, at=at)
    except REFUSALS as refusal:
        messages.warning(request, words_for(refusal))
    else:
        messages.success(request, done)
    return _to_case(request)


def _ask(request: CaseRequest, form: ConsultForm, *, at: datetime) -> HttpResponse:
    given = form.cleaned_data
    try:
        asked = consultations.ask(
            case=request.case.pk,
            to=given["to"],
            text=given["text"],
            is_checked=True,
            client_msg_id=given["client_msg_id"],
            by=request.member,
            holder=request.holder,
            at=at,
        )
    except CaseGone as gone:
        words = {"words": words_for(gone), "kept": given["text"]}
        return render(request, "counselling/staff/gone.html", words, status=410)
    except REFUSALS as refusal:
        return _writing(request, form, at=at, refusal=words_for(refusal))
    messages.success(request, _("Ihre Frage liegt bei %(name)s.") % {"name": asked.to})
    return _to_case(request)


def _holds(request: CaseRequest) -> bool:
    claim = claims.open_claim(request.case.pk)
    held = CaseState(request.case.state) in CaseState.held()
    return held and claim is not None and claim.member_id == request.member.pk


def _to_case(request: CaseRequest) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('case', args=[request.case.pk])}#konsultation")


def _fresh_question(request: CaseRequest, **initial: str) -> ConsultForm:
    return ConsultForm(
        member=request.member, case=request.case, initial={"client_msg_id": uuid4(), **initial}
    )


def _fresh_answer(text: str = "") -> AnswerForm:
    return AnswerForm(initial={"client_msg_id": uuid4(), "text": text})


def _with_passages(request: CaseRequest) -> ConsultForm:
    """Return the form with the chosen entries of the thread behind what stands there already."""
    chosen = set(request.POST.getlist("passage"))
    typed = request.POST.get("text", "").rstrip()
    try:
        taken = [entry.text for entry in _spoken(request) if str(entry.seq) in chosen]
    except LOCKED:
        taken = []
    text = "\n\n".join([*filter(None, [typed]), *taken])
    return _fresh_question(request, to=request.POST.get("to", ""), text=text)


def _spoken(request: CaseRequest) -> list[Entry]:
    """Return what client and counsellors wrote to each other, opened."""
    roles = [Message.Role.CLIENT, Message.Role.REPLY]
    return queries.thread(request.case, holder=request.holder, roles=roles)


def _writing(
    request: CaseRequest, form: ConsultForm, *, at: datetime, refusal: str = ""
) -> HttpResponse:
    context: dict[str, Any] = {"case": request.case, "form": form, "refusal": refusal}
    reading.note_reading(case=request.case, by=request.member, at=at)
    try:
        context["entries"] = _spoken(request)
    except LOCKED as locked:
        context["locked"] = words_for(locked)
    status = 409 if refusal else 200
    return render(request, "counselling/staff/consult.html", context, status=status)


def _checking(request: CaseRequest, form: ConsultForm, check: CheckForm) -> HttpResponse:
    text = form.cleaned_data["text"]
    found = anonymity.traces(text)
    to = form.cleaned_data["to"]
    context = {
        "case": request.case,
        "form": form,
        "check": check,
        "to": to.name,
        "found": len(found),
        "pieces": [
            {"text": piece, "kind": str(_KINDS[kind]) if kind else ""}
            for piece, kind in anonymity.pieces(text, found)
        ],
    }
    return render(request, "counselling/staff/consult_check.html", context)


def _reading(
    request: StaffRequest,
    row: Consultation,
    form: AnswerForm,
    *,
    at: datetime,
    refusal: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {
        "row": shown(row, at=at),
        "form": form,
        "refusal": refusal,
        "live_url": LIVE_URL,
        "case_url": way_to_case(request.member, row),
        "refresh_url": request.path,
    }
    is_part = bool(request.headers.get("HX-Request"))
    if not is_part:  # looking again every few seconds fills no trail
        consultations.note_reading(consultation=row, by=request.member, at=at)
    try:
        opened = consulting.opened(row, holder=request.holder)
        context |= {"text": opened.text, "answers": answers(opened, at=at)}
    except LOCKED as locked:
        context["locked"] = words_for(locked)
    page = "_consultation.html" if is_part else "consultation.html"
    status = 409 if refusal else 200
    return render(request, f"counselling/staff/{page}", context, status=status)
