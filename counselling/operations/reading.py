"""The one that notes who read a case."""

from datetime import datetime

from django.db import transaction

from accounts.models import Membership
from audit import trail
from counselling.models import Case


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
