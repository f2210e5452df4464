"""What is read of referrals: by the client, by counsellors, by services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import Membership
from accounts.queries import team_ids
from accounts.written import ID, Written
from counselling.models import Case
from referrals import sla
from referrals.handoff import parcel
from referrals.handoff.looks import look
from referrals.handoff.parcel import Parcel
from referrals.models import (
    Act,
    Appointment,
    HandoffLink,
    Location,
    PartnerDesk,
    Referral,
    Service,
)
from referrals.search import facts
from referrals.states import ReferralState
from vault import parcels
from vault.keyring import Holder
from vault.sealing import CaseKey, open_sealed

LISTED = 100


@dataclass(frozen=True, slots=True)
class History:
    """One act as it is shown: what, when, by whom, and what was written with it."""

    act: Act
    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """An appointment, opened. text: where, with whom."""

    row: Appointment
    text: str


def of_case(case: Case) -> list[Referral]:
    """Return the referrals of a case, the oldest first."""
    return list(Referral.objects.filter(case=case).select_related("service__provider", "consent"))


def mark(rows: Sequence[Referral]) -> str:
    """Return what changes when anything does that the case page says of its referrals."""
    return _mark([tuple(getattr(row, name) for name in _MOVES) for row in rows])


def mark_of(case: Case) -> str:
    """Return the same of a case without reading its referrals. One statement."""
    return _mark(_MARKED.of(case.pk))


def _mark(rows: Sequence[tuple[datetime | None, ...]]) -> str:
    moments = [moment for row in rows for moment in row if moment is not None]
    return f"{len(rows)}.{max(moments).timestamp():.6f}" if moments else "0"


# Whatever happens to a referral sets one of these.
_MOVES = ("changed_at", "handled_at", "seen_at", "reminded_at")
_MARKED = Written(lambda case: Referral.objects.filter(case=case).values_list(*_MOVES), ID)


def near_appointments(rows: Sequence[Referral], *, at: datetime) -> dict[UUID, Appointment]:
    """Return the picked appointments that are near enough to be reminded of, by referral."""
    waiting = [row.pk for row in rows if row.state == ReferralState.APPOINTMENT]
    if not waiting:
        return {}
    found = Appointment.objects.filter(
        referral__in=waiting,
        picked_at__isnull=False,
        dropped_at__isnull=True,
        starts_at__gt=at,
        starts_at__lte=at + sla.CLIENT_REMINDER,
    )
    return {one.referral_id: one for one in found}


def referral_of_case(case: Case, referral: UUID) -> Referral | None:
    """Return one referral of a case, or None."""
    return (
        Referral.objects.filter(case=case, pk=referral)
        .select_related("service__provider", "consent", "organisation", "case", "suggested_by")
        .first()
    )


def of_teams(member: Membership) -> list[Referral]:
    """Return the referrals of the member's teams: those that wait for them first, then the open ones."""
    untold = Q(state=ReferralState.WITHDRAWN, way=Referral.Way.LETTER, sent_at__isnull=False)
    needs = Q(
        Q(state__in=ReferralState.needs_look()) | untold,
        handled_at__isnull=True,
        state__in=sorted(ReferralState.needs_look() | {ReferralState.WITHDRAWN}),  # as the index
    )
    is_open = Q(ended_at__isnull=True)
    teams = team_ids(member)
    # Each team's in the order of an index of its own, of which only the first are read; and what the release
    # before wrote, which named no team (ADR 0100).
    of_teams = [
        Referral.objects.filter(which, team=team) for team in teams for which in (needs, is_open)
    ]
    unknown = Referral.objects.filter(
        needs | is_open,
        organisation=member.organisation_id,
        team__isnull=True,
        case__team__in=teams,
    )
    changed: dict[UUID, datetime] = {}
    for rows in (*of_teams, unknown):
        changed.update(rows.order_by("-changed_at").values_list("pk", "changed_at")[:LISTED])
    latest = sorted(changed, key=changed.__getitem__, reverse=True)[:LISTED]
    found = (
        Referral.objects.filter(pk__in=latest)
        # The case decides: the release before may have moved it alone.
        .filter(case__team__in=teams)
        .select_related("service", "case__team", "case__topic")
        .order_by("-changed_at")
    )
    return sorted(found, key=lambda row: look(row) is None)


def key_by_case(row: Referral, *, holder: Holder) -> CaseKey | None:
    """Return a referral's key for who opens its case; None while nothing is sealed under one."""
    if row.case_id is None:
        return None
    try:
        return parcels.open_by_case(parcel=row.pk, case=row.case_id, holder=holder)
    except parcels.Closed:
        return None


def sent(row: Referral, key: CaseKey | None) -> Parcel | None:
    """Return what was sent, or None. Raises sealing.SealBroken."""
    if row.payload is None or key is None:
        return None
    return parcel.open_parcel(bytes(row.payload), key=key, place=parcel.payload_place(row.pk))


