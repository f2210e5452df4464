"""The one writer of handed-in files: checked, then taken over or dropped; never kept after that."""

from datetime import datetime

from django.db import transaction

from accounts.models import Membership
from referrals.formats.detection import Format, detect
from referrals.formats.files import uploaded
from referrals.models import ImportRun
from referrals.operations import imports
from referrals.reports import Report


class AlreadyOver(Exception):
    """The file was taken over or dropped before."""


def hand_in(
    *, name: str, data: bytes, kind: Format | None, source: str, by: Membership, at: datetime
) -> ImportRun:
    """Check a file and keep it until somebody decides. kind: None to find it out. Raises NotReadable."""
    files = uploaded(name, data)
    found = kind or detect(files)
    report = imports.check(
        files=files, kind=found, source=source, owner=by.organisation, by=by, at=at
    )
    return ImportRun.objects.create(
        organisation=by.organisation,
        by=by,
        created_at=at,
        filename=name[:200],
        format=found.value,
        source=source,
        content=data,
        report=report.as_json(),
    )


def take_over(*, run: ImportRun, leave_out_errors: bool, by: Membership, at: datetime) -> Report:
    """Write a checked file's entries. Raises AlreadyOver, NotReadable, and HasErrors."""
    with transaction.atomic():
        _end(run, ImportRun.State.DONE, at=at)
        report = imports.take_over(
            files=uploaded(run.filename, bytes(run.content)),
            kind=Format(run.format),
            source=run.source,
            owner=by.organisation,
            by=by,
            at=at,
            leave_out_errors=leave_out_errors,
        )
        ImportRun.objects.filter(pk=run.pk).update(report=report.as_json(), content=b"")
    return report


def drop(*, run: ImportRun, at: datetime) -> None:
    """Forget a checked file. Raises AlreadyOver."""
    with transaction.atomic():
        _end(run, ImportRun.State.DROPPED, at=at)
        ImportRun.objects.filter(pk=run.pk).update(content=b"")


def _end(run: ImportRun, state: ImportRun.State, *, at: datetime) -> None:
    """Move a run on if nobody else did."""
    moved = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.CHECKED).update(
        state=state, finished_at=at
    )
    if moved != 1:
        raise AlreadyOver
