"""What a service does with a referral: from its desk, by a link, or entered by the counsellor for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction

from referrals import sla, states
from referrals.handoff import parcel
from referrals.models import Act, Appointment, Decline, Outcome, Referral, Service
from referrals.operations import referring
from referrals.operations.partner_reading import BY_LINK, Side, for_partner
from referrals.queries import handoff as queries
from referrals.states import ReferralMove
from vault.sealing import CaseKey, seal

MOST_OFFERS = 5
MOST_WEEKS = 104


class NoAppointments(Exception):
    """One to five appointments, all of them ahead and before the consent ends."""


class SameService(Exception):
    """A service recommends another than itself."""


class UnknownCode(Exception):
    """No card has this code, or it has counted already."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An appointment to offer. minutes: how long. text: where, with whom."""

    starts_at: datetime
    minutes: int = 60
    text: str = ""


@transaction.atomic
def ask_back(*, referral: UUID, text: str, by: Side, key: CaseKey, at: datetime) -> None:
    """Ask the client something; their answer comes through Lotse."""
    _moved(referral, ReferralMove.ASK_BACK, by, at, text=text, key=key)


@transaction.atomic
def accept(*, referral: UUID, by: Side, key: CaseKey | None, at: datetime, text: str = "") -> None:
    """Accept. text: a word to the client."""
    _moved(referral, ReferralMove.ACCEPT, by, at, text=text, key=key)


@transaction.atomic
def put_on_waiting_list(
    *, referral: UUID, weeks: int, by: Side, key: CaseKey | None, at: datetime, text: str = ""
) -> None:
    """Put on the waiting list for about so many weeks; the clock runs from their end."""
    if not 1 <= weeks <= MOST_WEEKS:
        raise ValueError("weeks between 1 and 104")
    row = for_partner(referral, by, at=at)
    row.weeks = weeks
    until = at + timedelta(weeks=weeks)
    _move(row, ReferralMove.WAITLIST, by, at, text=text, key=key, not_before=until)


@transaction.atomic
def decline(
    *,
    referral: UUID,
    reason: Decline,
    by: Side,
    key: CaseKey | None,
    at: datetime,
    text: str = "",
) -> None:
    """Decline with a reason; the counsellor looks for others."""
    row = for_partner(referral, by, at=at)
    row.decline = reason
    _move(row, ReferralMove.DECLINE, by, at, text=text, key=key)


@transaction.atomic
def forward(
    *,
    referral: UUID,
    to: Service,
    by: Side,
    key: CaseKey | None,
    at: datetime,
    text: str = "",
) -> Referral:
    """Recommend another service: it becomes a suggestion, and nothing goes there without a new consent.

    Raises SameService, Denied or IllegalReferralMove.
    """
    case = referring.locked_case(referral)
    row = for_partner(referral, by, at=at)
    if to.pk == row.service_id:
        raise SameService
    _move(row, ReferralMove.FORWARD, by, at, text=text, key=key)
    suggestion = Referral.objects.create(
        id=uuid4(),
        organisation_id=row.organisation_id,
        case_id=row.case_id,
        team_id=case.team_id if case else None,
        service=to,
        forwarded_from=row,
        suggested_by=None,
        created_at=at,
        changed_at=at,
        expires_at=at + sla.SUGGESTION_LASTS,
    )
    referring.keep(suggestion, Act.Move.SUGGEST, by=by.actor, at=at, member=by.member)
    return suggestion


@transaction.atomic
def offer(
    *,
    referral: UUID,
    slots: Sequence[Slot],
    by: Side,
    key: CaseKey | None,
    at: datetime,
    text: str = "",
) -> None:
    """Offer one to five appointments in place of what was offered before; the client picks.

    Raises NoAppointments, Denied or IllegalReferralMove.
    """
    if not 1 <= len(slots) <= MOST_OFFERS or any(slot.starts_at <= at for slot in slots):
        raise NoAppointments
    row = for_partner(referral, by, at=at)
    if any(slot.starts_at >= row.expires_at for slot in slots):
        raise NoAppointments  # it would be dropped with the consent before anybody came
    referring.drop_appointments(row, at=at)
    for slot in slots:
        one = uuid4()
        sealed = None
        if slot.text and key is not None:
            sealed = seal(slot.text, key=key, place=parcel.appointment_place(row.pk, one))
        Appointment.objects.create(
            id=one,
            referral=row,
            starts_at=slot.starts_at,
            minutes=slot.minutes,
            sealed=sealed,
            offered_at=at,
        )
    _move(row, ReferralMove.OFFER, by, at, text=text, key=key)


@transaction.atomic
def note_arrival(*, referral: UUID, by: Side, at: datetime) -> None:
    """Note that the client has arrived: with that the loop counts as closed."""
    _moved(referral, ReferralMove.ARRIVE, by, at)


@transaction.atomic
def note_missed(*, referral: UUID, by: Side, at: datetime) -> None:
    """Note that the client did not come to the appointment; another one can be offered."""
    row = for_partner(referral, by, at=at)
    Appointment.objects.filter(referral=row, dropped_at__isnull=True).update(dropped_at=at)
    _move(row, ReferralMove.MISS, by, at)


@transaction.atomic
def begin(*, referral: UUID, by: Side, at: datetime) -> None:
    """Note that help has begun."""
    _moved(referral, ReferralMove.BEGIN, by, at)


@transaction.atomic
def complete(
    *,
    referral: UUID,
    outcome: Outcome,
    by: Side,
    key: CaseKey | None,
    at: datetime,
    text: str = "",
) -> None:
    """Note what came of it; the service reads nothing more from then on."""
    row = for_partner(referral, by, at=at)
    row.outcome = outcome
    _move(row, ReferralMove.COMPLETE, by, at, text=text, key=key)


@transaction.atomic
def redeem_code(*, code_hash: bytes, at: datetime) -> Referral:
    """Note the arrival of somebody who shows a card, once. Raises UnknownCode."""
    found = queries.by_arrival_code(code_hash)
    if found is None or found.state not in states.sources(ReferralMove.ARRIVE):
        raise UnknownCode
    row = for_partner(found.pk, BY_LINK, at=at)
    if row.arrival_code is None or bytes(row.arrival_code) != code_hash or at >= row.expires_at:
        raise UnknownCode
    _move(row, ReferralMove.ARRIVE, BY_LINK, at)
    return row


def _moved(
    referral: UUID,
    what: ReferralMove,
    by: Side,
    at: datetime,
    *,
    text: str = "",
    key: CaseKey | None = None,
) -> None:
    _move(for_partner(referral, by, at=at), what, by, at, text=text, key=key)


def _move(
    row: Referral,
    what: ReferralMove,
    by: Side,
    at: datetime,
    *,
    text: str = "",
    key: CaseKey | None = None,
    not_before: datetime | None = None,
) -> None:
    referring.move(
        row,
        what,
        by=by.actor,
        at=at,
        member=by.member,
        text=text,
        key=key,
        entered=by.entered,
        not_before=not_before,
    )
