"""A client decides: what goes to whom, and later everything that becomes of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import gate
from accounts.throttle import Rate
from counselling import queries as counselling
from counselling.access import ClientRequest, client_case
from referrals import sla
from referrals.forms.consenting import DAYS, AnswerForm, ConfirmForm, ConsentForm, TimesForm
from referrals.handoff import calendar, standings, wording
from referrals.handoff.parcel import Contact, Field, Parcel
from referrals.models import Consent, OwnReport, Referral
from referrals.operations import client_moves, consents, handing_over, suggestions
from referrals.queries import handoff as queries
from referrals.states import IllegalReferralMove, ReferralMove, ReferralState, sources
from referrals.views import partner_work
from vault import parcels

ACTS = Rate("referral-acts", 60, 15 * 60)


@require_http_methods(["GET", "HEAD", "POST"])
@client_case
def consent(request: HttpRequest, referral: UUID) -> HttpResponse:
    """Choose what goes to a service, see exactly that, and confirm; or take a code, or say no."""
    request = cast(ClientRequest, request)
    row = _row_or_404(request, referral)
    at = timezone.now()
    if ReferralState(row.state) not in sources(ReferralMove.PREPARE) or row.service is None:
        return _to_referral(request, row)
    if request.method != "POST":
        return _form_page(request, row, _fresh_form(request, row))
    try:
        gate.count(request, ACTS)
        return _do_before_sending(request, row, at=at)
    except gate.TooOften as closed:
        messages.warning(request, _too_often(closed))
    except IllegalReferralMove as refusal:
        messages.warning(request, wording.refusal_words(refusal))
    except consents.TextChanged:
        messages.warning(
            request,
            _(
                "Noch nichts gesendet: Der Text wurde inzwischen geändert, vielleicht in einem anderen "
                "Fenster. Bitte sehen Sie ihn noch einmal an."
            ),
        )
        return HttpResponseRedirect(reverse("help-consent", args=[_slug(request), row.pk]))
    return _to_referral(request, row)


@require_http_methods(["GET", "HEAD", "POST"])
@client_case
def referral(request: HttpRequest, referral: UUID) -> HttpResponse:
    """Show what was sent and what became of it; answer, pick, report, take back."""
    request = cast(ClientRequest, request)
    row = _row_or_404(request, referral)
    at = timezone.now()
    if request.method != "POST":
        return _page(request, row, at=at)
    try:
        gate.count(request, ACTS)
        done = _do_after_sending(request, row, at=at)
    except gate.TooOften as closed:
        messages.warning(request, _too_often(closed))
    except _NotValid as refused:
        return _page(request, row, at=at, bound=refused.form)
    except IllegalReferralMove as refusal:
        messages.warning(request, wording.refusal_words(refusal))
    except _NothingPicked:
        messages.warning(request, _("Bitte suchen Sie zuerst einen Termin aus."))
    except client_moves.NoSuchAppointment:
        messages.warning(request, _("Diesen Termin gibt es nicht mehr. Bitte wählen Sie neu."))
    except client_moves.NothingToReport:
        messages.warning(request, _("Dafür ist es noch zu früh."))
    except consents.NoConsentToRevoke:
        messages.warning(
            request,
            _("Das lässt sich hier nicht zurücknehmen: Es ging um eine akute Gefahr."),
        )
    else:
        messages.success(request, done)
    return _to_referral(request, row)


@require_safe
@client_case
def appointment(request: HttpRequest, referral: UUID) -> HttpResponse:
    """Give the picked appointment as an iCalendar file, under a neutral name."""
    request = cast(ClientRequest, request)
    row = _row_or_404(request, referral)
    found = queries.picked(row, queries.key_by_case(row, holder=request.holder))
    if found is None:
        raise Http404
    body = calendar.event(
        found.row.pk,
        starts_at=found.row.starts_at,
        minutes=found.row.minutes,
        title=_("Termin"),
        where=found.text,
        at=timezone.now(),
    )
    return HttpResponse(
        body,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="termin.ics"'},
    )


@require_safe
@client_case
def card(request: HttpRequest, referral: UUID) -> HttpResponse:
    """Show the card with the code for the service, to print or to write down."""
    request = cast(ClientRequest, request)
    row = _row_or_404(request, referral)
    code = handing_over.codes_of(row, holder=request.holder).arrival
    if not code or row.arrival_code is None:
        return _to_referral(request, row)
    return render(
        request,
        "referrals/handoff/card.html",
        {
            "referral": row,
            "code": parcels.shown_code(code),
            "groups": parcels.shown_code(code).split("-"),
            "address": request.build_absolute_uri(reverse("arrival-code")),
        },
    )


class _NotValid(Exception):
    """The form of an act has errors."""

    def __init__(self, form: AnswerForm) -> None:
        super().__init__("a form has errors")
        self.form = form


class _NothingPicked(Exception):
    """No appointment was marked."""


def _do_before_sending(request: ClientRequest, row: Referral, *, at: datetime) -> HttpResponse:
    act = request.POST.get("act")
    if act == "dismiss":
        suggestions.dismiss(referral=row.pk, at=at)
        messages.success(request, _("Gut. Dorthin wird nichts gesendet."))
        return HttpResponseRedirect(reverse("thread", args=[_slug(request)]))
    if act == "code":
        consents.take_code(referral=row.pk, holder=request.holder, at=at)
        return HttpResponseRedirect(reverse("help-card", args=[_slug(request), row.pk]))
    if act == "confirm":
        return _confirm(request, row, at=at)
    form = ConsentForm(request.POST, available=_available(request))
    if not form.is_valid():
        return _form_page(request, row, form)
    assert row.service is not None
    sending = form.parcel(row.service)
    mark = consents.prepare(referral=row.pk, sending=sending, holder=request.holder, at=at)
    return render(
        request,
        "referrals/handoff/confirm.html",
        {
            "referral": row,
            "text": sending.text,
            "facts": wording.facts_for_client(sending),
            "mark": mark,
            "about": form.cleaned_data["about"],
            "days": form.cleaned_data["days"],
            "until": timezone.localdate(at + timedelta(days=int(form.cleaned_data["days"]))),
            "days_words": dict(form.fields["days"].choices)[form.cleaned_data["days"]],  # type: ignore[attr-defined]  # a ChoiceField
            "desk": queries.desk_for(row.service),
        },
    )


def _confirm(request: ClientRequest, row: Referral, *, at: datetime) -> HttpResponse:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise consents.TextChanged
    consents.confirm(
        referral=row.pk,
        mark=form.cleaned_data["mark"],
        about=Consent.About(form.cleaned_data["about"]),
        days=form.cleaned_data["days"],
        holder=request.holder,
        at=at,
    )
    messages.success(request, _("Gesendet. Hier sehen Sie alles, was daraus wird."))
    return _to_referral(request, row)


Do = Callable[[ClientRequest, Referral, datetime], str]


def _answer(request: ClientRequest, row: Referral, at: datetime) -> str:
    form = AnswerForm(request.POST, prefix="answer")
    if not form.is_valid():
        raise _NotValid(form)
    client_moves.answer(
        referral=row.pk, text=form.cleaned_data["text"], holder=request.holder, at=at
    )
    return _("Ihre Antwort ist bei der Stelle.")


def _pick(request: ClientRequest, row: Referral, at: datetime) -> str:
    if not request.POST.get("appointment"):
        raise _NothingPicked
    try:
        chosen = UUID(request.POST["appointment"])
    except ValueError:
        raise client_moves.NoSuchAppointment from None
    client_moves.pick(referral=row.pk, appointment=chosen, at=at)
    return _("Der Termin ist vereinbart.")


def _none_fits(request: ClientRequest, row: Referral, at: datetime) -> str:
    form = TimesForm(request.POST, prefix="none_fits")
    if not form.is_valid():
        raise _NotValid(form)
    client_moves.none_fits(
        referral=row.pk, text=form.cleaned_data["text"], holder=request.holder, at=at
    )
    return _("Gut. Die Stelle bietet Ihnen andere Termine an.")


def _report(request: ClientRequest, row: Referral, at: datetime) -> str:
    try:
        how = OwnReport(request.POST.get("how", ""))
    except ValueError:
        raise client_moves.NothingToReport from None
    client_moves.report(referral=row.pk, how=how, at=at)
    return _("Danke. Ihre Beratung sieht das, die Stelle nicht.")


def _revoke(request: ClientRequest, row: Referral, at: datetime) -> str:
    consents.revoke(referral=row.pk, at=at)
    if row.way in {Referral.Way.CARD, Referral.Way.LETTER}:
        return _("Zurückgenommen.")
    return _("Zurückgenommen. Die Stelle kann nichts mehr lesen.")


_DO: dict[str, Do] = {
    "answer": _answer,
    "pick": _pick,
    "none_fits": _none_fits,
    "report": _report,
    "revoke": _revoke,
}


def _do_after_sending(request: ClientRequest, row: Referral, *, at: datetime) -> str:
    do = _DO.get(request.POST.get("act", ""))
    if do is None:
        raise Http404
    return do(request, row, at)


def _page(
    request: ClientRequest, row: Referral, *, at: datetime, bound: AnswerForm | None = None
) -> HttpResponse:
    key = queries.key_by_case(row, holder=request.holder)
    sent = queries.sent(row, key)
    state = ReferralState(row.state)
    wanted = client_moves.wanted_report(row, at=at)
    picked = queries.picked(row, key)
    history = queries.history(row, key)
    offers = queries.offers(row, key, at=at) if state is ReferralState.OFFERED else []
    forms: dict[str, AnswerForm] = {
        "answer": AnswerForm(prefix="answer"),
        "none_fits": TimesForm(prefix="none_fits"),
    }
    if bound is not None and bound.prefix:
        forms[bound.prefix] = bound
    return render(
        request,
        "referrals/handoff/client_referral.html",
        {
            "referral": row,
            "standing": standings.for_client(row, offers_over=not offers),
            "said": partner_work.last_words(row, history, ReferralMove.of_partner()),
            "text": sent.text if sent else "",
            "facts": wording.facts_for_client(sent) if sent else [],
            "history": partner_work.lines(history, for_client=True),
            "offers": [
                {"id": one.row.pk, "when": wording.moment(one.row.starts_at), "where": one.text}
                for one in offers
            ],
            "picked": {
                "when": wording.moment(picked.row.starts_at),
                "where": picked.text,
                "reminder": wording.reminder(
                    queries.near_appointments([row], at=at).get(row.pk), at
                ),
            }
            if picked
            else None,
            "answer_form": forms["answer"] if state is ReferralState.ASKED else None,
            "times_form": forms["none_fits"] if state is ReferralState.OFFERED else None,
            "bound": bound,
            "report_choices": OwnReport.choices if wanted else [],
            "reported": getattr(row, f"get_{wanted}_display")() if wanted else "",
            "has_card": row.arrival_code is not None,
            "can_choose": state in sources(ReferralMove.PREPARE),
            "can_revoke": _can_revoke(row, state),
            "is_necessity": row.basis == Referral.Basis.NECESSITY,
        },
    )


def _can_revoke(row: Referral, state: ReferralState) -> bool:
    """Say whether there is something to take back: a consent, or a code that has not counted yet."""
    if not row.is_open or row.basis != Referral.Basis.CONSENT:
        return False
    if row.way == Referral.Way.CARD:
        return state is ReferralState.CARD
    return state not in {ReferralState.SUGGESTED, ReferralState.PREPARED}


def _form_page(request: ClientRequest, row: Referral, form: ConsentForm) -> HttpResponse:
    assert row.service is not None
    return render(
        request,
        "referrals/handoff/consent.html",
        {
            "referral": row,
            "form": form,
            "entry_url": reverse("entry", args=[_slug(request), row.service.pk]),
        },
    )


def _fresh_form(request: ClientRequest, row: Referral) -> ConsentForm:
    typed = request.GET.get("tage", "")  # back from looking at it once more
    initial: dict[str, Any] = {"days": typed if typed in dict(DAYS) else str(sla.USUAL_CONSENT)}
    found = consents.prepared(row, holder=request.holder)
    before = found[0] if found else _sent_before(request, row)
    if before is not None:
        initial["text"] = before.text
    if found and row.state == ReferralState.PREPARED:
        initial |= _as_typed(found[0])
    return ConsentForm(initial=initial, available=_available(request))


def _as_typed(found: Parcel) -> dict[str, Any]:
    return {
        "name": found.fields.get(Field.NAME, ""),
        "share": [code for code in found.fields if code != Field.NAME],
        "contact": found.contact.value,
        "email": found.reach if found.contact is Contact.EMAIL else "",
        "phone": found.reach if found.contact is Contact.PHONE else "",
        "times": found.times,
        "voicemail": found.voicemail,
    }


def _sent_before(request: ClientRequest, row: Referral) -> Parcel | None:
    """Return what went to the service that recommends this one; the client need not begin anew."""
    before = row.forwarded_from
    if before is None:
        return None
    return queries.sent(before, queries.key_by_case(before, holder=request.holder))


def _available(request: ClientRequest) -> dict[str, tuple[str, str]]:
    """Return what the case knows and the client may add: code to (label, value)."""
    case = request.case
    values = {
        Field.TOPIC: case.topic.name if case.topic else "",
        Field.AGE_BAND: case.get_age_band_display() if case.age_band else "",
        Field.POSTCODE: counselling.facts(case, holder=request.holder).get("postcode", ""),
        Field.LANGUAGE: _("Englisch") if get_language() == "en" else "",
    }
    return {
        field.value: (str(wording.FIELDS[field]), value) for field, value in values.items() if value
    }


def _row_or_404(request: ClientRequest, referral: UUID) -> Referral:
    row = queries.referral_of_case(request.case, referral)
    if row is None:
        raise Http404
    return row


def _to_referral(request: ClientRequest, row: Referral) -> HttpResponse:
    return HttpResponseRedirect(reverse("help-referral", args=[_slug(request), row.pk]))


def _slug(request: ClientRequest) -> str:
    return str(request.organisation.slug)


def _too_often(closed: gate.TooOften) -> str:
    return _("Das war sehr oft. Bitte versuchen Sie es in %(minutes)d Minuten noch einmal.") % {
        "minutes": closed.minutes
    }
