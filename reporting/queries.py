"""What is counted, over the cases that are there and those that were deleted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import TruncMonth
from django.utils import timezone

from counselling import keeping
from counselling.models import Case, Message, Rating, Tally
from counselling.models.remains import FIRST_ANSWER

MONTHS = 12
_WITHIN = [(longest, f"within_{name}") for longest, name in FIRST_ANSWER]


@dataclass(frozen=True, slots=True)
class Cell:
    """One count. `count` is None where it is too small to be shown; `rounded` to full fives."""

    value: str
    count: int | None
    rounded: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts of an organisation over a year: by month, and by each thing that is counted."""

    at: datetime
    since: date
    months: Sequence[Cell]
    tables: dict[Tally.What, Sequence[Cell]]


def figures(organisation: UUID, *, at: datetime) -> Figures:
    """Return what was counted in the last twelve months, this one included, small counts left out.

    Of a while ago where there is much to count (`keeping`).
    """
    return keeping.kept(_figures, organisation, at=at)


def _figures(organisation: UUID, at: datetime) -> Figures:
    since = _months_back(timezone.localtime(at).date().replace(day=1), MONTHS - 1)
    start = timezone.make_aware(datetime.combine(since, datetime.min.time()))
    live = Case.objects.filter(organisation=organisation, created_at__gte=start)
    gone = Tally.objects.filter(organisation=organisation, month__gte=since)
    months = _by_month(live, gone)
    return Figures(
        at=at,
        since=since,
        months=shown(
            {
                str(month): months[month]
                for month in (_months_back(since, -n) for n in range(MONTHS))
            }
        ),
        tables={
            what: shown(_in_order(what, _live(what, live, organisation, start) + _gone(what, gone)))
            for what in Tally.What
            if what != Tally.What.ASKED  # that is what the months show
        },
    )


def _by_month(live: QuerySet[Case], gone: QuerySet[Tally]) -> Counter[date]:
    counted: Counter[date] = Counter()
    for month, count in (
        live.annotate(month=TruncMonth("created_at")).values_list("month").annotate(Count("pk"))
    ):
        counted[timezone.localtime(month).date()] += count
    for month, count in gone.filter(what=Tally.What.ASKED).values_list("month", "count"):
        counted[month] += count
    return counted


def _gone(what: Tally.What, gone: QuerySet[Tally]) -> Counter[str]:
    rows = gone.filter(what=what).values_list("value").annotate(Sum("count"))
    return Counter(dict(rows))


def _live(
    what: Tally.What, live: QuerySet[Case], organisation: UUID, start: datetime
) -> Counter[str]:
    rows: Iterable[tuple[object, int]]
    if what == Tally.What.STARS:
        rows = (
            Rating.objects.filter(case__organisation=organisation, case__created_at__gte=start)
            .values_list("stars")
            .annotate(Count("pk"))
        )
    elif what == Tally.What.ANSWERED:
        return _first_answers(live)
    else:
        field = "topic__name" if what == Tally.What.TOPIC else what.value
        rows = live.values_list(field).annotate(Count("pk"))
    return Counter({"" if value is None else str(value): count for value, count in rows})


def _first_answers(live: QuerySet[Case]) -> Counter[str]:
    first = Message.objects.filter(case=OuterRef("pk"), role=Message.Role.REPLY).order_by("seq")
    taken = live.annotate(
        first=Subquery(first.values("created_at")[:1], output_field=DateTimeField())
    ).annotate(taken=ExpressionWrapper(F("first") - F("created_at"), output_field=DurationField()))
    found = taken.aggregate(
        none=Count("pk", filter=Q(first__isnull=True)),
        all=Count("pk"),
        **{name: Count("pk", filter=Q(taken__lte=longest)) for longest, name in _WITHIN},
    )
    counted: Counter[str] = Counter({"none": found["none"]})
    before = 0
    for (_longest, name), (_same, within) in zip(FIRST_ANSWER, _WITHIN, strict=True):
        counted[name], before = found[within] - before, found[within]
    counted["later"] = found["all"] - found["none"] - before
    return +counted


def shown(counts: Mapping[str, int]) -> list[Cell]:
    """Return cells without the small counts.

    Where exactly one is small, the sum of another table would give it away: the next larger one is
    then rounded.
    """
    small = {value for value, count in counts.items() if 0 < count < keeping.SMALLEST}
    rounded = ""
    if len(small) == 1:
        large = [value for value, count in counts.items() if count >= keeping.SMALLEST]
        rounded = min(large, key=lambda value: counts[value], default="")
    return [
        Cell(value, None)
        if value in small
        else Cell(value, keeping.SMALLEST * round(count / keeping.SMALLEST), rounded=True)
        if len(small) == 1 and value == rounded and count
        else Cell(value, count)
        for value, count in counts.items()
    ]


def _in_order(what: Tally.What, counts: Counter[str]) -> dict[str, int]:
    """Return counts in the order in which people expect the things; topics by how many."""
    order = {
        Tally.What.AGE_BAND: [*Case.AgeBand.values, ""],
        Tally.What.ANSWERED: [*(name for _longest, name in FIRST_ANSWER), "later", "none"],
    }.get(what)
    if order is None:
        order = sorted(counts)
    if what == Tally.What.TOPIC:
        order = [value for value, _count in counts.most_common()]
    return {value: counts[value] for value in order if counts[value]}


def _months_back(month: date, count: int) -> date:
    number = month.year * 12 + month.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)
