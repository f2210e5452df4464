"""Taking a file over: checked as a whole first, then written in one transaction, or not at all."""

import pickle
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import IO

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
    writer = _writer(source, owner, by, at, report, dry=True)
    for chunk in _chunks(_bundles(files, kind, source, report)):
        writer.write(chunk)
        progress("check", report.read, 0)
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

    It is read and checked first, outside the transaction: a file with errors never holds a lock, and
    what is in order holds it no longer than writing takes. leave_out_errors: take over what is in order,
    leave out the rest. The other arguments are those of `check`.
    """
    with tempfile.TemporaryFile() as spool:
        checked = Report()
        writer = _writer(source, owner, by, at, checked, dry=True)
        for chunk in _chunks(_bundles(files, kind, source, checked)):
            for bundle in chunk:
                pickle.dump(bundle, spool, pickle.HIGHEST_PROTOCOL)
            writer.precheck(chunk)
            progress("check", checked.read, 0)
        if checked.left_out and not leave_out_errors:
            raise HasErrors(checked)
        checked.unchanged = 0
        spool.seek(0)
        with transaction.atomic():
            return _write(spool, checked, source, owner, by, at, progress)


def _write(
    spool: IO[bytes],
    checked: Report,
    source: str,
    owner: Organisation | None,
    by: Membership | None,
    at: datetime,
    progress: Progress,
) -> Report:
    """Write what was read and spooled, and add to the report what only writing finds."""
    found = Report()
    writer = _writer(source, owner, by, at, found, dry=False)
    done = 0
    for chunk in _chunks(_spooled(spool)):
        writer.write(chunk)
        done += len(chunk)
        progress("write", done, checked.read)
    writer.finish()
    known = {(p.place, p.code) for p in checked.problems}
    checked.problems += [p for p in found.problems if (p.place, p.code) not in known]
    for count in ("created", "changed", "unchanged", "providers"):
        setattr(checked, count, getattr(found, count))
    return checked


def _spooled(spool: IO[bytes]) -> Iterator[Bundle]:
    while True:
        try:
            # Our own file of a moment ago, without a name that anybody could open.
            yield pickle.load(spool)  # noqa: S301
        except EOFError:
            return


def _writer(
    source: str,
    owner: Organisation | None,
    by: Membership | None,
    at: datetime,
    report: Report,
    *,
    dry: bool,
) -> Writer:
    return Writer(
        owner=owner,
        source=source,
        by=by,
        at=at,
        action=Version.Action.IMPORTED,
        report=report,
        dry=dry,
    )


def _chunks(bundles: Iterator[Bundle]) -> Iterator[list[Bundle]]:
    while chunk := list(islice(bundles, CHUNK)):
        yield chunk


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
