"""A service's desk in Lotse: its inbox, one referral, its entry, its people."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries as people
from accounts.access import StaffRequest, staff
from accounts.models import Membership
from accounts.operations.staff import NotCurrent, OwnMembership
from referrals.forms.entry import EntryForm
from referrals.forms.partners import CapacityForm, ColleagueForm
from referrals.handoff import fhir, standings, wording
from referrals.models import CapacityCode, PartnerDesk, Referral, Service
from referrals.operations import desks, partner_reading
from referrals.operations import entries as entry_operations
from referrals.operations.partner_reading import Denied, Opened
from referrals.queries import entries
from referrals.queries import handoff as queries
from referrals.states import IllegalReferralMove, ReferralState, Waits, waits_for
from referrals.views import partner_work


@require_http_methods(["GET", "HEAD", "POST"])
@staff("partner.desk")
def desk(request: HttpRequest) -> HttpResponse:
    """Show what lies at the desk by due time, and report room in one click."""
    request = cast(StaffRequest, request)
    found = queries.desk_of(request.member)
    at = timezone.now()
    services = found.services.order_by("name") if found else Service.objects.none()
    if request.method == "POST":
        return _report_room(request, services, at)
    rows = queries.inbox(found) if found else []
    return render(
        request,
        "referrals/handoff/desk.html",
        {
            "waiting": [_row(row, at) for row in rows if row.is_open],
            "ended": [_row(row, at) for row in rows if not row.is_open],
            "services": list(services),
            "capacities": CapacityCode.choices,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff("partner.desk")
def referral(request: HttpRequest, referral: UUID) -> HttpResponse:
    """Show one referral, and do what the service answers."""
    request = cast(StaffRequest, request)
    row = _row_or_404(request, referral)
    at = timezone.now()
    try:
        opened = _opened(request, row, at=at)
    except Denied as denied:
        return _denied(request, row, denied)
    if request.method != "POST":
        return _page(request, row, opened, at=at)
    try:
        done = partner_work.act(
            request, row, by=partner_reading.at_desk(request.member), key=opened.key, at=at
        )
    except partner_work.NoSuchAct:
        raise Http404 from None
    except partner_work.NotValid as refused:
        return _page(request, row, opened, at=at, bound=refused.bound)
    except Denied as denied:
        side = partner_reading.at_desk(request.member)
        partner_reading.note_denied(denied, referral=row, side=side, at=at)
        return _denied(request, row, denied)
    except IllegalReferralMove as refusal:
        messages.warning(request, wording.refusal_words(refusal))
        return HttpResponseRedirect(reverse("partner-referral", args=[row.pk]))
    messages.success(request, done)
    row.refresh_from_db()
    onward = reverse("partner-referral", args=[row.pk]) if row.is_open else reverse("partner-desk")
    return HttpResponseRedirect(onward)


@require_safe
@staff("partner.desk")
def bundle(request: HttpRequest, referral: UUID) -> HttpResponse:
    """Give a referral as FHIR: ServiceRequest, Task and Consent. `?als=datei` saves it."""
    request = cast(StaffRequest, request)
    row = _row_or_404(request, referral)
    try:
        opened = _opened(request, row, at=timezone.now())
    except Denied:
        raise Http404 from None
    response = JsonResponse(fhir.bundle(row, opened.sent), content_type="application/fhir+json")
    if request.GET.get("als") == "datei":
        response.headers["Content-Disposition"] = 'attachment; filename="anfrage.fhir.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@staff("partner.desk")
def entry(request: HttpRequest, service: UUID) -> HttpResponse:
    """Show the service's own entry in the directory, and change it."""
    request = cast(StaffRequest, request)
    found = queries.desk_of(request.member)
    row = found.services.filter(pk=service).first() if found else None
    if row is None:
        raise Http404
    before = entries.document(row)
    terms = list(entries.categories())
    if request.method != "POST":
        form = EntryForm(before=before, terms=terms)
        return render(request, "referrals/entry.html", {"entry": row, "form": form, "own": True})
    form = EntryForm(request.POST, before=before, terms=terms)
    if form.is_valid():
        try:
            entry_operations.save_entry(
                document=form.document(before),
                owner=row.owner,
                by=request.member,
                at=timezone.now(),
            )
        except entry_operations.NotTaken as refused:
            for problem in refused.report.problems:
                form.add_error(None, problem.sentence())
        else:
            messages.success(request, _("Ihr Eintrag ist gespeichert."))
            return HttpResponseRedirect(reverse("partner-desk"))
    return render(request, "referrals/entry.html", {"entry": row, "form": form, "own": True})


