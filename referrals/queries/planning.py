"""What planners read: how much help there is, where, how fresh, and how long people wait.

Services are no persons: their numbers are told as they are, because a gap is what planners look for.
What people did (searches) is counted in `search_counts`, which tells no small number.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from statistics import median

from django.db.models import Count, Q

from referrals.models import Attribute, Service, ServiceArea
from referrals.queries.entries import categories


@dataclass(frozen=True, slots=True)
class Supply:
    """What there is in one category. `by_district`: services by district key, in `districts`' order."""

    category: str
    total: int
    by_district: list[int]
    waiting_weeks: float | None
    stale: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Supply by category and district; `everywhere` counts services without a named district."""

    districts: list[str]
    rows: list[Supply]
    services: int
    stale: int
    hidden: int
    without_hours: int


def overview(on: date) -> Overview:
    """Return the supply on a day, in the same number of queries however much there is."""
    visible = Service.objects.visible(on)
    pairs = list(
        Attribute.objects.filter(service__in=visible, term__in=categories()).values_list(
            "term_id", "service_id", "service__waiting_weeks", "service__fresh_until"
        )
    )
    where: dict[object, set[str]] = defaultdict(set)
    areas = ServiceArea.objects.filter(service__in=visible).exclude(ags="")
    for service, ags in areas.values_list("service_id", "ags"):
        where[service].add(ags[:5])
    districts = sorted({key for keys in where.values() for key in keys})
    counts = Service.objects.aggregate(
        services=Count("pk", filter=Q(pk__in=visible.values("pk"))),
        stale=Count("pk", filter=Q(fresh_until__lt=on, hide_from__gt=on)),
        hidden=Count("pk", filter=Q(hide_from__lte=on)),
    )
    rows = []
    for term in categories():
        mine = [pair for pair in pairs if pair[0] == term.pk]
        waits = [weeks for _term, _service, weeks, _fresh in mine if weeks is not None]
        rows.append(
            Supply(
                category=term.name,
                total=len(mine),
                by_district=[sum(key in where[pair[1]] for pair in mine) for key in districts],
                waiting_weeks=median(waits) if waits else None,
                stale=sum(fresh < on for _term, _service, _weeks, fresh in mine),
            )
        )
    return Overview(
        districts=districts,
        rows=rows,
        services=counts["services"],
        stale=counts["stale"],
        hidden=counts["hidden"],
        without_hours=visible.filter(opening_hours="", opening_hours_note="").count(),
    )
