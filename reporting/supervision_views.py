"""The supervisor's pages: what is now, how long answers take, and the same numbers for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import cast
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts import queries as staff_queries
from accounts.access import StaffRequest, public, staff
from accounts.models import Organisation
from counselling import keeping
from counselling.models import Case, Deadline
from counselling.views import rows
from reporting import exports, house_metrics, supervision
from reporting.house import house
from reporting.response_times import HOURS, Times, response_times

LIVE_URL = "/ws/leitung/"
LINE, BAR = 26, 250  # units: height of a line and longest bar of a chart
SHORT = 20  # letters of a label in a chart
_AGES: dict[str, Promise] = {
    "1h": gettext_lazy("bis 1 Std."),
    "4h": gettext_lazy("bis 4 Std."),
    "24h": gettext_lazy("bis 24 Std."),
    "48h": gettext_lazy("bis 2 Tage"),
    supervision.OLDER: gettext_lazy("länger"),
}
_TITLES: dict[str, Promise] = {
    "urgency": gettext_lazy("Nach Dringlichkeit"),
    "channel": gettext_lazy("Nach Weg"),
    "topic": gettext_lazy("Nach Thema"),
    "hour": gettext_lazy("Nach Uhrzeit der Nachricht"),
}


@dataclass(frozen=True, slots=True)
class DueRow:
    """One promise that is due, in words."""

    case: str
    url: str
    urgency: int
    kind: str
    team: str
    due: str
    left: str
    held: bool


@dataclass(frozen=True, slots=True)
class TimeRow:
    """One line of a table of response times, and its bars in the chart beside it.

    short: the label as the chart shows it. y, half_width, most_width: in units of the chart, which is
    400 wide.
    """

    label: str
    short: str
    count: int | None
    rounded: bool
    half: str
    most: str
    y: int
    half_width: int
    most_width: int


@require_safe
@staff("supervision.see")
def overview(request: HttpRequest) -> HttpResponse:
    """Show what is now: who waits, what is due and missed, who is there. Renewed by hints and every 20 s."""
    member = cast(StaffRequest, request).member
    at = timezone.now()
    seen = supervision.overview(member.organisation, at=at)
    own = set(staff_queries.team_ids(member))
    part = "_" if request.headers.get("HX-Request") else ""
    return render(
        request,
        f"reporting/{part}supervision.html",
        {
            "live_url": LIVE_URL,
            "refresh_url": request.path,
            "seen": seen,
            "totals": supervision.totals(seen),
            "ages": [str(label) for label in _AGES.values()],
            "waiting": [
                (int(row.urgency), list(row.ages.values()), row.total, row.unclaimed, row.late)
                for row in seen.waiting
            ],
            "late": [_due_row(row, own, at=at) for row in seen.late],
            "due_soon": [_due_row(row, own, at=at) for row in seen.due_soon],
            "breaches": [
                (urgency, str(Deadline.Kind(kind).label), list(counts.values()))
                for (urgency, kind), counts in seen.breaches.items()
            ],
            "alarms": [
                (alarm, rows.waiting_words(alarm.started_at, at=at)) for alarm in seen.alarms
            ],
            "gaps": [
                (
                    gap.team.name,
                    rows.due_words(gap.starts_at, at=at),
                    rows.due_words(gap.ends_at, at=at),
                )
                for gap in seen.gaps[: supervision.LISTED]
            ],
            "soon_hours": supervision.SOON.seconds // 3600,
            "looked_at": supervision.FORECAST,
        },
    )


@require_safe
@staff("supervision.see")
def times(request: HttpRequest) -> HttpResponse:
    """Show how long answers took in the last thirty days."""
    member = cast(StaffRequest, request).member
    counted = response_times(member.organisation_id, at=timezone.now())
    return render(
        request,
        "reporting/response_times.html",
        {
            "tables": [
                (str(_TITLES[what]), len(table) * LINE, _time_rows(what, table))
                for what, table in counted.tables().items()
                if table
            ],
            "cut": counted.cut,
            "counted_at": counted.at,
            "smallest": keeping.SMALLEST,
        },
    )


@require_safe
@staff("supervision.see")
def export(request: HttpRequest) -> HttpResponse:
    """Hand out the numbers as CSV."""
    member = cast(StaffRequest, request).member
    at = timezone.now()
    text = exports.as_csv(numbers_of(member.organisation, at=at))
    name = f"{member.organisation.slug}-{timezone.localtime(at):%Y-%m-%d}.csv"
    return HttpResponse(
        text,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


@require_safe
@public("for Prometheus, by a token of its own; without one there is no such page")
def metrics(request: HttpRequest) -> HttpResponse:
    """Hand out the house's numbers and every organisation's to who has the token."""
    wanted = settings.METRICS_TOKEN
    shown = request.headers.get("Authorization", "")
    if not wanted:
        raise Http404
    if not compare_digest(shown.encode(), f"Bearer {wanted}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    at = timezone.now()
    numbers = [numbers_of(one, at=at) for one in staff_queries.houses().order_by("slug")]
    own = house_metrics.as_prometheus(house(at=at))
    return HttpResponse(
        exports.as_prometheus(numbers) + own,
        content_type="text/plain; version=0.0.4; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


def numbers_of(organisation: Organisation, *, at: datetime) -> dict[str, object]:
    """Return an organisation's numbers as JSON types."""
    return exports.as_json(
        organisation,
        supervision.overview(organisation, at=at),
        response_times(organisation.pk, at=at),
    )


def _due_row(row: Deadline, own: set[UUID], *, at: datetime) -> DueRow:
    case = row.case
    return DueRow(
        case=case.reference,
        url=reverse("case", args=[case.pk]) if case.team_id in own else "",
        urgency=row.urgency,
        kind=row.get_kind_display(),
        team=case.team.name,
        due=rows.due_words(row.due_at, at=at),
        left=rows.left_words(row.due_at, at=at),
        held=case.state != Case.State.WAITING,
    )


def _time_rows(what: str, table: Sequence[Times]) -> list[TimeRow]:
    longest = max((one.most or 0 for one in table), default=0) or 1
    labels = [_label(what, one.value) for one in table]
    return [
        TimeRow(
            label=label,
            short=label if len(label) <= SHORT else f"{label[: SHORT - 1]}…",
            count=one.count,
            rounded=one.rounded,
            half=_length(one.half),
            most=_length(one.most),
            y=number * LINE,
            half_width=round(BAR * (one.half or 0) / longest),
            most_width=round(BAR * (one.most or 0) / longest),
        )
        for number, (label, one) in enumerate(zip(labels, table, strict=True))
    ]


def _label(what: str, value: str) -> str:
    if what == "urgency":
        return str(Case.UrgencyLevel(int(value)).label)
    if what == "channel":
        return str(Case.ChannelChoice(value).label)
    if what == "hour":
        return _("%(from)s bis %(to)s Uhr") % {"from": int(value), "to": int(value) + HOURS}
    return value or _("Ohne Thema")


def _length(minutes: float | None) -> str:
    if minutes is None:
        return ""
    if minutes < 120:
        return _("%(count)s Min.") % {"count": number_format(round(minutes))}
    return _("%(count)s Std.") % {"count": number_format(round(minutes / 60, 1))}
