"""Letting services in: a desk with an account of their own, and colleagues by invitation."""

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.text import slugify

from accounts.models import Invitation, Membership, Organisation, Role
from accounts.operations import organisations, staff
from audit import trail
from referrals.models import PartnerDesk, Service
from vault.keyring import Holder

DESK = "Postfach"


class DeskExists(Exception):
    """The service has a desk already."""


@transaction.atomic
def let_in(
    *, service: Service, name: str, by: Membership, at: datetime
) -> tuple[PartnerDesk, Invitation, str]:
    """Make a desk for a service and invite its first person; return the link's secret, shown once.

    name: of that person. Raises DeskExists.
    """
    if PartnerDesk.objects.filter(services=service).exists():
        raise DeskExists
    title = (service.provider.name if service.provider else service.name)[:80]
    organisation = organisations.found(
        organisation=Organisation(
            slug=_free_slug(title),
            name=title,
            accent=by.organisation.accent,
            land=by.organisation.land,
            device_keys=by.organisation.device_keys,
            is_partner=True,
        ),
        teams=[DESK],
        lines=[],
        at=at,
    )
    team = organisation.teams.get()
    desk = PartnerDesk.objects.create(organisation=organisation, team=team, made_at=at, made_by=by)
    desk.services.add(service)
    invitation, token = staff.invite(
        organisation=organisation, name=name, role=Role.PARTNER, teams=[team], by=by, at=at
    )
    trail.record(
        "desk.made",
        by=by.actor,
        at=at,
        organisation=by.organisation_id,
        service=str(service.pk),
        partner=str(organisation.pk),
    )
    return desk, invitation, token


@transaction.atomic
def invite(
    *, desk: PartnerDesk, name: str, by: Membership, holder: Holder, at: datetime
) -> tuple[Invitation, str]:
    """Invite a colleague to a desk; the link opens what lies there."""
    return staff.invite(
        organisation=desk.organisation,
        name=name,
        role=Role.PARTNER,
        teams=[desk.team],
        by=by,
        at=at,
        holder=holder,
    )


@transaction.atomic
def end(*, desk: PartnerDesk, member: UUID, by: Membership, at: datetime) -> None:
    """End a colleague's place at a desk. Raises Membership.DoesNotExist, staff.OwnMembership."""
    row = Membership.objects.get(
        pk=member, organisation=desk.organisation_id, ended_at__isnull=True
    )
    staff.end_membership(member=row, by=by, at=at)


def _free_slug(title: str) -> str:
    # Chance keeps it free; nobody types a partner's address.
    return f"{slugify(title)[:30].strip('-') or 'stelle'}-{uuid4().hex[:12]}"
