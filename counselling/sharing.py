"""Entries of a case read once and opened by each who looks at it: for live pages of one process."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from accounts.written import ID, NUMBER, Written
from counselling import queries
from counselling.models import Attachment, Message
from counselling.queries import Entry
from vault import keyring
from vault.keyring import Holder
from vault.sealing import CaseKey


@dataclass(frozen=True, slots=True)
class Sealed:
    """Entries that nobody has opened yet, in order. upto: the last one's number; is_all: no more came."""

    case: UUID
    rows: Sequence[Message]
    attachments: Sequence[Attachment]
    upto: int
    is_all: bool


def sealed(case: UUID, *, after: int, most: int) -> Sealed:
    """Return a case's next entries beyond a number, as they are in the database."""
    rows = _after(most).instances(case, after)
    is_all = len(rows) <= most
    rows = rows[:most]
    with_files = [row for row in rows if row.has_files]
    attached = Attachment.objects.filter(message__in=with_files).select_related("message")
    attachments = list(attached.order_by("message__seq", "position")) if with_files else []
    return Sealed(case, rows, attachments, rows[-1].seq if rows else after, is_all)


@cache
def _after(most: int) -> Written[Any]:
    """Return the query for so many entries and one more. At most a window of messages: few are kept."""
    return Written(
        lambda case, after: (
            Message.objects.filter(case=case, seq__gt=after)
            .select_related("author")
            .annotate(has_files=Exists(Attachment.objects.filter(message=OuterRef("pk"))))
            .order_by("seq")[: most + 1]
        ),
        ID,
        NUMBER,
    )


def opened(
    found: Sealed,
    *,
    holder: Holder,
    roles: Sequence[Message.Role] | None,
    after: int,
    key: CaseKey | None = None,
) -> list[Entry]:
    """Open the entries beyond a number.

    roles: only these (None: all, for staff). key: the case's, where the holder has just shown it (None:
    it is asked for). Raises keyring.KeyUnavailable or sealing.SealBroken.
    """
    key = key or keyring.open_case_key(subject=found.case, holder=holder)
    attached = queries.files_by_message(found.attachments, key)
    return [
        queries.open_entry(row, key, attached.get(row.seq, ()))
        for row in found.rows
        if row.seq > after and (roles is None or row.role in roles)
    ]
