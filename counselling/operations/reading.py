"""The one that notes who read a case."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from audit import trail
from counselling.models import Case
from counselling.operations import escalations


@transaction.atomic
def note_reading(*, case: Case, by: Membership, at: datetime) -> None:
    """Note in the trail that a member gets to read a case; call it before anything is opened."""
    trail.record(
        "case.read",
        by=by.actor,
        at=at,
        organisation=case.organisation_id,
        case=case.pk,
        seq=case.last_seq,
    )
    escalations.read(case=case, by=by, at=at)


@transaction.atomic
def note_file(*, case: Case, attachment: UUID, by: Membership, at: datetime) -> None:
    """Note in the trail that a member gets a file of a case."""
    trail.record(
        "case.file_read",
        by=by.actor,
        at=at,
        organisation=case.organisation_id,
        case=case.pk,
        file=str(attachment),
    )


@transaction.atomic
def note_broken_file(*, case: Case, attachment: UUID, by: trail.Actor, at: datetime) -> None:
    """Raise the alarm in the trail: a file is missing or was altered."""
    trail.record(
        "case.file_broken",
        by=by,
        at=at,
        organisation=case.organisation_id,
        case=case.pk,
        file=str(attachment),
    )
