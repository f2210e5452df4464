"""The one writer of calendars and service levels, and what their change sets going."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import F

from accounts.models import Membership, Organisation, Team
from audit import trail
from counselling import events, promises
from counselling.models import Deadline, Reckoning, ServiceLevel, WorkCalendar
from counselling.operations import deadlines

BATCH = 200  # deadlines that are reckoned anew in one go
# Pages promise by rules that they remember for two seconds; by then every such promise is a row.
SETTLED = timedelta(seconds=10)


@transaction.atomic
def save_calendar(*, calendar: WorkCalendar, by: Membership, at: datetime) -> None:
    """Save working hours; what runs is reckoned anew. Raises working_time.CalendarImpossible."""
    calendar.hours()
    calendar.save()
    trail.record(
        "calendar.saved",
        by=by.actor,
        at=at,
        organisation=calendar.organisation_id,
        team=_id(calendar.team_id),
    )
    request_reckoning(organisation=calendar.organisation, at=at)


@transaction.atomic
def drop_calendar(*, calendar: WorkCalendar, by: Membership, at: datetime) -> None:
    """Let a team work by the organisation's hours again, or that by its Land's working days."""
    team = calendar.team_id
    calendar.delete()
    trail.record(
        "calendar.dropped",
        by=by.actor,
        at=at,
        organisation=calendar.organisation_id,
        team=_id(team),
    )
    request_reckoning(organisation=calendar.organisation, at=at)


@transaction.atomic
def set_levels(
    *,
    organisation: Organisation,
    team: Team | None,
    channel: str,
    levels: Sequence[ServiceLevel],
    by: Membership,
    at: datetime,
) -> None:
    """Replace the service levels of a team and channel; none at all: what is more general counts.

    What runs is reckoned anew. Raises ValidationError when a number is not in order.
    """
    for level in levels:
        level.organisation, level.team, level.channel = organisation, team, channel
        level.full_clean(validate_unique=False, validate_constraints=False)
    ServiceLevel.objects.filter(organisation=organisation, team=team, channel=channel).delete()
    ServiceLevel.objects.bulk_create(levels)
    trail.record(
        "service_levels.set",
        by=by.actor,
        at=at,
        organisation=organisation.pk,
        team=_id(team.pk if team else None),
        channel=channel,
        count=len(levels),
    )
    request_reckoning(organisation=organisation, at=at)


def request_reckoning(*, organisation: Organisation, at: datetime) -> None:
    """Let the worker reckon anew what runs in an organisation, in the caller's transaction."""
    Reckoning.objects.create(organisation=organisation, requested_at=at)
    transaction.on_commit(promises.forget)


@transaction.atomic
def reckon_some(*, at: datetime, most: int = BATCH) -> bool:
    """Reckon the next running deadlines anew; say whether there was anything to do.

    Each batch is one transaction together with how far it came: a killed worker repeats at most a batch,
    and doing it twice changes nothing.
    """
    job = (
        Reckoning.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("organisation")
        .filter(done_at__isnull=True, requested_at__lte=at - SETTLED)
        .order_by("requested_at")
        .first()
    )
    if job is None:
        return False
    rows = list(
        Deadline.objects.filter(
            organisation=job.organisation, ended_at__isnull=True, pk__gt=job.after
        )
        .select_related("case")
        .order_by("pk")[:most]
    )
    rules = promises.rules(job.organisation)
    due = [one.row for one in promises.would_move(rows, rules)]
    moved = sum(deadlines.reckon_anew(row.case_id, rules=rules) for row in due)
    done = len(rows) < most
    Reckoning.objects.filter(pk=job.pk).update(
        after=rows[-1].pk if rows else job.after,
        moved=F("moved") + moved,
        done_at=at if done else None,
    )
    for team, _of_team in groupby(sorted(row.case.team_id for row in due)):
        events.queue_changed(team)
    if done:
        trail.record(
            "promises.reckoned",
            by=trail.SYSTEM,
            at=at,
            organisation=job.organisation_id,
            moved=job.moved + moved,
        )
    return True


def _id(team: object) -> str | None:
    return None if team is None else str(team)
