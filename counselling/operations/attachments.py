"""The one writer of attachments: sealed files in the storage and the rows that know their keys."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from uuid import UUID, uuid4

from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction

from audit import trail
from counselling import files, places
from counselling.files import Facts
from counselling.models import Attachment, Case, Message
from counselling.uploads import storage
from counselling.uploads.kinds import MOST_IN_CASE
from counselling.uploads.receiving import Received
from vault.sealing import CaseKey, FileKey, new_file_key, seal, seal_file

# A file without a row is younger than this while its message is still being written.
GRACE = timedelta(hours=1)
_AT_A_TIME = 500  # names that are looked up in one query


class NotStored(Exception):
    """The storage did not take a file: it is full or away. Nothing was kept."""


class TooManyFiles(Exception):
    """The case has as many files as a case may have."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A sealed file in the storage that no row knows yet. Its key is nowhere else."""

    id: UUID
    file: str
    facts: Facts
    key: FileKey = field(repr=False)


@contextmanager
def stored(received: Sequence[Received], *, case: UUID) -> Iterator[list[Stored]]:
    """Seal files into the storage, one after the other, around the transaction that writes their rows.

    Files are there before the rows are committed. At the end those that no row knows are removed:
    after an error, and when the same message had been sent before. What a crash leaves behind nobody
    can open, and `sweep` removes it. Raises NotStored.
    """
    kept: list[Stored] = []
    try:
        for one in received:
            # One by one, so that what is stored already is known when the next one fails.
            kept.append(_store(one, case))  # noqa: PERF401
        yield kept
    finally:
        if kept:
            # If even the database is away, the sweep does it later.
            with suppress(DatabaseError, OSError):
                _remove_unknown([one.file for one in kept])


def _store(received: Received, case: UUID) -> Stored:
    key, attachment = new_file_key(), uuid4()
    sealed = seal_file(received.data, key=key, place=places.file(case, attachment))
    try:
        name = storage.attachments().save(storage.fresh_name(), ContentFile(sealed))
    except OSError:
        raise NotStored from None
    facts = Facts(
        kind=received.kind,
        size=len(received.data),
        digest=received.digest,
        width=received.width,
        height=received.height,
        pages=received.pages,
    )
    return Stored(attachment, name, facts, key)


def keep(message: Message, given: Sequence[Stored], *, key: CaseKey) -> None:
    """Write the rows of a new message's files. Raises TooManyFiles."""
    if not given:
        return
    before = Attachment.objects.filter(message__case=message.case_id).count()
    if before + len(given) > MOST_IN_CASE:
        raise TooManyFiles
    Attachment.objects.bulk_create(
        Attachment(
            id=one.id,
            message=message,
            position=position,
            file=one.file,
            sealed=seal(
                one.facts.with_key(one.key),
                key=key,
                place=places.attachment(message.case_id, message.seq, message.role, one.id),
            ),
        )
        for position, one in enumerate(given, start=1)
    )


def are_the_same(message: Message, given: Sequence[Stored], *, key: CaseKey) -> bool:
    """Say whether a message has exactly these files, as its sender sent them."""
    rows = Attachment.objects.filter(message=message).select_related("message").order_by("position")
    known = [files.opened(row, key)[0].digest for row in rows]
    return known == [one.facts.digest for one in given]


def drop_all_of(case: Case) -> int:
    """Remove the files of a case that is being deleted, once that is committed. Returns how many."""
    names = list(Attachment.objects.filter(message__case=case).values_list("file", flat=True))
    if names:
        transaction.on_commit(partial(_remove, names))
    return len(names)


def sweep(*, at: datetime) -> int:
    """Remove files that no row knows and that are older than an hour. Returns how many.

    They stem from a crash between storing and committing, or between deleting a case and its files.
    """
    place = storage.attachments()
    try:
        every = storage.names(place)
        removed = 0
        while some := list(islice(every, _AT_A_TIME)):
            old = [name for name in some if _modified(name, at) < at - GRACE]
            removed += _remove_unknown(old)
    except FileNotFoundError:
        return 0  # nobody has attached anything yet
    if removed:
        trail.record("attachments.swept", by=trail.SYSTEM, at=at, organisation=None, files=removed)
    return removed


def _modified(name: str, at: datetime) -> datetime:
    try:
        return storage.attachments().get_modified_time(name)
    except FileNotFoundError:
        return at  # gone meanwhile


def _remove_unknown(names: Sequence[str]) -> int:
    known = set(Attachment.objects.filter(file__in=names).values_list("file", flat=True))
    unknown = [name for name in names if name not in known]
    _remove(unknown)
    return len(unknown)


def _remove(names: Sequence[str]) -> None:
    place = storage.attachments()
    for name in names:
        # What cannot be removed now is swept later; the others must not wait for it.
        with suppress(OSError):
            place.delete(name)
