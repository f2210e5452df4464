"""Suggesting services from an open case, and the client's no to a suggestion."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction

from accounts.models import Membership
from audit import trail
from counselling.models import Message
from counselling.operations import cases, entries
from counselling.states import CaseState
from referrals import sla
from referrals.handoff import parcel
from referrals.handoff.parcel import Contact, Parcel
from referrals.models import Act, Referral, Service
from referrals.operations import referring
from referrals.states import ReferralMove, ReferralState
from vault import keyring
from vault.keyring import Holder

MOST_AT_ONCE = 3
ORDER = timedelta(microseconds=1)  # the client sees the cards as the counsellor has put them


class TooMany(Exception):
    """One to three services at once: more than that nobody compares."""


class CaseClosed(Exception):
    """The case is closed; nobody would look after the referral."""


class AlreadySuggested(Exception):
    """The service is suggested in this case already, and that is still open."""


@transaction.atomic
def suggest(
    *,
    case: UUID,
    services: Sequence[Service],
    text: str,
    by: Membership,
    holder: Holder,
    at: datetime,
) -> list[Referral]:
    """Put one to three services into the case as cards for the client.

    text: a proposal of what could be written to them; the client edits it. Raises TooMany, CaseClosed,
    AlreadySuggested, cases.NotHolder, entries.CaseGone or keyring.KeyUnavailable.
    """
    if not 1 <= len(services) <= MOST_AT_ONCE:
        raise TooMany
    row = entries.locked(case)
    cases.must_hold(row, by)
    if row.state not in CaseState.open():
        raise CaseClosed
    there = Referral.objects.filter(case=row, service__in=services, state__in=ReferralState.open())
    if there.exists():
        raise AlreadySuggested
    key = keyring.open_case_key(subject=case, holder=holder)
    made = []
    for place, service in enumerate(services):
        referral = Referral(
            id=uuid4(),
            organisation_id=row.organisation_id,
            case=row,
            team_id=row.team_id,
            service=service,
            suggested_by=by,
            created_at=at + place * ORDER,
            changed_at=at,
            expires_at=at + sla.SUGGESTION_LASTS,
        )
        if text:
            proposal = Parcel(str(service.pk), service.name, text, Contact.LOTSE)
            referral.draft = parcel.seal_parcel(
                proposal, key=key, place=parcel.draft_place(case, referral.pk)
            )
        referral.save(force_insert=True)
        referring.keep(referral, Act.Move.SUGGEST, by=by.actor, at=at, member=by)
        trail.record(
            "referral.suggested",
            by=by.actor,
            at=at,
            organisation=row.organisation_id,
            case=case,
            new=referral.state,
            referral=str(referral.pk),
            service=str(service.pk),
        )
        made.append(referral)
    entries.append(row, role=Message.Role.SYSTEM, text="help_suggested", key=key, at=at)
    return made


@transaction.atomic
def dismiss(*, referral: UUID, at: datetime) -> None:
    """Let the client say no to a suggestion, or give a code back. Raises IllegalReferralMove."""
    row = referring.locked(referral)
    referring.move(row, ReferralMove.DISMISS, by=trail.CLIENT, at=at)


@transaction.atomic
def take_back(*, referral: UUID, by: Membership, at: datetime) -> None:
    """Take back a suggestion that was not sent. Raises IllegalReferralMove."""
    row = referring.locked(referral)
    referring.move(row, ReferralMove.TAKE_BACK, by=by.actor, at=at, member=by)


@transaction.atomic
def note_handled(*, referral: UUID, by: Membership, at: datetime) -> None:
    """Note that a counsellor has seen what did not come about, and looks after it."""
    row = referring.locked(referral)
    if row.handled_at is not None:
        return
    row.handled_at, row.handled_by = at, by
    row.save(update_fields=["handled_at", "handled_by"])
    trail.record(
        "referral.handled",
        by=by.actor,
        at=at,
        organisation=row.organisation_id,
        case=row.case_id,
        referral=str(referral),
    )
    referring.hint(row)
