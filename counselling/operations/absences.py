"""The one writer of absences."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from audit import trail
from counselling.models import Absence


class AbsenceImpossible(ValueError):
    """An absence that ends before it begins, or is over."""


class AbsenceGone(Exception):
    """The absence was taken back meanwhile."""


@transaction.atomic
def enter(
    *, member: Membership, starts_at: datetime, ends_at: datetime, by: Membership, at: datetime
) -> Absence:
    """Note that somebody is not there; their shifts stay and count as gaps.

    What they hold unanswered goes back when it begins (`holding.settle_absences`). Raises
    AbsenceImpossible.
    """
    if starts_at >= ends_at or ends_at <= at:
        raise AbsenceImpossible
    row = Absence.objects.create(member=member, starts_at=starts_at, ends_at=ends_at)
    trail.record(
        "absence.entered",
        by=by.actor,
        at=at,
        organisation=member.organisation_id,
        member=str(member.pk),
    )
    return row


@transaction.atomic
def take_back(*, absence: UUID, by: Membership, at: datetime) -> None:
    """Take an absence back; of one that runs only what is left. Raises AbsenceGone."""
    row = (
        Absence.objects.select_for_update(of=("self",))
        .select_related("member")
        .filter(pk=absence, ends_at__gt=at)
        .first()
    )
    if row is None:
        raise AbsenceGone
    if row.starts_at < at:
        row.ends_at = at
        row.save(update_fields=["ends_at"])
    else:
        row.delete()
    trail.record(
        "absence.taken_back",
        by=by.actor,
        at=at,
        organisation=row.member.organisation_id,
        member=str(row.member_id),
    )
