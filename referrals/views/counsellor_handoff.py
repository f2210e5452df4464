"""A counsellor hands over: candidates with reasons, cards for the client, and what became of them."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import StaffRequest, staff
from counselling import queries as counselling
from counselling.access import CaseRequest, staff_case
from counselling.operations.cases import NotHolder
from counselling.operations.entries import CaseGone
from counselling.views.case_page import standing
from referrals.context import help_box
from referrals.forms.suggesting import CandidatesForm, NecessityForm, ProposalForm
from referrals.handoff import figures_wording, paper, wording
from referrals.handoff.looks import Look, look
from referrals.models import Necessity, Referral, Service
from referrals.operations import (
    handing_over,
    necessities,
    partner_reading,
    suggestions,
)
from referrals.queries import candidates, entry_page, handoff_figures
from referrals.queries import handoff as queries
from referrals.states import IllegalReferralMove, ReferralMove, ReferralState, sources
from referrals.views import partner_work
from vault import parcels
from vault.keyring import KeyUnavailable

# What somebody searches for in acute danger; the directory's words are German.
DANGER = "Kindeswohl Gewalt Krise Jugendamt"


@require_http_methods(["GET", "HEAD", "POST"])
@staff_case("referral.suggest")
def suggest(request: HttpRequest) -> HttpResponse:
    """Find services for a case, compare up to three, and put them into the thread as cards.

    Everything is sent by POST: a need and a postcode belong in no address.
    """
    request = cast(CaseRequest, request)
    at = timezone.now()
    chosen = request.POST.getlist("service")
    proposal = ProposalForm(request.POST if request.method == "POST" else None)
    if request.POST.get("act") == "send":
        done = _send(request, chosen, proposal, at=at)
        if done is not None:
            return done
    search = CandidatesForm(request.POST if request.method == "POST" else None)
    search.is_valid()
    typed = search.cleaned_data if request.method == "POST" else _first_search(request)
    if request.method != "POST":
        search = CandidatesForm(initial=typed)
        proposal = ProposalForm()
    found = candidates.candidates(
        case=request.case,
        words=typed.get("words", ""),
        place=typed.get("place", ""),
        language=typed.get("language", ""),
        at=at,
    )
    compared = [one for one in found if str(one.service.pk) in chosen]
    return render(
        request,
        "referrals/handoff/suggest.html",
        {
            "case": request.case,
            "form": search,
            "proposal": proposal,
            "found": [_candidate(one, chosen) for one in found],
            "compared": _comparison(compared) if request.POST.get("act") == "compare" else [],
            "compared_names": [one.service.name for one in compared],
            "referrals": [_row(row) for row in queries.of_case(request.case)],
        },
    )


@require_safe
@staff_case("referral.see")
def box(request: HttpRequest) -> HttpResponse:
    """Bring an open case page its referrals anew, or 204 while they are as it shows them."""
    request = cast(CaseRequest, request)
    if request.GET.get("seen") == queries.mark_of(request.case):
        return HttpResponse(status=204)
    found = help_box(request.case)
    return render(
        request,
        "referrals/handoff/_in_case_news.html",
        {"case": request.case, "standing": standing(request), "help_box": found},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_case("referral.see")
def referral(request: HttpRequest, referral: UUID) -> HttpResponse:
    """Show one referral of a case, and do what the counsellor does: enter answers, renew, confirm."""
    request = cast(CaseRequest, request)
    row = _row_or_404(request, referral)
    at = timezone.now()
    if request.method != "POST":
        return _page(request, row, at=at)
    try:
        done = _do(request, row, at=at)
    except partner_work.NotValid as refused:
        return _page(request, row, at=at, bound=refused.bound)
    except partner_work.NoSuchAct:
        raise Http404 from None
    except IllegalReferralMove as refusal:
        messages.warning(request, wording.refusal_words(refusal))
    except necessities.SamePerson:
        messages.warning(request, _("Das muss eine zweite Person bestätigen."))
    except handing_over.NoLinkPossible:
        messages.warning(request, _("Dafür gibt es keine E-Mail-Adresse der Stelle."))
    except KeyUnavailable:
        messages.warning(request, _("Die Texte dieses Falls lassen sich gerade nicht öffnen."))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(reverse("referral", args=[request.case.pk, row.pk]))


@require_safe
@staff_case("referral.see")
def letter(request: HttpRequest, referral: UUID) -> HttpResponse:
    """Give a referral as a letter or fax, with a page for the answer by telephone."""
    request = cast(CaseRequest, request)
    row = _row_or_404(request, referral)
    try:
        sent = queries.sent(row, queries.key_by_case(row, holder=request.holder))
    except KeyUnavailable:
        raise Http404 from None
    if sent is None or row.state not in ReferralState.with_partner():
        messages.warning(request, _("Einen Brief gibt es erst, wenn eingewilligt wurde."))
        return HttpResponseRedirect(reverse("referral", args=[request.case.pk, row.pk]))
    page = entry_page.entry_page(row.service.pk, on=timezone.localdate()) if row.service else None
    return HttpResponse(
        paper.letter(row, sent, page, at=timezone.now()),
        content_type="application/pdf",
        headers={"Content-Disposition": 'attachment; filename="brief.pdf"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_case("referral.necessity")
def necessity(request: HttpRequest) -> HttpResponse:
    """Propose to hand on without consent, in acute danger; a second person must confirm."""
    request = cast(CaseRequest, request)
    at = timezone.now()
    services = _for_danger(request, at)
    form = NecessityForm(request.POST or None, services=services)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        told = given["told"] == "told"
        try:
            made = necessities.propose(
                case=request.case.pk,
                service=given["service"],
                ground=Necessity.Ground(given["ground"]),
                reason=given["reason"],
                text=given["text"],
                told=told,
                not_told="" if told else given["told"],
                by=request.member,
                holder=request.holder,
                at=at,
            )
        except (NotHolder, CaseGone, KeyUnavailable) as refusal:
            form.add_error(None, _refused(refusal))
        else:
            messages.warning(
                request, _("Noch nicht gesendet: Eine zweite Person muss jetzt bestätigen.")
            )
            return HttpResponseRedirect(reverse("referral", args=[request.case.pk, made.pk]))
    return render(request, "referrals/handoff/necessity.html", {"case": request.case, "form": form})


@require_safe
@staff("referral.list")
def referrals(request: HttpRequest) -> HttpResponse:
    """List the referrals of the member's teams: first those where help has not come about."""
    request = cast(StaffRequest, request)
    rows = [
        _row(row) | {"case": row.case, "needs_look": look(row) is not None}
        for row in queries.of_teams(request.member)
    ]
    return render(
        request,
        "referrals/handoff/referrals.html",
        {
            "to_look_at": [row for row in rows if row["needs_look"]],
            "under_way": [row for row in rows if not row["needs_look"]],
        },
    )


