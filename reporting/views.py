"""Pages of counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, staff
from counselling import keeping
from counselling.models import Case, Tally
from reporting import queries
from reporting.queries import Cell

_ANSWERED: dict[str, Promise] = {
    "4h": gettext_lazy("in 4 Stunden"),
    "24h": gettext_lazy("in 24 Stunden"),
    "48h": gettext_lazy("in 48 Stunden"),
    "later": gettext_lazy("später"),
    "none": gettext_lazy("noch keine"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. `share`: of the largest count, in percent, for the bar beside it."""

    label: str
    count: int | None
    rounded: bool
    share: int


@dataclass(frozen=True, slots=True)
class Table:
    """One table of counts."""

    title: str
    rows: list[Row]


@require_safe
@staff("figures.see")
def figures(request: HttpRequest) -> HttpResponse:
    """Show what was asked in the last twelve months, deleted conversations included."""
    member = cast(StaffRequest, request).member
    counted = queries.figures(member.organisation_id, at=timezone.now())
    tables = [Table(_("Gespräche je Monat"), _rows(counted.months, _month))]
    tables += [
        Table(str(what.label), _rows(cells, partial(_label, what)))
        for what, cells in counted.tables.items()
        if cells
    ]
    return render(
        request,
        "reporting/figures.html",
        {"tables": tables, "smallest": keeping.SMALLEST, "counted_at": counted.at},
    )


def _rows(cells: Sequence[Cell], label: Callable[[str], str]) -> list[Row]:
    largest = max((cell.count or 0 for cell in cells), default=0) or 1
    return [
        Row(label(cell.value), cell.count, cell.rounded, round(100 * (cell.count or 0) / largest))
        for cell in cells
    ]


def _month(value: str) -> str:
    return date_format(date.fromisoformat(value), "F Y")


def _label(what: Tally.What, value: str) -> str:
    if what == Tally.What.URGENCY:
        return str(Case.UrgencyLevel(int(value)).label)
    if what == Tally.What.AGE_BAND and value:
        return str(Case.AgeBand(value).label)
    if what == Tally.What.ANSWERED:
        return str(_ANSWERED[value])
    if what == Tally.What.STARS:
        return _("%(stars)s von 5") % {"stars": value}
    if what == Tally.What.TOPIC and not value:
        return _("Ohne Thema")
    return value or _("Keine Angabe")