def history(row: Referral, key: CaseKey | None) -> list[History]:
    """Return everything that happened to a referral, in order, opened."""
    return [
        History(act, _opened(act, key))
        for act in Act.objects.filter(referral=row).select_related("member")
    ]


def offers(row: Referral, key: CaseKey | None, *, at: datetime) -> list[Offer]:
    """Return the appointments to pick from that lie ahead."""
    rows = Appointment.objects.filter(
        referral=row, dropped_at__isnull=True, picked_at__isnull=True, starts_at__gt=at
    )
    return [_offer(one, key) for one in rows]


def appointments(row: Referral, key: CaseKey | None) -> list[Offer]:
    """Return every appointment that was ever offered, taken back or not."""
    return [_offer(one, key) for one in Appointment.objects.filter(referral=row)]


def picked(row: Referral, key: CaseKey | None) -> Offer | None:
    """Return the appointment that the client picked, or None."""
    found = Appointment.objects.filter(
        referral=row, dropped_at__isnull=True, picked_at__isnull=False
    ).first()
    return _offer(found, key) if found else None


def inbox(desk: PartnerDesk) -> list[Referral]:
    """Return what is open at a desk, by due time, then what has ended lately."""
    rows = Referral.objects.filter(desk=desk.team_id).select_related("service", "organisation")
    waiting = list(
        rows.filter(state__in=ReferralState.with_partner(), ended_at__isnull=True).order_by(
            "due_at", "sent_at"
        )[:LISTED]
    )
    ended = list(rows.filter(ended_at__isnull=False).order_by("-ended_at")[:20])
    return sorted(waiting, key=lambda row: row.due_at is None) + ended


def at_desk(member: Membership, referral: UUID) -> Referral | None:
    """Return a referral that lies at a member's desk, or None."""
    return (
        Referral.objects.filter(pk=referral, desk__members=member, desk__isnull=False)
        .select_related("service__provider", "consent", "organisation")
        .first()
    )


def desk_of(member: Membership) -> PartnerDesk | None:
    """Return the desk that a member works at, or None."""
    return (
        PartnerDesk.objects.filter(team__members=member, organisation=member.organisation_id)
        .select_related("team", "organisation")
        .first()
    )


def desk_for(service: Service) -> PartnerDesk | None:
    """Return the desk of a service, or None."""
    return PartnerDesk.objects.filter(services=service).select_related("organisation").first()


def link_by_token(token: str) -> HandoffLink | None:
    """Return the link that a secret belongs to, open or not, or None."""
    return (
        HandoffLink.objects.filter(token_hash=parcels.hash_of(token))
        .select_related("referral__service__provider", "referral__organisation")
        .first()
    )


def by_link(link: UUID) -> Referral | None:
    """Return the referral that a used link opened, or None."""
    found = (
        HandoffLink.objects.filter(pk=link)
        .select_related("referral__service__provider", "referral__organisation")
        .first()
    )
    return found.referral if found else None


def by_arrival_code(code_hash: bytes) -> Referral | None:
    """Return the referral that an arrival code belongs to, or None."""
    return Referral.objects.filter(arrival_code=code_hash).select_related("service").first()


def land_and_district(service: Service) -> tuple[str, str]:
    """Return a service's Land and district (AGS), as far as its rows tell."""
    row = Service.objects.prefetch_related(*facts.RELATIONS).get(pk=service.pk)
    land, district = "", ""
    for place in row.service_at_locations.all():
        location: Location = place.location
        land = land or facts.land(location)[1]
        district = district or location.ags[:5]
    for area in row.service_areas.all():
        land = land or facts.LAND_OF_AGS.get(area.ags[:2], "")
        district = district or area.ags[:5]
    return land, district


def similar(service: Service, on: date) -> Sequence[Service]:
    """Return services of the same kind that take referrals, for a partner to recommend."""
    return list(
        Service.objects.visible(on)
        .filter(terms__in=service.terms.all())
        .exclude(pk=service.pk)
        .exclude(accepts_referrals=False)
        .distinct()
        .order_by("name")[:30]
    )


def may_see_second(member: Membership, row: Referral) -> bool:
    """Say whether a member is a second person: another than who proposed to hand on."""
    necessity = getattr(row, "necessity", None)
    return necessity is not None and necessity.proposed_by_id != member.pk


def _opened(act: Act, key: CaseKey | None) -> str:
    if act.sealed is None or key is None:
        return ""
    place = parcel.act_place(act.referral_id, act.number)
    return open_sealed(bytes(act.sealed), key=key, place=place)


def _offer(row: Appointment, key: CaseKey | None) -> Offer:
    if row.sealed is None or key is None:
        return Offer(row, "")
    place = parcel.appointment_place(row.referral_id, row.pk)
    return Offer(row, open_sealed(bytes(row.sealed), key=key, place=place))
