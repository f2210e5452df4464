"""Handing on without consent in acute danger: § 34 StGB, § 4 KKG. Never the default; it takes two.

One member proposes with a ground and a reason and says whether the client was told; another one
confirms; only then is anything sent. Each step has its own entry in the trail.
"""

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from accounts.models import Membership
from audit import trail
from counselling.models import Message
from counselling.operations import cases, entries
from referrals import sla, states
from referrals.handoff import parcel
from referrals.handoff.parcel import Contact, Parcel
from referrals.models import Act, Necessity, Referral, Service
from referrals.operations import handing_over, referring
from referrals.states import ReferralMove, ReferralState
from vault import keyring
from vault.keyring import Holder
from vault.sealing import open_sealed, seal


class SamePerson(Exception):
    """Who proposed it cannot confirm it."""


class ReasonMissing(Exception):
    """Without a reason in words, and why the client was not told, nothing is handed on."""


@transaction.atomic
def propose(
    *,
    case: UUID,
    service: Service,
    ground: Necessity.Ground,
    reason: str,
    text: str,
    told: bool,
    not_told: str,
    by: Membership,
    holder: Holder,
    at: datetime,
) -> Referral:
    """Propose to hand on without consent. text: exactly what would be sent.

    Raises ReasonMissing, cases.NotHolder, entries.CaseGone or keyring.KeyUnavailable.
    """
    if not reason.strip() or not text.strip() or (not told and not not_told):
        raise ReasonMissing
    row = entries.locked(case)
    cases.must_hold(row, by)
    key = keyring.open_case_key(subject=case, holder=holder)
    referral = Referral(
        id=uuid4(),
        organisation_id=row.organisation_id,
        case=row,
        team_id=row.team_id,
        service=service,
        suggested_by=by,
        basis=Referral.Basis.NECESSITY,
        state=Referral.State.SECOND,
        created_at=at,
        changed_at=at,
        expires_at=at + sla.NECESSITY_LASTS,
    )
    referral.draft = parcel.seal_parcel(
        Parcel(str(service.pk), service.name, text, Contact.LOTSE),
        key=key,
        place=parcel.draft_place(case, referral.pk),
    )
    referral.save(force_insert=True)
    Necessity.objects.create(
        referral=referral,
        ground=ground,
        told=told,
        not_told="" if told else not_told,
        sealed=seal(reason, key=key, place=parcel.necessity_place(case, referral.pk)),
        proposed_at=at,
        proposed_by=by,
    )
    referring.keep(referral, Act.Move.PROPOSE, by=by.actor, at=at, member=by)
    trail.record(
        "necessity.proposed",
        by=by.actor,
        at=at,
        organisation=row.organisation_id,
        case=case,
        new=referral.state,
        referral=str(referral.pk),
        ground=ground,
        told=told,
        not_told=not_told,
    )
    return referral


@transaction.atomic
def confirm(*, referral: UUID, by: Membership, holder: Holder, at: datetime) -> None:
    """Confirm as a second person, and send. Raises SamePerson, IllegalReferralMove or KeyUnavailable."""
    case = referring.locked_case(referral)
    row = referring.locked(referral)
    necessity = Necessity.objects.select_for_update().get(referral=row)
    if necessity.proposed_by_id == by.pk or necessity.proposed_by.user_id == by.user_id:
        raise SamePerson
    states.after(ReferralMove.SECOND_YES, ReferralState(row.state))
    assert case is not None
    assert row.case_id is not None
    assert row.draft is not None
    case_key = keyring.open_case_key(subject=row.case_id, holder=holder)
    sending = parcel.open_parcel(
        bytes(row.draft), key=case_key, place=parcel.draft_place(row.case_id, row.pk)
    )
    necessity.confirmed_at, necessity.confirmed_by = at, by
    necessity.save(update_fields=["confirmed_at", "confirmed_by"])
    row.draft = None
    key = handing_over.seal(row, sending, holder=holder, at=at)
    token = handing_over.prepare_way(row, sending, key=key, holder=holder, at=at)
    referring.move(row, ReferralMove.SECOND_YES, by=by.actor, at=at, member=by)
    trail.record(
        "necessity.confirmed",
        by=by.actor,
        at=at,
        organisation=row.organisation_id,
        case=row.case_id,
        referral=str(referral),
        ground=necessity.ground,
    )
    handing_over.tell(row, token, at=at)
    entries.append(case, role=Message.Role.SYSTEM, text="handed_on_in_danger", key=case_key, at=at)


def proposed(row: Referral, *, holder: Holder) -> Parcel | None:
    """Return what would be sent, for the second person. Raises keyring.KeyUnavailable."""
    if row.draft is None or row.case_id is None:
        return None
    key = keyring.open_case_key(subject=row.case_id, holder=holder)
    return parcel.open_parcel(
        bytes(row.draft), key=key, place=parcel.draft_place(row.case_id, row.pk)
    )


def reason_of(row: Referral, *, holder: Holder) -> str:
    """Return the reason in words, for who opens the case. Raises keyring.KeyUnavailable."""
    necessity = Necessity.objects.filter(referral=row).first()
    if necessity is None or row.case_id is None:
        return ""
    key = keyring.open_case_key(subject=row.case_id, holder=holder)
    return open_sealed(
        bytes(necessity.sealed), key=key, place=parcel.necessity_place(row.case_id, row.pk)
    )
