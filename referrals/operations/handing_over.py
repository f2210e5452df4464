"""Handing a sealed parcel to a service: to its desk, by a link and a code, or on paper."""

import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import Membership
from audit import trail
from referrals import sla
from referrals.handoff import parcel
from referrals.handoff.parcel import Codes, Contact, Parcel
from referrals.models import Act, HandoffLink, PartnerDesk, Referral, ReferralWay
from referrals.operations import notices, programs, referring
from referrals.queries import handoff as queries
from referrals.states import ReferralState
from vault import keyring, parcels
from vault.keyring import Holder
from vault.sealing import CaseKey
from vault.team_keys import NoTeamKey

Way = Referral.Way


class NoLinkPossible(Exception):
    """The service has no mail address, or the referral is not one that goes by link."""


def seal(row: Referral, sent: Parcel, *, holder: Holder, at: datetime) -> CaseKey:
    """Seal a parcel under a fresh key, for the client's case and for nobody else yet.

    Raises keyring.KeyUnavailable.
    """
    assert row.case_id is not None
    key = parcels.create(parcel=row.pk, case=row.case_id, holder=holder, at=at)
    row.payload = parcel.seal_parcel(sent, key=key, place=parcel.payload_place(row.pk))
    return key


def prepare_way(row: Referral, sent: Parcel, *, key: CaseKey, holder: Holder, at: datetime) -> str:
    """Open the way to the service for a sealed parcel; return the token of a link, if there is one.

    Raises keyring.KeyUnavailable.
    """
    assert row.service is not None
    assert row.case_id is not None
    row.land, row.district = queries.land_and_district(row.service)
    codes = Codes()
    token = ""
    desk = PartnerDesk.objects.filter(services=row.service).select_related("team").first()
    try:
        if desk is None:
            raise NoTeamKey
        parcels.seal_for_desk(parcel=row.pk, desk=desk.team_id, key=key, at=at)
        row.way, row.desk = Way.DESK, desk.team
        programs.seal_for_programs(row, desk, key=key, at=at)
    except NoTeamKey:
        email = mail_of(row)
        row.way = Way.LINK if email else Way.LETTER
        if email:
            secret = parcels.new_link()
            codes = Codes(link=secret.code)
            token = secret.token
            _make_link(row, secret, email=email, key=key, at=at)
    if sent.contact is Contact.CODE:
        code = parcels.new_code()
        codes = Codes(link=codes.link, arrival=code)
        row.arrival_code = hash_of_arrival(code)
    keep_codes(row, codes, holder=holder)
    return token


def tell(row: Referral, token: str, *, at: datetime) -> None:
    """Tell the service that something waits. token: of the link that `prepare_way` made."""
    if row.way == Way.DESK:
        notices.tell_partner(row, notices.NEW, at=at)
    elif token:
        link = HandoffLink.objects.get(referral=row, token_hash=parcels.hash_of(token))
        notices.send_link(row, link, token, at=at, first=True)


@transaction.atomic
def renew(*, referral: UUID, by: Membership, holder: Holder, at: datetime) -> None:
    """Send a fresh link with a fresh code, for a service that lost theirs; older ones are closed.

    Raises NoLinkPossible or keyring.KeyUnavailable.
    """
    row = referring.locked(referral)
    email = mail_of(row)
    if row.way != Way.LINK or not email or row.state not in ReferralState.with_partner():
        raise NoLinkPossible
    assert row.case_id is not None
    key = parcels.open_by_case(parcel=row.pk, case=row.case_id, holder=holder)
    parcels.close_links(row.pk)
    HandoffLink.objects.filter(referral=row, closed_at__isnull=True).update(closed_at=at)
    secret = parcels.new_link()
    link = _make_link(row, secret, email=email, key=key, at=at)
    old = codes_of(row, holder=holder)
    keep_codes(row, Codes(link=secret.code, arrival=old.arrival), holder=holder)
    row.save(update_fields=["codes"])
    referring.keep(row, Act.Move.NEW_LINK, by=by.actor, at=at, member=by)
    trail.record(
        "referral.link_renewed",
        by=by.actor,
        at=at,
        organisation=row.organisation_id,
        case=row.case_id,
        referral=str(row.pk),
    )
    notices.send_link(row, link, secret.token, at=at, first=True)


def next_link(row: Referral, code: str, *, email: str, key: CaseKey, at: datetime) -> None:
    """Send the link after one that was used; the code stays. row: locked."""
    secret = parcels.new_link(code)
    link = _make_link(row, secret, email=email, key=key, at=at)
    notices.send_link(row, link, secret.token, at=at, first=False)


def mail_of(row: Referral) -> str:
    """Return where the service reads mail, or nothing where it takes no referrals that way."""
    service = row.service
    if service is None:
        return ""
    ways = service.referral_ways
    if ways and not {ReferralWay.EMAIL.value, ReferralWay.LOTSE.value} & set(ways):
        return ""
    return service.email or (service.provider.email if service.provider else "")


def hash_of_arrival(code: str) -> bytes:
    """Return what is stored of an arrival code: 40 bits need the pepper."""
    return hmac.digest(settings.CODE_PEPPER.encode(), b"arrival" + code.encode(), hashlib.sha256)


def keep_codes(row: Referral, codes: Codes, *, holder: Holder) -> None:
    """Seal the codes that people pass on, for the case's client and counsellors."""
    assert row.case_id is not None
    key = keyring.open_case_key(subject=row.case_id, holder=holder)
    row.codes = parcel.seal_codes(codes, key=key, place=parcel.codes_place(row.case_id, row.pk))


def codes_of(row: Referral, *, holder: Holder) -> Codes:
    """Return the codes that people pass on. Raises keyring.KeyUnavailable."""
    assert row.case_id is not None
    key = keyring.open_case_key(subject=row.case_id, holder=holder)
    return parcel.open_codes(row.codes, key=key, place=parcel.codes_place(row.case_id, row.pk))


def _make_link(
    row: Referral, secret: parcels.LinkSecret, *, email: str, key: CaseKey, at: datetime
) -> HandoffLink:
    link = HandoffLink.objects.create(
        referral=row,
        token_hash=parcels.hash_of(secret.token),
        salt=secret.salt,
        memory_kib=secret.cost.memory_kib,
        passes=secret.cost.passes,
        email=email,
        created_at=at,
        expires_at=sla.link_until(at=at, due=row.due_at, ends=row.expires_at),
    )
    parcels.seal_for_link(parcel=row.pk, link=link.pk, secret=secret, key=key, at=at)
    return link
