"""What a service sees of one referral and does with it: the same at its desk and by a link."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from referrals.forms.partners import OfferForm, form_for, possible
from referrals.handoff import standings, wording
from referrals.handoff.parcel import Parcel
from referrals.models import Act, Decline, Outcome, Referral
from referrals.operations import partner_moves as moves
from referrals.operations.partner_reading import Opened, Side
from referrals.queries import handoff as queries
from referrals.states import ReferralMove, ReferralState, Waits, waits_for
from vault.sealing import CaseKey

# What happened before sending, and between client and counsellor, is no business of the service.
NOT_FOR_PARTNER = frozenset(
    [
        Act.Move.SUGGEST,
        Act.Move.PROPOSE,
        Act.Move.PREPARE,
        Act.Move.REPORT,
        Act.Move.NEW_LINK,
        Act.Move.SECOND_YES,
    ]
)


_CLIENT_WRITES = frozenset([ReferralMove.ANSWER, ReferralMove.NONE_FITS])


@dataclass(frozen=True, slots=True)
class Offered:
    """An act as pages offer it: its name, words, and form or None for one click."""

    move: str
    label: str
    form: forms.Form | None
    is_open: bool


def page(
    row: Referral,
    opened: Opened | None,
    *,
    at: datetime,
    bound: tuple[str, forms.Form] | None = None,
) -> dict[str, Any]:
    """Return what the page of one referral shows. opened: None where nothing was sent (a card)."""
    key = opened.key if opened else None
    picked = queries.picked(row, key)
    history = queries.history(row, key)
    offers = queries.offers(row, key, at=at) if row.state == ReferralState.OFFERED else []
    return {
        "referral": row,
        "standing": standings.for_partner(row, offers_over=not offers),
        "facts": parcel_facts(opened.sent) if opened else [],
        "text": opened.sent.text if opened else "",
        "acts": offered(row, at=at, bound=bound),
        "said": last_words(row, history, _CLIENT_WRITES),
        "waits": waits_for(ReferralState(row.state)) is Waits.PARTNER,
        "history": lines(
            [one for one in history if one.act.move not in NOT_FOR_PARTNER],
            for_client=False,
        ),
        "picked": wording.moment(picked.row.starts_at) if picked else "",
        "offers": [wording.moment(one.row.starts_at) for one in offers],
        "refused_form": bound[1] if bound else None,
        "is_necessity": row.basis == Referral.Basis.NECESSITY,
    }


def offered(
    row: Referral, *, at: datetime, bound: tuple[str, forms.Form] | None = None
) -> list[Offered]:
    """Return the acts that are legal now, with their forms."""
    services = queries.similar(row.service, timezone.localdate(at)) if row.service else []
    found = []
    for move, label in possible(row.state):
        if move is ReferralMove.FORWARD and not services:
            continue
        is_bound = bound is not None and bound[0] == move.value
        form = (
            bound[1]
            if bound and is_bound
            else form_for(move, at=at, until=row.expires_at, services=services)
        )
        found.append(Offered(move.value, str(label), form, is_bound))
    return found


def parcel_facts(sent: Parcel) -> list[dict[str, str]]:
    """Return what was sent beside the text, for components/facts.html."""
    facts = [
        {"label": str(wording.FIELDS_FOR_PARTNER[code]), "value": value}
        for code, value in sent.fields.items()
    ]
    facts.append({"label": _("Kontakt"), "value": wording.contact_line(sent)})
    if sent.until:
        facts.append({"label": _("Lesbar bis"), "value": wording.until_words(sent)})
    return facts


def lines(found: list[queries.History], *, for_client: bool) -> list[dict[str, Any]]:
    """Return the history as components want it, the newest first."""
    return [
        {
            "what": wording.act_words(one.act),
            "who": wording.who(one.act, for_client=for_client),
            "at": one.act.at,
            "text": one.text,
        }
        for one in reversed(found)
    ]


def last_words(
    row: Referral, found: Sequence[queries.History], moves: Collection[ReferralMove]
) -> str:
    """Return what was written with the last of some moves, while the referral stands where it led."""
    last = next((one for one in reversed(found) if one.act.move in moves), None)
    return last.text if last is not None and last.act.new == row.state else ""


class NotValid(Exception):
    """The form of an act has errors. `bound`: the act and its form."""

    def __init__(self, bound: tuple[str, forms.Form]) -> None:
        super().__init__("a form has errors")
        self.bound = bound


class NoSuchAct(Exception):
    """The page has no such button."""


def act(request: HttpRequest, row: Referral, *, by: Side, key: CaseKey | None, at: datetime) -> str:
    """Do what a form of the page asks for, and return what to say.

    Raises NotValid, NoSuchAct, and what the operation raises.
    """
    try:
        move = ReferralMove(request.POST.get("act", ""))
    except ValueError:
        raise NoSuchAct from None
    if move not in ReferralMove.of_partner():
        raise NoSuchAct
    services = queries.similar(row.service, timezone.localdate(at)) if row.service else []
    form = form_for(move, request.POST, at=at, until=row.expires_at, services=services)
    if form is not None and not form.is_valid():
        raise NotValid((move.value, form))
    _DO[move](row, form, by, key, at)
    return _("Gespeichert. Die ratsuchende Person und die Beratung sehen es.")


Do = Callable[[Referral, Any, Side, CaseKey | None, datetime], object]
_DO: dict[ReferralMove, Do] = {
    ReferralMove.ACCEPT: lambda row, form, by, key, at: moves.accept(
        referral=row.pk, by=by, key=key, at=at, text=_text(form, key)
    ),
    ReferralMove.ASK_BACK: lambda row, form, by, key, at: moves.ask_back(
        referral=row.pk, text=form.cleaned_data["text"], by=by, key=_needed(key), at=at
    ),
    ReferralMove.WAITLIST: lambda row, form, by, key, at: moves.put_on_waiting_list(
        referral=row.pk,
        weeks=form.cleaned_data["weeks"],
        by=by,
        key=key,
        at=at,
        text=_text(form, key),
    ),
    ReferralMove.DECLINE: lambda row, form, by, key, at: moves.decline(
        referral=row.pk,
        reason=Decline(form.cleaned_data["reason"]),
        by=by,
        key=key,
        at=at,
        text=_text(form, key),
    ),
    ReferralMove.FORWARD: lambda row, form, by, key, at: moves.forward(
        referral=row.pk,
        to=form.cleaned_data["service"],
        by=by,
        key=key,
        at=at,
        text=_text(form, key),
    ),
    ReferralMove.OFFER: lambda row, form, by, key, at: moves.offer(
        referral=row.pk, slots=_slots(form), by=by, key=key, at=at, text=_text(form, key)
    ),
    ReferralMove.ARRIVE: lambda row, _form, by, _key, at: moves.note_arrival(
        referral=row.pk, by=by, at=at
    ),
    ReferralMove.MISS: lambda row, _form, by, _key, at: moves.note_missed(
        referral=row.pk, by=by, at=at
    ),
    ReferralMove.BEGIN: lambda row, _form, by, _key, at: moves.begin(referral=row.pk, by=by, at=at),
    ReferralMove.COMPLETE: lambda row, form, by, key, at: moves.complete(
        referral=row.pk,
        outcome=Outcome(form.cleaned_data["outcome"]),
        by=by,
        key=key,
        at=at,
        text=_text(form, key),
    ),
}


def _text(form: Any, key: CaseKey | None) -> str:
    # After a card nothing is sealed for the service: what it did is kept, no words.
    return str(form.cleaned_data["text"]) if key is not None else ""


def _needed(key: CaseKey | None) -> CaseKey:
    if key is None:
        raise NoSuchAct
    return key


def _slots(form: OfferForm) -> list[moves.Slot]:
    return form.slots
