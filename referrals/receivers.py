"""What referrals do when something happens in the apps below them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from audit.trail import Actor
from counselling.models import Case
from counselling.signals import case_changed_team, case_deleting, case_saving
from referrals.handoff import saved
from referrals.operations import consents, referring
from vault.keyring import Holder


@receiver(case_deleting)
def withdraw_referrals(*, case: UUID, by: Actor, at: datetime, **_signal: Any) -> None:
    """Withdraw what is open of a case that goes, and wipe what was sent."""
    consents.withdraw_all_of(case=case, by=by, at=at)


@receiver(case_changed_team)
def follow_case(*, case: UUID, team: UUID, **_signal: Any) -> None:
    """Let the referrals of a case go to its new team."""
    referring.follow(case, team=team)


@receiver(case_saving)
def add_referrals(*, case: Case, holder: Holder, **_signal: Any) -> dict[str, Any]:
    """Give the client's download what was sent to services, and what became of it."""
    return {"referrals": saved.of_case(case, holder=holder)}
