"""The client's consent: prepare what would go, confirm exactly that, take it back with one click."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import trail
from referrals import sla, states
from referrals.handoff import parcel
from referrals.handoff.parcel import Codes, Contact, Parcel
from referrals.models import Consent, Referral
from referrals.operations import handing_over, notices, referring
from referrals.states import ReferralMove, ReferralState
from vault import keyring, parcels
from vault.keyring import Holder


class NothingToPrepare(Exception):
    """The service is gone from the directory; there is nobody to send to."""


class NotAnswered(Exception):
    """The question of whom the text tells is not answered; without that nothing is sent."""


class TextChanged(Exception):
    """What was confirmed is not what is prepared: it was changed in between, perhaps elsewhere."""


class NoConsentToRevoke(Exception):
    """Nothing rests on the client's consent here: it was handed on in acute danger."""


@transaction.atomic
def prepare(*, referral: UUID, sending: Parcel, holder: Holder, at: datetime) -> str:
    """Keep what would go, and return its mark, which the confirmation must bring back.

    Raises NothingToPrepare, IllegalReferralMove or keyring.KeyUnavailable.
    """
    row = referring.locked(referral)
    if row.service is None or row.case_id is None:
        raise NothingToPrepare
    key = keyring.open_case_key(subject=row.case_id, holder=holder)
    row.draft = parcel.seal_parcel(sending, key=key, place=parcel.draft_place(row.case_id, row.pk))
    referring.move(row, ReferralMove.PREPARE, by=trail.CLIENT, at=at)
    return parcels.digest(sending.written(), key=key).hex()


def prepared(row: Referral, *, holder: Holder) -> tuple[Parcel, str] | None:
    """Return what is prepared (or proposed) and its mark, or None.

    Raises keyring.KeyUnavailable or sealing.SealBroken.
    """
    if row.draft is None or row.case_id is None:
        return None
    key = keyring.open_case_key(subject=row.case_id, holder=holder)
    found = parcel.open_parcel(
        bytes(row.draft), key=key, place=parcel.draft_place(row.case_id, row.pk)
    )
    return found, parcels.digest(found.written(), key=key).hex()


@transaction.atomic
def confirm(
    *,
    referral: UUID,
    mark: str,
    about: Consent.About,
    days: int,
    holder: Holder,
    at: datetime,
) -> Referral:
    """Confirm what is prepared, and send exactly that.

    mark: of what the client saw. about: of whom the text tells. days: how long the service may read.
    Raises TextChanged, NotAnswered, NothingToPrepare, IllegalReferralMove or keyring.KeyUnavailable.
    """
    row = referring.locked(referral)
    if row.service is None or row.case_id is None:
        raise NothingToPrepare
    if row.state != ReferralState.PREPARED:
        states.after(ReferralMove.CONFIRM, ReferralState(row.state))
    if about not in Consent.About:
        raise NotAnswered
    found = prepared(row, holder=holder)
    if found is None or found[1] != mark or found[0].recipient != str(row.service.pk):
        raise TextChanged
    expires = at + timedelta(days=days)
    sending = _until(found[0], expires)
    key = handing_over.seal(row, sending, holder=holder, at=at)
    Consent.objects.create(
        referral=row,
        recipient=row.service.pk,
        recipient_name=row.service.name,
        fields=_fields(sending),
        about=about,
        digest=parcels.digest(sending.written(), key=key),
        confirmed_at=at,
        expires_at=expires,
    )
    row.expires_at = expires
    row.draft = None
    row.save()
    token = handing_over.prepare_way(row, sending, key=key, holder=holder, at=at)
    referring.move(row, ReferralMove.CONFIRM, by=trail.CLIENT, at=at)
    handing_over.tell(row, token, at=at)
    return row


@transaction.atomic
def revoke(*, referral: UUID, at: datetime) -> None:
    """Take consent back: the service reads nothing more from this moment, and is told only that.

    Raises NoConsentToRevoke or IllegalReferralMove.
    """
    row = referring.locked(referral)
    if row.basis == Referral.Basis.NECESSITY:
        raise NoConsentToRevoke
    was_sent = row.state in ReferralState.with_partner()
    Consent.objects.filter(referral=row, revoked_at__isnull=True).update(revoked_at=at)
    referring.move(row, ReferralMove.REVOKE, by=trail.CLIENT, at=at)
    if was_sent:
        notices.tell_partner(row, notices.WITHDRAWN, at=at)


@transaction.atomic
def take_code(*, referral: UUID, holder: Holder, at: datetime) -> str:
    """Give the client a code to take to the service; nothing is sent. Return it for the card.

    Raises NothingToPrepare, IllegalReferralMove or keyring.KeyUnavailable.
    """
    row = referring.locked(referral)
    if row.service is None or row.case_id is None:
        raise NothingToPrepare
    code = parcels.new_code()
    row.draft = None
    row.way = Referral.Way.CARD
    row.arrival_code = handing_over.hash_of_arrival(code)
    row.expires_at = at + sla.CARD_LASTS
    handing_over.keep_codes(row, Codes(arrival=code), holder=holder)
    referring.move(row, ReferralMove.TAKE_CODE, by=trail.CLIENT, at=at)
    return code


def withdraw_all_of(*, case: UUID, by: trail.Actor, at: datetime) -> int:
    """Withdraw what is open of a case that is being deleted, and wipe all of it. Returns how many.

    Called inside the deleting transaction; the service sees "withdrawn" and nothing else.
    """
    rows = list(Referral.objects.select_for_update(of=("self",)).filter(case=case))
    for row in rows:
        was_sent = row.state in ReferralState.with_partner()
        if row.is_open:
            Consent.objects.filter(referral=row, revoked_at__isnull=True).update(revoked_at=at)
            referring.move(row, ReferralMove.REVOKE, by=by, at=at)
        if was_sent:
            notices.tell_partner(row, notices.WITHDRAWN, at=at)
        referring.wipe(row)
    return len(rows)


def _until(sending: Parcel, expires: datetime) -> Parcel:
    values = {name: getattr(sending, name) for name in Parcel.__slots__}
    return Parcel(**values | {"until": timezone.localdate(expires).isoformat()})


def _fields(sending: Parcel) -> list[str]:
    contact = ["contact"] if sending.contact in (Contact.EMAIL, Contact.PHONE) else []
    return ["text", *sorted(sending.fields), *contact]
