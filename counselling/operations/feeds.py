"""The one writer of the secret links under which calendar programs read somebody's shifts."""

import secrets
from datetime import datetime

from django.db import transaction

from accounts.models import Membership
from accounts.operations.staff import hash_token
from audit import trail
from counselling.models import RosterFeed


@transaction.atomic
def renew(*, member: Membership, at: datetime) -> str:
    """Make somebody's link anew and return its secret, shown once; the one before stops working."""
    token = secrets.token_urlsafe(32)
    RosterFeed.objects.update_or_create(
        member=member, defaults={"token_hash": hash_token(token), "made_at": at}
    )
    _record("feed.renewed", member, at)
    return token


@transaction.atomic
def end(*, member: Membership, at: datetime) -> None:
    """Let somebody's link stop working."""
    if RosterFeed.objects.filter(member=member).delete()[0]:
        _record("feed.ended", member, at)


def _record(what: str, member: Membership, at: datetime) -> None:
    trail.record(what, by=member.actor, at=at, organisation=member.organisation_id)
