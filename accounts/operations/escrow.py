"""The one writer of what the escrow key does: set up, and give a member their teams' keys again."""

from datetime import datetime

from django.db import transaction

from accounts import queries
from accounts.models import Membership
from accounts.operations import keys
from audit import trail
from vault import escrow, team_keys
from vault.escrow import Opened, Share


class NoKeyPair(Exception):
    """The member has no key pair yet: they must sign in once."""


class NothingToRestore(Exception):
    """There is no generation of the member's teams that the escrow key opens."""


@transaction.atomic
def set_up(*, at: datetime, replace: bool = False) -> list[Share]:
    """Make the escrow key and return its two shares. Raises escrow.AlreadySetUp.

    Teams' keys are sealed for it as soon as somebody who holds them is signed in.
    """
    row, shares = escrow.set_up(at=at, replace=replace)
    trail.record("escrow.set_up", by=trail.SYSTEM, at=at, organisation=None, escrow=str(row.pk))
    return shares


@transaction.atomic
def restore(*, opened: Opened, member: Membership, at: datetime) -> int:
    """Seal the keys of a member's teams for them, current and older, with the escrow key's help.

    A team without a current key gets one. Returns how many generations. Raises NoKeyPair or
    NothingToRestore.
    """
    recipients = team_keys.staff([member.user_id])
    if not recipients:
        raise NoKeyPair
    teams = {team.pk for team in queries.teams_with_keys_for(member)}
    count = 0
    for proof in escrow.proofs(opened):
        if proof.state == "opens" and proof.team_key.team in teams:
            count += team_keys.give(key=proof.team_key, secret=proof.secret, to=recipients, at=at)
    if not count:
        raise NothingToRestore
    keys.begin_for(member=member, at=at)
    trail.record(
        "escrow.restored",
        by=trail.SYSTEM,
        at=at,
        organisation=member.organisation_id,
        member=str(member.pk),
        count=count,
    )
    return count
