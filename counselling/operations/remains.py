"""What stays of a deleted case: an entry in the deletion list, and counts without a person."""

import errno
import fcntl
import json
import logging
import os
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min
from django.utils import timezone

from counselling.models import Case, Deletion, Message, Rating, Tally
from counselling.models.remains import FIRST_ANSWER

logger = logging.getLogger("lotse.retention")


def keep(case: Case, *, at: datetime) -> None:
    """Note that a case is being deleted, and count it. Called inside the deleting transaction."""
    for what, value in things(case):
        _count(case, what, value)
    Deletion.objects.update_or_create(case=case.pk, defaults={"deleted_at": at, "listed_at": None})
    transaction.on_commit(lambda: list_deletions(at=at), robust=True)


def things(case: Case) -> Iterator[tuple[Tally.What, str]]:
    """Yield what is counted of a case: each thing alone, in codes and the topic's name."""
    yield Tally.What.ASKED, ""
    yield Tally.What.URGENCY, str(int(case.urgency))
    yield Tally.What.TOPIC, case.topic.name if case.topic else ""
    yield Tally.What.AGE_BAND, case.age_band
    yield Tally.What.ANSWERED, _first_answer(case)
    rating = Rating.objects.filter(case=case).first()
    if rating is not None:
        yield Tally.What.STARS, str(rating.stars)


def list_deletions(*, at: datetime, most: int = 500) -> int:
    """Append the deletions that are not in the list yet, and mark them; return how many.

    A deletion may come to stand in the list twice (a kill between writing and marking), never not at
    all. When the file cannot be written the rows stay marked as open and the next sweep tries again.
    A list that is not there is begun, with whatever stood in it: a restore asks for one also where
    nothing was ever deleted, and one that was lost comes back as long as the database is there.
    """
    rows = list(Deletion.objects.filter(listed_at__isnull=True).order_by("deleted_at")[:most])
    try:
        if not settings.DELETION_LIST.exists():
            _begin(most)
        if not rows:
            return 0
        _append(rows)
    except OSError as problem:
        logger.error("The deletion list cannot be written: %s", problem.strerror)
        return 0
    Deletion.objects.filter(pk__in=[row.pk for row in rows]).update(listed_at=at)
    return len(rows)


def _begin(most: int) -> None:
    _append([])
    earlier = Deletion.objects.filter(listed_at__isnull=False).order_by("deleted_at").iterator(most)
    while rows := list(islice(earlier, most)):
        _append(rows)


def _append(rows: Sequence[Deletion]) -> None:
    """Append a line for each. Raises OSError, with the list as it was before."""
    lines = "".join(
        json.dumps({"case": str(row.case), "at": row.deleted_at.isoformat()}) + "\n" for row in rows
    ).encode()
    path = settings.DELETION_LIST
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write under a lock: several processes append to the same file.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        end = file.seek(0, os.SEEK_END)
        if end and os.pread(descriptor, 1, end - 1) != b"\n":
            lines = b"\n" + lines  # a power cut left half a line: the next one must not hang on it
        try:
            # A disk with little room left takes a part and says so only by its length.
            if file.write(lines) != len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        except OSError:
            file.truncate(end)
            raise


def _first_answer(case: Case) -> str:
    answered = Message.objects.filter(case=case, role=Message.Role.REPLY).aggregate(
        first=Min("created_at")
    )["first"]
    if answered is None:
        return "none"
    taken = answered - case.created_at
    return next((name for longest, name in FIRST_ANSWER if taken <= longest), "later")


def _count(case: Case, what: Tally.What, value: str) -> None:
    row, _new = Tally.objects.get_or_create(
        organisation_id=case.organisation_id,
        month=month_of(case.created_at),
        what=what,
        value=value,
    )
    Tally.objects.filter(pk=row.pk).update(count=F("count") + 1)


def month_of(moment: datetime) -> date:
    """Return the first day of the month in which a moment lies, on the house's wall clock."""
    return timezone.localtime(moment).date().replace(day=1)
