"""The one writer of the on-call list."""

from datetime import datetime

from django.db import transaction

from accounts.models import Membership, Organisation
from audit import trail
from counselling.models import OnCall


class CallImpossible(ValueError):
    """A time that ends before it begins or is over, or somebody who does not belong here."""


class EntryGone(Exception):
    """The entry was taken out meanwhile."""


@transaction.atomic
def add(
    *,
    organisation: Organisation,
    member: Membership,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    by: Membership,
    at: datetime,
) -> OnCall:
    """Put somebody at the end of the list; without times they are always called.

    Raises CallImpossible.
    """
    _lock(organisation)
    if member.organisation_id != organisation.pk or member.ended_at is not None:
        raise CallImpossible
    if ends_at is not None and (ends_at <= at or (starts_at is not None and starts_at >= ends_at)):
        raise CallImpossible
    there = OnCall.objects.filter(organisation=organisation)
    last = max(there.values_list("position", flat=True), default=-1)
    row = OnCall.objects.create(
        organisation=organisation,
        member=member,
        position=last + 1,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    _record("on_call.added", row, by=by, at=at)
    return row


@transaction.atomic
def remove(*, entry: int, by: Membership, at: datetime) -> None:
    """Take an entry of the own organisation out of the list. Raises EntryGone."""
    row = _entry(entry, by)
    _record("on_call.removed", row, by=by, at=at)
    row.delete()


@transaction.atomic
def move_up(*, entry: int, by: Membership, at: datetime) -> None:
    """Let an entry of the own organisation be called one place earlier. Raises EntryGone."""
    row = _entry(entry, by)
    people = list(OnCall.objects.filter(organisation=by.organisation_id))
    place = people.index(row)
    if place > 0:
        people[place - 1], people[place] = people[place], people[place - 1]
    for position, one in enumerate(people):
        one.position = position
    OnCall.objects.bulk_update(people, ["position"])
    _record("on_call.moved", row, by=by, at=at)


def _entry(entry: int, by: Membership) -> OnCall:
    _lock(by.organisation)
    row = OnCall.objects.filter(pk=entry, organisation=by.organisation_id).first()
    if row is None:
        raise EntryGone
    return row


def _lock(organisation: Organisation) -> None:
    """Let nobody else change the same list until the transaction ends."""
    list(Organisation.objects.select_for_update().filter(pk=organisation.pk).values("pk"))


def _record(what: str, row: OnCall, *, by: Membership, at: datetime) -> None:
    trail.record(
        what,
        by=by.actor,
        at=at,
        organisation=row.organisation_id,
        member=str(row.member_id),
    )
