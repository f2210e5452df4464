"""Nothing stays longer than it should: answered cases are closed, closed ones deleted after a warning.

The sweeps run in the worker, which opens no key: nothing is written into the case, the client reads
where it stands from the case itself. Each row is taken by a conditional update or under its lock, so
that any number of workers may sweep.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Organisation
from audit import trail
from counselling import queries, sla
from counselling.models import Case, Claim
from counselling.operations import cases, deadlines, entries
from counselling.sla import Happened
from counselling.states import CaseState, IllegalMove, Move

MOST = 200  # rows of one organisation in one go


class NotClosed(Exception):
    """The case is open again; there is nothing to keep it from."""


def close_quiet(*, at: datetime, most: int = MOST) -> int:
    """Close the answered cases in which nobody has written for the organisation's time.

    Returns how many were closed.
    """
    return sum(
        _close(case, before=at - timedelta(days=organisation.quiet_days), at=at)
        for organisation in _organisations()
        for case in _resting(
            organisation, CaseState.ANSWERED, days=organisation.quiet_days, at=at, most=most
        )
    )


def warn(*, at: datetime, most: int = MOST) -> int:
    """Warn the clients of closed cases that are to be deleted in 14 days. Returns how many."""
    return sum(
        _warn(case, organisation, at=at)
        for organisation in _organisations()
        for case in _resting(
            organisation,
            CaseState.CLOSED,
            days=organisation.retention_days - sla.DELETION_WARNING.days,
            at=at,
            most=most,
            deletion_warned_at__isnull=True,
        )
    )


def delete_due(*, at: datetime, most: int = MOST) -> int:
    """Delete the closed cases whose time is over and whose clients were warned. Returns how many."""
    return sum(
        _delete(case, at=at)
        for organisation in _organisations()
        for case in _resting(
            organisation,
            CaseState.CLOSED,
            days=organisation.retention_days,
            at=at,
            most=most,
            deletion_warned_at__lte=at - sla.DELETION_WARNING,
        )
    )


@transaction.atomic
def keep_longer(*, case: UUID, at: datetime) -> None:
    """Let a client keep a closed case: its time starts anew. Raises entries.CaseGone or NotClosed."""
    row = entries.locked(case)
    if row.state != CaseState.CLOSED:
        raise NotClosed
    row.quiet_since, row.deletion_warned_at = at, None
    row.save(update_fields=["quiet_since", "deletion_warned_at"])
    trail.record(
        "case.kept_longer", by=trail.CLIENT, at=at, organisation=row.organisation_id, case=case
    )


@transaction.atomic
def delete_again(*, listed: Iterable[UUID], at: datetime) -> int:
    """Delete the cases of a deletion list that a restored backup has brought back.

    Returns how many had come back.
    """
    back = list(Case.objects.filter(pk__in=list(listed)).values_list("pk", flat=True))
    for case in back:
        cases.delete(case=case, by=trail.SYSTEM, at=at)
    return len(back)


def _organisations() -> Iterable[Organisation]:
    return Organisation.objects.order_by("created_at").iterator()


def _resting(
    organisation: Organisation,
    state: CaseState,
    *,
    days: int,
    at: datetime,
    most: int,
    **condition: object,
) -> QuerySet[Case, UUID]:
    return (
        Case.objects.filter(
            organisation=organisation,
            state=state,
            quiet_since__lte=at - timedelta(days=days),
            **condition,
        )
        .order_by("quiet_since")
        .values_list("pk", flat=True)[:most]
    )


@transaction.atomic
def _close(case: UUID, *, before: datetime, at: datetime) -> bool:
    try:
        row = entries.locked(case)
        if row.quiet_since is None or row.quiet_since > before:
            return False
        entries.move(row, Move.CLOSE, by=trail.SYSTEM, at=at)
    except (entries.CaseGone, IllegalMove):
        return False  # somebody wrote, closed or deleted it in between
    entries.end_claim(row, Claim.End.CLOSED, at=at)
    deadlines.happened(row, Happened.CLOSED, at=at)
    return True


@transaction.atomic
def _warn(case: UUID, organisation: Organisation, *, at: datetime) -> bool:
    won = Case.objects.filter(
        pk=case, state=CaseState.CLOSED, deletion_warned_at__isnull=True
    ).update(deletion_warned_at=at)
    if won:
        trail.record(
            "case.deletion_warned", by=trail.SYSTEM, at=at, organisation=organisation.pk, case=case
        )
    return bool(won)


@transaction.atomic
def _delete(case: UUID, *, at: datetime) -> bool:
    try:
        row = entries.locked(case)
    except entries.CaseGone:
        return False
    due = queries.deleted_at(row, at=at)
    if due is None or due > at or row.deletion_warned_at is None:
        return False  # written to, or kept longer, in between
    cases.delete(case=case, by=trail.SYSTEM, at=at)
    return True
