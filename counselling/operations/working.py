"""The one writer of how an organisation works: rules of the house, of teams, and people's profiles."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Membership, Team
from audit import trail
from counselling import roster
from counselling.models import HouseRules, TeamRules, Topic, WorkProfile


@transaction.atomic
def set_rules(*, rules: HouseRules, pushed: Collection[UUID], by: Membership, at: datetime) -> None:
    """Save an organisation's rules. pushed: the teams whose cases are given out.

    Raises django.core.exceptions.ValidationError for a time that leaves nobody any.
    """
    rules.full_clean(exclude=["organisation"])
    rules.save()
    for team in Team.objects.filter(organisation=rules.organisation_id):
        TeamRules.objects.update_or_create(team=team, defaults={"push": team.pk in pushed})
    trail.record(
        "house_rules.changed",
        by=by.actor,
        at=at,
        organisation=rules.organisation_id,
        pushed=len(pushed),
        four_eyes=rules.four_eyes_sofort,
    )
    transaction.on_commit(roster.forget)


@transaction.atomic
def set_profile(
    *,
    member: Membership,
    ceiling: int,
    needs_approval: bool,
    topics: Collection[Topic],
    by: Membership,
    at: datetime,
) -> None:
    """Say what somebody takes on. Raises django.core.exceptions.ValidationError."""
    profile = WorkProfile(member=member, ceiling=ceiling, needs_approval=needs_approval)
    profile.full_clean(exclude=["member"], validate_unique=False)
    profile, _made = WorkProfile.objects.update_or_create(
        member=member, defaults={"ceiling": ceiling, "needs_approval": needs_approval}
    )
    profile.topics.set(topics)
    trail.record(
        "profile.changed",
        by=by.actor,
        at=at,
        organisation=member.organisation_id,
        member=str(member.pk),
        ceiling=ceiling,
        needs_approval=needs_approval,
    )
