"""The one writer of reviews: a human confirms or corrects how urgent a case is."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Min

from accounts.models import Membership
from audit import trail
from counselling import places
from counselling.models import Assessment, Case, Message, Review
from counselling.operations import cases, entries
from counselling.sla import Urgency
from vault import keyring
from vault.keyring import Holder
from vault.sealing import seal


class ReasonMissing(Exception):
    """Whoever lowers an urgency says why."""


class Unseen(Exception):
    """The client wrote again after what the reviewer has seen; nobody lowers that unread."""


@transaction.atomic
def review(
    *,
    case: UUID,
    urgency: Urgency,
    by: Membership,
    holder: Holder,
    at: datetime,
    reason: str = "",
    note: str = "",
    seen: int | None = None,
) -> Review:
    """Confirm, raise or lower a case's urgency as a human; what was rated until then is reviewed.

    seen: the number of the last entry that the reviewer's page showed (None: all of them). Raises
    ReasonMissing or Unseen when it would lower, and entries.CaseGone.
    """
    row = entries.locked(case)
    old = Urgency(row.urgency)
    judged = row.last_seq if seen is None else min(seen, row.last_seq)
    if urgency > old:
        if not reason:
            raise ReasonMissing
        if Message.objects.filter(case=row, role=Message.Role.CLIENT, seq__gt=judged).exists():
            raise Unseen
    made = Review(
        case=row,
        by=by,
        at=at,
        seq=judged,
        old=old,
        new=urgency,
        machine=_found_by_machine(row, judged),
        reason=reason,
    )
    if note:
        key = keyring.open_case_key(subject=case, holder=holder)
        made.note = seal(note, key=key, place=places.review(case, made.pk))
    made.save(force_insert=True)
    Assessment.objects.filter(case=row, seq__lte=judged, review__isnull=True).update(review=made)
    trail.record(
        "case.reviewed",
        by=by.actor,
        at=at,
        organisation=row.organisation_id,
        case=case,
        old=old.name.lower(),
        new=urgency.name.lower(),
        reason=reason,
        seq=judged,
    )
    cases.set_urgency(case=case, urgency=urgency, by=by, at=at)
    return made


def note_export(*, review: Review, by: Membership, at: datetime) -> None:
    """Write into the trail that somebody took a rewritten line out for training; no text of it."""
    trail.record(
        "review.exported",
        by=by.actor,
        at=at,
        organisation=by.organisation_id,
        case=review.case_id,
        review=str(review.pk),
    )


def _found_by_machine(case: Case, judged: int) -> int | None:
    found: int | None = Assessment.objects.filter(
        case=case, shadow=False, seq__lte=judged
    ).aggregate(level=Min("level"))["level"]
    return found