@require_http_methods(["GET", "HEAD", "POST"])
@staff("partner.desk")
def colleagues(request: HttpRequest) -> HttpResponse:
    """Show who works at the desk, invite a colleague, end somebody's place."""
    request = cast(StaffRequest, request)
    found = queries.desk_of(request.member)
    if found is None:
        raise Http404
    at = timezone.now()
    form = ColleagueForm(request.POST or None)
    link = ""
    if request.method == "POST":
        if "end" in request.POST:
            return _end(request, found, at=at)
        if form.is_valid():
            _invitation, token = desks.invite(
                desk=found,
                name=form.cleaned_data["name"],
                by=request.member,
                holder=request.holder,
                at=at,
            )
            link = request.build_absolute_uri(reverse("invitation", args=[token]))
            form = ColleagueForm()
    return render(
        request,
        "referrals/handoff/colleagues.html",
        {
            "form": form,
            "link": link,
            "people": people.staff_of(found.organisation),
            "invitations": people.open_invitations(found.organisation, at),
        },
    )


def _end(request: StaffRequest, desk: PartnerDesk, *, at: datetime) -> HttpResponse:
    try:
        desks.end(desk=desk, member=UUID(request.POST["end"]), by=request.member, at=at)
    except (ValueError, Membership.DoesNotExist, NotCurrent):
        raise Http404 from None
    except OwnMembership:
        messages.warning(request, _("Den eigenen Zugang kann niemand selbst beenden."))
    else:
        messages.success(request, _("Der Zugang ist beendet."))
    return HttpResponseRedirect(reverse("partner-people"))


def _report_room(request: StaffRequest, services: Any, at: datetime) -> HttpResponse:
    form = CapacityForm(request.POST, services=services)
    if form.is_valid():
        service = form.cleaned_data["service"]
        code = CapacityCode(form.cleaned_data["capacity"])
        weeks = service.waiting_weeks if code is CapacityCode.WAITING else None
        entry_operations.report_capacity(
            service=service, code=code, waiting_weeks=weeks, by=request.member, at=at
        )
        messages.success(request, _("Gemeldet. Danke."))
    else:
        messages.warning(request, _("Bitte wählen Sie aus, ob Plätze frei sind."))
    return HttpResponseRedirect(reverse("partner-desk"))


def _row_or_404(request: StaffRequest, referral: UUID) -> Referral:
    row = queries.at_desk(request.member, referral)
    if row is None:
        partner_reading.note_stranger(referral=referral, member=request.member, at=timezone.now())
        raise Http404
    return row


def _opened(request: StaffRequest, row: Referral, *, at: datetime) -> Opened:
    return partner_reading.read_at_desk(
        referral=row, member=request.member, holder=request.holder, at=at
    )


def _page(
    request: StaffRequest, row: Referral, opened: Opened, *, at: datetime, bound: Any = None
) -> HttpResponse:
    context = partner_work.page(row, opened, at=at, bound=bound)
    return render(
        request, "referrals/handoff/partner_referral.html", {"frame": "staff/base.html", **context}
    )


def _denied(request: StaffRequest, row: Referral, denied: Denied) -> HttpResponse:
    return render(
        request,
        "referrals/handoff/partner_closed.html",
        {
            "frame": "staff/base.html",
            "words": wording.denied_words(denied.why),
            "referral": row,
            "at_desk": True,
        },
        status=410,
    )


def _row(row: Referral, at: datetime) -> dict[str, Any]:
    return {
        "referral": row,
        "standing": standings.for_partner(row),
        "mine": waits_for(ReferralState(row.state)) is Waits.PARTNER,
        "late": row.due_at is not None and row.due_at < at,
        "is_new": row.seen_at is None,
    }
