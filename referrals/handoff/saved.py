"""What a client saves of their referrals: what went to whom, for what, until when, and all that came after."""

from typing import Any

from counselling.models import Case
from referrals.handoff import standings, wording
from referrals.handoff.parcel import Parcel
from referrals.models import Consent, Referral
from referrals.operations import consents, handing_over
from referrals.queries import handoff as queries
from vault import parcels
from vault.keyring import Holder, KeyUnavailable
from vault.sealing import CaseKey, SealBroken


def of_case(case: Case, *, holder: Holder) -> list[dict[str, Any]]:
    """Return the referrals of a case, the oldest first, as JSON types and moments, with words to read.

    One whose texts do not open is there without them: the rest is not lost with it.
    """
    return [_saved(row, holder) for row in queries.of_case(case)]


def _saved(row: Referral, holder: Holder) -> dict[str, Any]:
    standing = standings.for_client(row)
    texts: dict[str, Any]
    try:
        texts = _texts(row, holder)
    except (KeyUnavailable, SealBroken):
        texts = {"unreadable": True}
    return {
        "service": row.service.name if row.service else None,
        "provider": row.service.provider.name if row.service and row.service.provider else None,
        "state": row.state,
        "standing": f"{standing.title} {standing.text}".strip(),
        "way": row.way or None,
        "basis": row.basis,
        "suggested_at": row.created_at,
        "sent_at": row.sent_at,
        "read_at": row.seen_at,
        "ended_at": row.ended_at,
        "waiting_weeks": row.weeks,
        "declined_because": row.get_decline_display() or None,
        "outcome_by_service": row.get_outcome_display() or None,
        "own_report_after_two_weeks": row.get_report_early_display() or None,
        "own_report_after_six_weeks": row.get_report_late_display() or None,
        "consent": _consent(row),
        **texts,
    }


def _texts(row: Referral, holder: Holder) -> dict[str, Any]:
    key = queries.key_by_case(row, holder=holder)
    return {
        "sent": _parcel(queries.sent(row, key)),
        "prepared": _prepared(row, holder),
        "code_to_take_along": _code(row, holder),
        "appointments": _appointments(row, key),
        "history": [
            {
                "at": one.act.at,
                "move": one.act.move,
                "what": wording.act_words(one.act),
                "who": wording.who(one.act, for_client=True),
                "text": one.text or None,
            }
            for one in queries.history(row, key)
        ],
    }


def _consent(row: Referral) -> dict[str, Any] | None:
    given: Consent | None = getattr(row, "consent", None)
    if given is None:
        return None
    return {
        "recipient": given.recipient_name,
        "purpose": given.get_purpose_display(),
        "fields": list(given.fields),
        "about": given.get_about_display(),
        "confirmed_at": given.confirmed_at,
        "expires_at": given.expires_at,
        "revoked_at": given.revoked_at,
    }


def _parcel(sent: Parcel | None) -> dict[str, Any] | None:
    if sent is None:
        return None
    return {"text": sent.text, "facts": wording.facts_for_client(sent)}


def _prepared(row: Referral, holder: Holder) -> dict[str, Any] | None:
    """Return what lies ready and is not sent; what the team proposes in danger is not the client's."""
    if row.basis != Referral.Basis.CONSENT or row.draft is None:
        return None
    found = consents.prepared(row, holder=holder)
    return _parcel(found[0]) if found else None


def _code(row: Referral, holder: Holder) -> str | None:
    if row.arrival_code is None:
        return None
    code = handing_over.codes_of(row, holder=holder).arrival
    return parcels.shown_code(code) if code else None


def _appointments(row: Referral, key: CaseKey | None) -> list[dict[str, Any]]:
    return [
        {
            "starts_at": one.row.starts_at,
            "when": wording.moment(one.row.starts_at),
            "minutes": one.row.minutes,
            "where": one.text or None,
            "offered_at": one.row.offered_at,
            "picked_at": one.row.picked_at,
            "taken_back_at": one.row.dropped_at,
        }
        for one in queries.appointments(row, key)
    ]