@require_safe
@staff("referral.figures")
def figures(request: HttpRequest) -> HttpResponse:
    """Show how many were sent, seen, accepted, arrived, helped; small counts left out."""
    request = cast(StaffRequest, request)
    found = handoff_figures.figures(request.member.organisation_id, at=timezone.now())
    return render(
        request,
        "referrals/handoff/figures.html",
        {"tables": figures_wording.figures(found), "counted_at": found.at},
    )


def _first_search(request: CaseRequest) -> dict[str, str]:
    """Begin with what the case says: its topic and postcode."""
    case = request.case
    try:
        place = counselling.facts(case, holder=request.holder).get("postcode", "")
    except KeyUnavailable:
        place = ""
    return {"words": case.topic.name if case.topic else "", "place": place, "language": ""}


def _send(
    request: CaseRequest, chosen: list[str], proposal: ProposalForm, *, at: datetime
) -> HttpResponse | None:
    if not proposal.is_valid():
        return None
    try:
        suggestions.suggest(
            case=request.case.pk,
            services=candidates.services(chosen, at=at),
            text=proposal.cleaned_data["text"],
            by=request.member,
            holder=request.holder,
            at=at,
        )
    except (
        suggestions.TooMany,
        suggestions.CaseClosed,
        suggestions.AlreadySuggested,
        NotHolder,
        CaseGone,
        KeyUnavailable,
    ) as refusal:
        messages.warning(request, _refused(refusal))
        return None
    messages.success(request, _("Vorgeschlagen. Die ratsuchende Person entscheidet."))
    return HttpResponseRedirect(reverse("case", args=[request.case.pk]))


def _refused(refusal: Exception) -> str:
    return {
        suggestions.TooMany: _("Bitte wählen Sie ein bis drei Stellen aus."),
        suggestions.CaseClosed: _("Das geht nicht mehr: Der Fall ist abgeschlossen."),
        suggestions.AlreadySuggested: _("Eine dieser Stellen ist hier schon vorgeschlagen."),
        NotHolder: _("Bitte übernehmen Sie den Fall zuerst."),
        CaseGone: _("Diesen Fall gibt es nicht mehr."),
    }.get(type(refusal)) or _("Die Texte dieses Falls lassen sich gerade nicht öffnen.")


