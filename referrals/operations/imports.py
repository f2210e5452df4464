"""Taking a file over: checked as a whole first, then written in one transaction, or not at all."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from django.db import transaction

from accounts.models import Membership, Organisation
from referrals.formats.detection import Format, documents
from referrals.formats.files import Files
from referrals.hsds.bundles import Bundle, Reader
from referrals.models import Version
from referrals.operations.writing import Writer
from referrals.reports import Report

CHUNK = 500  # services looked up and written together

Progress = Callable[[str, int, int], None]


def silent(step: str, done: int, total: int) -> None:
    """Show no progress."""


class HasErrors(Exception):
    """Entries of the file cannot be taken over, so nothing was; `report` says which and why."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def check(
    *,
    files: Files,
    kind: Format,
    source: str,
    owner: Organisation | None,
    by: Membership | None,
    at: datetime,
    progress: Progress = silent,
) -> Report:
    """Say what taking a file over would do, without writing or locking anything. Raises NotReadable.

    source: the name of the file's origin; ids that are no UUIDs count within it. owner: to whom new
    entries will belong. progress: called with the step, how many are done and of how many (0: unknown).
    """
    report = Report()
    _run(files, kind, source, owner, by, at, report, progress=progress, total=0, dry=True)
    return report


def take_over(
    *,
    files: Files,
    kind: Format,
    source: str,
    owner: Organisation | None,
    by: Membership | None,
    at: datetime,
    leave_out_errors: bool = False,
    progress: Progress = silent,
) -> Report:
    """Write a file's entries, all or none. Raises NotReadable, and HasErrors when entries have errors.

    It is checked first, outside the transaction: a file with errors never holds a lock. leave_out_errors:
    take over what is in order, leave out the rest. The other arguments are those of `check`.
    """
    checked = check(
        files=files, kind=kind, source=source, owner=owner, by=by, at=at, progress=progress
    )
    if checked.left_out and not leave_out_errors:
        raise HasErrors(checked)
    report = Report()
    with transaction.atomic():
        _run(
            files, kind, source, owner, by, at, report,
            progress=progress, total=checked.read, dry=False,
        )  # fmt: skip
    return report


def _run(
    files: Files,
    kind: Format,
    source: str,
    owner: Organisation | None,
    by: Membership | None,
    at: datetime,
    report: Report,
    *,
    progress: Progress,
    total: int,
    dry: bool,
) -> None:
    writer = Writer(
        owner=owner,
        source=source,
        by=by,
        at=at,
        action=Version.Action.IMPORTED,
        report=report,
        dry=dry,
    )
    bundles = _bundles(files, kind, source, report)
    while chunk := list(islice(bundles, CHUNK)):
        writer.write(chunk)
        progress("check" if dry else "write", report.read, total)
    writer.finish()


def _bundles(files: Files, kind: Format, source: str, report: Report) -> Iterator[Bundle]:
    columns, found = documents(files, kind, report)
    reader = Reader(source=source, report=report, columns=columns)
    for entry in found:
        if entry.is_provider:
            bundle = reader.provider(entry.document, entry.line)
        else:
            report.read += 1
            bundle = reader.service(entry.document, entry.line)
        if bundle is not None:
            yield bundle
        elif not entry.is_provider:
            report.left_out += 1
