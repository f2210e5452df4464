"""What editors do with one entry: save, report places, confirm, take a change back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, Organisation
from referrals import freshness
from referrals.hsds.bundles import Reader
from referrals.models import CapacityCode, Service, Version
from referrals.operations.writing import Writer
from referrals.queries import entries
from referrals.reports import Report


class NotTaken(Exception):
    """The entry cannot be saved as it is; `report` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


class NothingBefore(Exception):
    """The version has nothing before it to go back to."""


@transaction.atomic
def save_entry(
    *,
    document: Mapping[str, Any],
    owner: Organisation | None,
    by: Membership | None,
    at: datetime,
    action: Version.Action = Version.Action.CHANGED,
) -> tuple[Service, Report]:
    """Save an entry from its full HSDS document; return it with what its editor should know.

    owner: to whom it belongs when it is new. Raises NotTaken.
    """
    report = Report()
    wanted = {"id": str(uuid4()), **document}
    bundle = Reader(source="", report=report).service(wanted, 0)
    if bundle is None:
        raise NotTaken(report)
    writer = Writer(owner=owner, source="", by=by, at=at, action=action, report=report)
    writer.write([bundle])
    if report.left_out:
        raise NotTaken(report)
    writer.finish()
    return Service.objects.get(pk=bundle.root[1]), report


def report_capacity(
    *,
    service: Service,
    code: CapacityCode,
    waiting_weeks: int | None,
    by: Membership | None,
    at: datetime,
) -> Service:
    """Note whether there is room now, and how many weeks people wait (None: not told)."""
    said = {
        "capacity_code": code.value,
        "waiting_weeks": waiting_weeks,
        "capacity_date": timezone.localdate(at).isoformat(),
    }
    return _change(service, said, by=by, at=at, action=Version.Action.CAPACITY)


def confirm(*, service: Service, by: Membership | None, at: datetime) -> Service:
    """Note that everything in the entry is still true. by: None for a confirmation by mail."""
    today = timezone.localdate(at)
    said = {
        "assured_date": today.isoformat(),
        "assured_until": (today + freshness.ASSURANCE).isoformat(),
    }
    return _change(service, said, by=by, at=at, action=Version.Action.CONFIRMED)


def undo(*, version: Version, by: Membership, at: datetime) -> Service:
    """Bring an entry back to what it was before a version. Raises NothingBefore."""
    if version.before is None:
        raise NothingBefore
    found, _report = save_entry(
        document=version.before,
        owner=version.service.owner,
        by=by,
        at=at,
        action=Version.Action.UNDONE,
    )
    return found


def _change(
    service: Service,
    said: Mapping[str, Any],
    *,
    by: Membership | None,
    at: datetime,
    action: Version.Action,
) -> Service:
    document = {**entries.document(service), **said}
    found, _report = save_entry(document=document, owner=service.owner, by=by, at=at, action=action)
    return found