def _do(request: CaseRequest, row: Referral, *, at: datetime) -> str:
    act = request.POST.get("act", "")
    if act == "handled":
        suggestions.note_handled(referral=row.pk, by=request.member, at=at)
        return _("Vermerkt.")
    if act == ReferralMove.TAKE_BACK:
        suggestions.take_back(referral=row.pk, by=request.member, at=at)
        return _("Der Vorschlag ist zurückgezogen.")
    if act == "new_link":
        handing_over.renew(referral=row.pk, by=request.member, holder=request.holder, at=at)
        return _("Ein neuer Link ist unterwegs. Den neuen Code sehen Sie unten.")
    if act == ReferralMove.SECOND_YES:
        necessities.confirm(referral=row.pk, by=request.member, holder=request.holder, at=at)
        return _("Bestätigt und gesendet.")
    key = queries.key_by_case(row, holder=request.holder)
    return partner_work.act(
        request, row, by=partner_reading.entered_by(request.member), key=key, at=at
    )


def _page(request: CaseRequest, row: Referral, *, at: datetime, bound: Any = None) -> HttpResponse:
    locked = ""
    key = sent = None
    codes = proposed = None
    reason = ""
    try:
        key = queries.key_by_case(row, holder=request.holder)
        sent = queries.sent(row, key)
        codes = handing_over.codes_of(row, holder=request.holder)
        reason = necessities.reason_of(row, holder=request.holder)
        if row.state == ReferralState.SECOND:
            proposed = necessities.proposed(row, holder=request.holder)
    except KeyUnavailable:
        locked = _("Die Texte dieses Falls lassen sich gerade nicht öffnen.")
    proposed = sent or proposed
    page = entry_page.entry_page(row.service.pk, on=timezone.localdate(at)) if row.service else None
    with_partner = row.state in ReferralState.with_partner()
    return render(
        request,
        "referrals/handoff/referral.html",
        {
            "case": request.case,
            "referral": row,
            "locked": locked,
            "standing": wording.whose_turn(row),
            "facts": partner_work.parcel_facts(proposed) if proposed else [],
            "text": proposed.text if proposed else "",
            "history": partner_work.lines(queries.history(row, key), for_client=False),
            "link_code": parcels.shown_code(codes.link) if codes and codes.link else "",
            "phones": page.phones if page else [],
            "acts": partner_work.offered(row, at=at, bound=bound) if with_partner else [],
            "refused_form": bound[1] if bound else None,
            "with_partner": with_partner,
            "can_take_back": row.state in sources(ReferralMove.TAKE_BACK),
            "look": _look(row),
            "necessity": getattr(row, "necessity", None),
            "reason": reason,
            "may_confirm": row.state == ReferralState.SECOND
            and queries.may_see_second(request.member, row),
            "picked": _picked(row, key),
        },
    )


def _look(row: Referral) -> dict[str, Any] | None:
    """Return what the page asks the counsellor to do; a second person has a form of their own."""
    found = look(row)
    if found is None or row.state == ReferralState.SECOND:
        return None
    return {"words": wording.look_words(found), "for_others": found is Look.NONE_CAME}


def _picked(row: Referral, key: Any) -> str:
    found = queries.picked(row, key)
    return wording.moment(found.row.starts_at) if found else ""


def _candidate(one: candidates.Candidate, chosen: list[str]) -> dict[str, Any]:
    return {
        "service": one.service,
        "kinds": ", ".join(one.kinds),
        "town": one.places[0].town if one.places else "",
        "distance": f"{one.known.distance:.0f} km" if one.known.distance is not None else "",
        "reasons": wording.reasons(list(one.judged.reasons)),
        "record": wording.record_words(one.known),
        "weeks": wording.weeks_words(one.known.weeks),
        "chosen": str(one.service.pk) in chosen,
        "is_suggested": one.is_suggested,
    }


def _comparison(compared: list[candidates.Candidate]) -> list[dict[str, Any]]:
    """Return rows of a table: what, and the value for each of the compared services."""
    shown = [_candidate(one, []) for one in compared]
    wanted = (
        (_("Angebot"), "kinds"),
        (_("Ort"), "town"),
        (_("Entfernung"), "distance"),
        (_("Wartezeit"), "weeks"),
        (_("Antworten bisher"), "record"),
        (_("Warum hier"), "reasons"),
    )
    return [
        {
            "label": label,
            "values": [
                ", ".join(one[name]) if isinstance(one[name], list) else one[name] or "–"
                for one in shown
            ],
        }
        for label, name in wanted
    ]


def _row(row: Referral) -> dict[str, Any]:
    return {"referral": row, "standing": wording.for_counsellor(row)}


def _row_or_404(request: CaseRequest, referral: UUID) -> Referral:
    row = queries.referral_of_case(request.case, referral)
    if row is None:
        raise Http404
    return row


def _for_danger(request: CaseRequest, at: datetime) -> Any:
    """Return services that are there for danger, near the case; the counsellor chooses one."""
    typed = _first_search(request)
    found = candidates.candidates(case=request.case, words=DANGER, place=typed["place"], at=at)
    return Service.objects.filter(pk__in=[one.service.pk for one in found])
