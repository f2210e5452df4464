"""The one writer of ratings."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit import trail
from counselling import places
from counselling.models import Message, Rating
from counselling.operations import entries
from vault import keyring
from vault.keyring import Holder
from vault.sealing import seal


class NothingToRate(Exception):
    """There is no reply yet."""


@transaction.atomic
def rate(*, case: UUID, stars: int, text: str, holder: Holder, at: datetime) -> None:
    """Keep what the client thinks of the counselling; rating again replaces it.

    stars: 1 to 5. Raises NothingToRate or entries.CaseGone.
    """
    row = entries.locked(case)
    if not Message.objects.filter(case=row, role=Message.Role.REPLY).exists():
        raise NothingToRate
    key = keyring.open_case_key(subject=case, holder=holder)
    Rating.objects.update_or_create(
        case=row,
        defaults={
            "stars": stars,
            "sealed": seal(text, key=key, place=places.rating(case)) if text else None,
            "rated_at": at,
        },
    )
    trail.record(
        "case.rated",
        by=trail.CLIENT,
        at=at,
        organisation=row.organisation_id,
        case=case,
        stars=stars,
    )
