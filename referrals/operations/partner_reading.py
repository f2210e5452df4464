"""A service reads what was sent to it: only while consent holds, only that, and every refusal is noted."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import Membership
from audit import trail
from audit.models import TrailEntry
from audit.trail import Actor
from referrals.handoff import parcel
from referrals.handoff.parcel import Parcel
from referrals.models import (
    Act,
    Consent,
    DeskProgram,
    HandoffLink,
    Necessity,
    ProgramWrap,
    Referral,
)
from referrals.operations import handing_over, referring
from referrals.queries import handoff as queries
from referrals.queries import programs
from referrals.states import ReferralState
from vault import parcels
from vault.keyring import Holder, KeyUnavailable
from vault.sealing import CaseKey, SealBroken
from vault.stretching import Cost

MOST_TRIES = 5


class Denial(StrEnum):
    """Why a service may not read."""

    UNKNOWN = "unknown"  # no such link
    NOT_YOURS = "not_yours"
    USED = "used"  # the link has opened once already
    RUN_OUT = "run_out"  # the link is too old
    CLOSED = "closed"  # too many wrong codes, or a newer link was made
    WRONG_CODE = "wrong_code"
    REVOKED = "revoked"
    EXPIRED = "expired"  # consent is over
    ENDED = "ended"
    CHANGED = "changed"  # what is stored is not what was confirmed
    NO_CONSENT = "no_consent"
    NO_KEY = "no_key"


class Denied(Exception):
    """The service may not read. `why`: by name."""

    def __init__(self, why: Denial) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Side:
    """Who acts for the service: a member at its desk, somebody with a link, or a counsellor who writes
    down what the service said or wrote (`entered`).
    """

    actor: Actor
    member: Membership | None = None
    entered: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """What a service sees: the parcel, and the key for what it writes back."""

    sent: Parcel
    key: CaseKey = field(repr=False)


BY_LINK = Side(Actor(TrailEntry.ActorKind.PARTNER))
BY_PROGRAM = BY_LINK  # nobody's name stands for it either; the trail has the program's id


def at_desk(member: Membership) -> Side:
    """Return a member of a desk as who acts."""
    return Side(Actor(TrailEntry.ActorKind.PARTNER, member.pk), member)


def entered_by(member: Membership) -> Side:
    """Return a counsellor as who writes down what the service said."""
    return Side(member.actor, member, entered=True)


def read_at_desk(*, referral: Referral, member: Membership, holder: Holder, at: datetime) -> Opened:
    """Open a referral for a member of its desk, and note that it was seen. Raises Denied."""
    side = at_desk(member)
    why = denial(referral, at=at)
    if why is not None:
        raise _noted(why, referral, side.actor, at)
    try:
        key = parcels.open_by_desk(parcel=referral.pk, holder=holder)
    except KeyUnavailable:
        raise _noted(Denial.NO_KEY, referral, side.actor, at) from None
    return _read(referral, key, side, at)


def read_by_link(*, referral: Referral, key: CaseKey, at: datetime) -> Opened:
    """Open a referral for somebody whose link has opened it in this browser. Raises Denied."""
    why = denial(referral, at=at)
    if why is None and not parcels.is_open_for_partner(referral.pk):
        why = Denial.CLOSED
    if why is not None:
        raise _noted(why, referral, BY_LINK.actor, at)
    return _read(referral, key, BY_LINK, at)


def read_by_program(
    *, referral: Referral, program: DeskProgram, token: str, at: datetime
) -> Opened:
    """Open a referral for a program of its desk; the first time counts as read. Raises Denied."""
    why = denial(referral, at=at)
    if why is not None:
        raise _noted(why, referral, BY_PROGRAM.actor, at)
    wrap = programs.wrap_for(program, referral.pk)
    if wrap is None:
        raise _noted(Denial.NO_KEY, referral, BY_PROGRAM.actor, at)
    try:
        key = parcels.open_by_program(
            parcel=referral.pk, program=program.pk, token=token, sealed=bytes(wrap.sealed)
        )
    except KeyUnavailable:
        raise _noted(Denial.NO_KEY, referral, BY_PROGRAM.actor, at) from None
    opened = _read(referral, key, BY_PROGRAM, at)
    _note_read_by(program, referral, at)
    return opened


def open_link(*, token: str, code: str, at: datetime) -> tuple[HandoffLink, CaseKey]:
    """Open a link with its code, once, and send the next link. Slow.

    Raises Denied; a wrong code counts, and after five the link is closed.
    """
    link = queries.link_by_token(token)
    if link is None:
        raise _noted(Denial.UNKNOWN, None, BY_LINK.actor, at)
    row = link.referral
    why = _of_link(link, at) or denial(row, at=at)
    if why is not None:
        raise _noted(why, row, BY_LINK.actor, at)
    # Counted before it is tried: of any number at once only five get as far.
    counted = HandoffLink.objects.filter(pk=link.pk, tries__lt=MOST_TRIES).update(
        tries=F("tries") + 1
    )
    if not counted:
        _close(link, at)
        raise _noted(Denial.CLOSED, row, BY_LINK.actor, at)
    secret = parcels.LinkSecret(token, code, bytes(link.salt), Cost(link.memory_kib, link.passes))
    try:
        key = parcels.open_by_link(parcel=row.pk, link=link.pk, secret=secret)
    except parcels.WrongCode:
        if link.tries + 1 >= MOST_TRIES:
            _close(link, at)
        raise _noted(Denial.WRONG_CODE, row, BY_LINK.actor, at) from None
    except parcels.Closed:
        raise _noted(Denial.CLOSED, row, BY_LINK.actor, at) from None
    with transaction.atomic():
        locked = referring.locked(row.pk)
        won = HandoffLink.objects.filter(
            pk=link.pk, used_at__isnull=True, closed_at__isnull=True
        ).update(used_at=at)
        if won:
            parcels.close_links(row.pk)
            handing_over.next_link(locked, code, email=link.email, key=key, at=at)
            trail.record(
                "referral.link_used",
                by=BY_LINK.actor,
                at=at,
                organisation=row.organisation_id,
                case=row.case_id,
                referral=str(row.pk),
            )
    if not won:
        raise _noted(Denial.USED, row, BY_LINK.actor, at)
    return link, key


def looked_at(*, token: str, at: datetime) -> HandoffLink:
    """Return an open link before its code is typed. Raises Denied."""
    link = queries.link_by_token(token)
    if link is None:
        raise _noted(Denial.UNKNOWN, None, BY_LINK.actor, at)
    why = _of_link(link, at) or denial(link.referral, at=at)
    if why is not None:
        raise _noted(why, link.referral, BY_LINK.actor, at)
    return link


def for_partner(referral: UUID, side: Side, *, at: datetime) -> Referral:
    """Return a locked referral that a service may act on now. Raises Denied or referring.ReferralGone.

    A refusal rolls the transaction back; whoever catches it writes it down (`note_denied`).
    """
    row = referring.locked(referral)
    if side.entered:
        return row
    why = denial(row, at=at)
    if why is not None:
        raise Denied(why)
    return row


def note_denied(denied: Denied, *, referral: Referral | None, side: Side, at: datetime) -> None:
    """Write a refusal into the trail."""
    _noted(denied.why, referral, side.actor, at)


def note_strange_program(*, referral: UUID, at: datetime) -> None:
    """Write into the trail that a program asked for a referral of another desk."""
    row = Referral.objects.filter(pk=referral).first()
    if row is not None:
        _noted(Denial.NOT_YOURS, row, BY_PROGRAM.actor, at)


def note_stranger(*, referral: UUID, member: Membership, at: datetime) -> None:
    """Write into the trail that somebody asked for a referral of another desk."""
    row = Referral.objects.filter(pk=referral).first()
    if row is not None:
        _noted(Denial.NOT_YOURS, row, at_desk(member).actor, at)


def denial(row: Referral, *, at: datetime) -> Denial | None:
    """Return why a service may not read a referral now, or None when it may."""
    state = ReferralState(row.state)
    if state in (ReferralState.WITHDRAWN, ReferralState.EXPIRED, ReferralState.DISMISSED):
        return Denial.EXPIRED if state is ReferralState.EXPIRED else Denial.REVOKED
    if state in ReferralState.ended():
        return Denial.ENDED
    if row.way == Referral.Way.CARD:
        return None  # there is nothing to read
    if row.basis == Referral.Basis.NECESSITY:
        confirmed = Necessity.objects.filter(referral=row, confirmed_at__isnull=False)
        return None if confirmed.exists() and at < row.expires_at else Denial.NO_CONSENT
    consent = Consent.objects.filter(referral=row).first()
    if consent is None or consent.recipient != row.service_id:
        return Denial.NO_CONSENT
    if consent.revoked_at is not None:
        return Denial.REVOKED
    if at >= consent.expires_at:
        return Denial.EXPIRED
    return Denial.NO_CONSENT if state in ReferralState.unsent() else None


def _of_link(link: HandoffLink, at: datetime) -> Denial | None:
    if link.used_at is not None:
        return Denial.USED
    if link.referral.state in ReferralState.ended():
        return None  # the referral says why
    if link.closed_at is not None:
        return Denial.CLOSED
    return Denial.RUN_OUT if at >= link.expires_at else None


def _read(row: Referral, key: CaseKey, side: Side, at: datetime) -> Opened:
    consent = Consent.objects.filter(referral=row).first()
    try:
        sent = parcel.open_parcel(
            bytes(row.payload or b""), key=key, place=parcel.payload_place(row.pk)
        )
    except SealBroken:
        raise _noted(Denial.CHANGED, row, side.actor, at) from None
    if consent is not None and parcels.digest(sent.written(), key=key) != bytes(consent.digest):
        raise _noted(Denial.CHANGED, row, side.actor, at)
    if row.seen_at is None:
        _note_seen(row, side, at)
    return Opened(sent, key)


@transaction.atomic
def _note_seen(row: Referral, side: Side, at: datetime) -> None:
    locked = referring.locked(row.pk)
    if locked.seen_at is None:
        locked.seen_at = at
        locked.save(update_fields=["seen_at"])
        referring.keep(locked, Act.Move.OPEN, by=side.actor, at=at, member=side.member)
    row.seen_at = locked.seen_at


@transaction.atomic
def _note_read_by(program: DeskProgram, row: Referral, at: datetime) -> None:
    first = ProgramWrap.objects.filter(program=program, referral=row, read_at__isnull=True).update(
        read_at=at
    )
    if first:
        trail.record(
            "referral.read_by_program",
            by=BY_PROGRAM.actor,
            at=at,
            organisation=row.organisation_id,
            case=row.case_id,
            referral=str(row.pk),
            program=str(program.pk),
        )


@transaction.atomic
def _close(link: HandoffLink, at: datetime) -> None:
    HandoffLink.objects.filter(pk=link.pk, closed_at__isnull=True).update(closed_at=at)
    parcels.close_links(link.referral_id)
    referring.hint(link.referral)


def _noted(why: Denial, row: Referral | None, by: Actor, at: datetime) -> Denied:
    trail.record(
        "referral.access_denied",
        by=by,
        at=at,
        organisation=row.organisation_id if row else None,
        case=row.case_id if row else None,
        old=row.state if row else "",
        referral=str(row.pk) if row else None,
        reason=why.value,
    )
    return Denied(why)
