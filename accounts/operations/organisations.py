"""The one writer of organisations, their teams and crisis lines."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from django.db import transaction

from accounts import queries
from accounts.models import CrisisLine, Membership, Organisation, Team
from audit import trail


class LineFields(TypedDict):
    """One crisis line as the settings page hands it in."""

    name: str
    number: str
    hours: str
    note: str


@transaction.atomic
def found(
    *, organisation: Organisation, teams: Sequence[str], lines: Sequence[LineFields], at: datetime
) -> Organisation:
    """Create an organisation with its teams and crisis lines.

    organisation: a new, unsaved row. teams: their names in order; the first
    gets questions without a topic. Raises ValidationError when the
    organisation's fields are not in order.
    """
    organisation.created_at = at
    organisation.full_clean()
    organisation.save()
    made = Team.objects.bulk_create(
        Team(organisation=organisation, name=name, position=position)
        for position, name in enumerate(teams)
    )
    organisation.intake_team = made[0] if made else None
    organisation.save(update_fields=["intake_team"])
    _replace_lines(organisation, lines)
    trail.record("organisation.founded", by=trail.SYSTEM, at=at, organisation=organisation.pk)
    return organisation


@transaction.atomic
def change(*, organisation: Organisation, by: Membership, at: datetime) -> None:
    """Save an organisation's changed settings. Raises ValidationError when they are not in order."""
    organisation.full_clean()
    organisation.save()
    transaction.on_commit(queries.forget_organisations)
    trail.record("organisation.changed", by=by.actor, at=at, organisation=organisation.pk)


@transaction.atomic
def set_crisis_lines(
    *, organisation: Organisation, lines: Sequence[LineFields], by: Membership, at: datetime
) -> None:
    """Replace the organisation's crisis lines, in the order given."""
    _replace_lines(organisation, lines)
    trail.record(
        "crisis_lines.set", by=by.actor, at=at, organisation=organisation.pk, count=len(lines)
    )


def _replace_lines(organisation: Organisation, lines: Sequence[LineFields]) -> None:
    organisation.crisis_lines.all().delete()
    CrisisLine.objects.bulk_create(
        CrisisLine(organisation=organisation, position=position, **fields)
        for position, fields in enumerate(lines)
    )
