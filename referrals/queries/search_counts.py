"""What searches tell editors and planners: what nobody found, and what nobody opened."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, Sum

from counselling import keeping
from referrals.models import DismissedQuery, SearchCount
from referrals.search import index
from referrals.search.privacy import ENOUGH

LOOKED_BACK = timedelta(days=90)
FEW_CLICKS = 0.1  # of searches; fewer means that the results did not fit


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A search that may need a phrase. guesses: codes of the terms that come nearest."""

    query: str
    searches: int
    without_hits: int
    clicks: int
    guesses: tuple[str, ...]


def suggestions(*, on: date, limit: int = 50) -> list[Suggestion]:
    """Return the searches that found nothing or were hardly opened, the most frequent first.

    Only what was typed on at least `privacy.ENOUGH` occasions, and no editor has dealt with.
    """
    memory = index.current()
    counted = (
        SearchCount.objects.filter(day__gt=on - LOOKED_BACK)
        .exclude(query__in=DismissedQuery.objects.values("query"))
        .values("query")
        .annotate(
            searches=Sum("count"),
            missed=Sum("count", filter=Q(hits=0), default=0),
            opened=Sum("clicks"),
        )
        .filter(searches__gte=ENOUGH)
        .order_by("-missed", "-searches", "query")
    )
    found = []
    for row in counted.iterator():
        if not row["missed"] and row["opened"] >= FEW_CLICKS * row["searches"]:
            continue
        needs = memory.meaning.rate(row["query"].split()) if memory.meaning else []
        found.append(
            Suggestion(
                row["query"],
                row["searches"],
                row["missed"],
                row["opened"],
                tuple(need.category for need in needs[:3]),
            )
        )
        if len(found) == limit:
            break
    return found


def unmet(*, on: date, limit: int = 20) -> list[tuple[str, int]]:
    """Return what was searched for and not found, with how often; small counts are left out."""
    counted = (
        SearchCount.objects.filter(day__gt=on - LOOKED_BACK, hits=0)
        .values_list("query")
        .annotate(searches=Sum("count"))
        .filter(searches__gte=keeping.SMALLEST)
        .order_by("-searches", "query")[:limit]
    )
    return list(counted)
