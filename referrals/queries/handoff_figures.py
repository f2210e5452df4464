"""Counts of referrals without a person: how many were sent, seen, accepted, arrived, helped."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from counselling import keeping
from referrals.models import Outcome, OwnReport, Referral
from referrals.queries.entries import categories

YEAR = timedelta(days=365)
HELPED = (Outcome.HELPED, Outcome.ONGOING)


@dataclass(frozen=True, slots=True)
class Cell:
    """One count. count: None where it is too small to be told."""

    label: str
    count: int | None


@dataclass(frozen=True, slots=True)
class HandoffFigures:
    """A year of an organisation's referrals. median: time to the first answer, None where too few.

    districts, kinds: reasons of declines by district and by kind of help, each with its name.
    """

    at: datetime
    stages: Sequence[Cell]
    own_reports: Sequence[Cell]
    declines: Sequence[Cell]
    districts: Sequence[tuple[str, Sequence[Cell]]]
    kinds: Sequence[tuple[str, Sequence[Cell]]]
    median: timedelta | None


def figures(organisation: UUID, *, at: datetime) -> HandoffFigures:
    """Return the counts of a year, small ones left out. One count is never told by its neighbours: where
    exactly one of a table is small, the next larger one is left out, too.

    Of a while ago where there is much to count (`keeping`).
    """
    return keeping.kept(_figures, organisation, at=at)


def _figures(organisation: UUID, at: datetime) -> HandoffFigures:
    sent = Referral.objects.filter(organisation=organisation, sent_at__gte=at - YEAR)
    taken = [
        span.total_seconds()
        for span in sent.filter(answered_at__isnull=False)
        .annotate(span=F("answered_at") - F("sent_at"))
        .values_list("span", flat=True)
    ]
    kind = categories().filter(attributes__service=OuterRef("service")).order_by("code")
    declined = list(
        sent.exclude(decline="")
        .annotate(kind=Subquery(kind.values("name")[:1]))
        .values_list("district", "kind", "decline")
    )
    by_district: dict[str, Counter[str]] = {}
    by_kind: dict[str, Counter[str]] = {}
    for district, name, reason in declined:
        by_district.setdefault(district, Counter())[reason] += 1
        by_kind.setdefault(name or "", Counter())[reason] += 1
    declines = _shown(Counter(reason for _district, _kind, reason in declined))
    return HandoffFigures(
        at=at,
        stages=_stages(sent),
        own_reports=_shown(
            Counter(
                late or early
                for early, late in sent.exclude(report_early="", report_late="").values_list(
                    "report_early", "report_late"
                )
            ),
            OwnReport.values,
        ),
        declines=declines,
        districts=_parts(by_district, declines),
        kinds=_parts(by_kind, declines),
        median=timedelta(seconds=median(taken)) if len(taken) >= keeping.SMALLEST else None,
    )


def _stages(sent: "QuerySet[Referral]") -> list[Cell]:
    """Return how far referrals came. A stage is told when it and what was lost before it are not small."""
    wanted = (
        ("sent", Q()),
        ("seen", Q(seen_at__isnull=False) | Q(answered_at__isnull=False)),
        ("accepted", Q(accepted_at__isnull=False) | Q(arrived_at__isnull=False)),
        ("arrived", Q(arrived_at__isnull=False)),
        ("helped", Q(outcome__in=HELPED)),
    )
    cells: list[Cell] = []
    last: int | None = None
    for label, condition in wanted:
        count = sent.filter(condition).count()
        small = 0 < count < keeping.SMALLEST or (
            last is not None and 0 < last - count < keeping.SMALLEST
        )
        cells.append(Cell(label, None if small else count))
        last = last if small else count
    return cells


def _parts(
    by_part: dict[str, Counter[str]], declines: Sequence[Cell]
) -> list[tuple[str, Sequence[Cell]]]:
    """Return the reasons by part (district, kind of help). What a reason's total leaves when the parts that
    are shown are taken off it is not small either: else the smallest of these is left out, too.
    """
    shown = {
        part: _shown(counts)
        for part, counts in sorted(by_part.items())
        if counts.total() >= keeping.SMALLEST
    }
    for total in declines:
        told = [
            (cell.count, part)
            for part, cells in shown.items()
            for cell in cells
            if cell.label == total.label and cell.count is not None
        ]
        if total.count is None or not told:
            continue
        if 0 < total.count - sum(count for count, _part in told) < keeping.SMALLEST:
            hidden = min(told)[1]
            shown[hidden] = [
                Cell(cell.label, None) if cell.label == total.label else cell
                for cell in shown[hidden]
            ]
    return list(shown.items())


def _shown(counts: Counter[str], order: Iterable[str] = ()) -> list[Cell]:
    labels = [label for label in order if counts[label]] or [
        label for label, _count in counts.most_common()
    ]
    small = {label for label in labels if counts[label] < keeping.SMALLEST}
    if len(small) == 1:
        large = [label for label in labels if label not in small]
        if large:
            small.add(min(large, key=lambda label: counts[label]))
    return [Cell(label, None if label in small else counts[label]) for label in labels]
