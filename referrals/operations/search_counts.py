"""The one writer of counts of searches: per day, without person, session or time of day."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import F

from referrals.models import SearchCount
from referrals.search import privacy
from referrals.search.understanding import Understood

KEPT = timedelta(days=400)  # a year and a month, to compare with the year before


def searched(*, understood: Understood, total: int, on: date, district: str = "") -> str:
    """Count a search and return the words it was counted by, nothing when it was not.

    total: how many services were found. district: official key of the place, or nothing.
    """
    query = privacy.countable(understood)
    if query is None:
        return ""
    _add("count", query=query, hits=int(total > 0), on=on, district=district)
    return query


def opened(*, query: str, on: date, district: str = "") -> None:
    """Count that a result of a search was opened. query: as `searched` returned it.

    Words that were not searched for today are not counted: an address is easily made up.
    """
    SearchCount.objects.filter(day=on, query=query, district=district[:5], hits=1).update(
        clicks=F("clicks") + 1
    )


def forget_old(*, on: date) -> int:
    """Delete counts that are older than `KEPT`; return how many."""
    count, _ = SearchCount.objects.filter(day__lt=on - KEPT).delete()
    return count


@transaction.atomic
def _add(column: str, *, query: str, hits: int, on: date, district: str) -> None:
    row, _ = SearchCount.objects.get_or_create(
        day=on, query=query, district=district[:5], hits=hits
    )
    SearchCount.objects.filter(pk=row.pk).update(**{column: F(column) + 1})
