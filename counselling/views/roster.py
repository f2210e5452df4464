"""The week, one shift, and what colleagues agree between them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries as staff_queries
from accounts.access import StaffRequest, staff
from accounts.models import Membership
from accounts.rules import allows
from counselling import planning
from counselling.forms.roster import PersonField, SwapForm
from counselling.models import Shift, Swap
from counselling.operations import shifts, swaps
from counselling.roster_words import day_words, overlap_words, shift_words, span_words

ZONE = ZoneInfo(settings.TIME_ZONE)
REFUSALS = (shifts.ShiftGone, shifts.ShiftImpossible, swaps.SwapGone, swaps.AlreadyAsked)


@require_safe
@staff("shift.see")
def week(request: HttpRequest) -> HttpResponse:
    """Show the member's next shifts, what waits for their answer, and the week of all teams."""
    request = cast(StaffRequest, request)
    member, at = request.member, timezone.now()
    monday = monday_of(request.GET.get("woche", ""), at)
    listed = planning.shifts_of_week(member.organisation, monday=monday, zone=ZONE)
    return render(
        request,
        "counselling/roster/week.html",
        {
            "tabs": tabs(request),
            "own": [shift_row(one) for one in planning.own_shifts(member, at=at)[:10]],
            "open": [shift_row(one) for one in planning.open_shifts(member, at=at)],
            "swaps": [_swap_row(one, member) for one in planning.open_swaps(member, at=at)],
            "days": _days(listed, monday, member, at),
            **weeks(monday),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff("shift.see")
def shift(request: HttpRequest, shift: UUID) -> HttpResponse:
    """Show one shift with what the member may do about it, or do it."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    row = planning.shift_of(request.member.organisation, shift)
    if row is None:
        raise Http404
    if request.method != "POST":
        return _shift_page(request, row, at=at)
    what = request.POST.get("do", "")
    mine = row.member_id == request.member.pk
    plans = allows(request.member, "shift.plan")
    if what == "swap" and mine:
        return _ask(request, row, at=at)
    if what in {"successor", "assign"} and (mine if what == "successor" else plans):
        return _choose(request, row, what, at=at)
    steps: dict[str, tuple[bool, Callable[[], None], str]] = {
        "put-up": (
            mine,
            lambda: shifts.put_up(shift=row.pk, by=request.member, at=at),
            _("Der Dienst ist jetzt offen. Er bleibt bei niemandem, bis ihn jemand übernimmt."),
        ),
        "cancel": (
            plans,
            lambda: shifts.cancel(shift=row.pk, by=request.member, at=at),
            _("Der Dienst ist gestrichen."),
        ),
    }
    allowed, operation, done = steps.get(what, (False, lambda: None, ""))
    if not allowed:
        return _shift_page(request, row, at=at)
    return _do(request, operation, done)


@require_POST
@staff("shift.see")
def take(request: HttpRequest, shift: UUID) -> HttpResponse:
    """Take an open shift."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    row = planning.shift_of(request.member.organisation, shift)
    if row is None:
        raise Http404
    return _do(
        request,
        lambda: shifts.take(shift=row.pk, by=request.member, at=at),
        _("Der Dienst gehört jetzt Ihnen: %(when)s.") % {"when": shift_words(row)},
    )


@require_POST
@staff("shift.see")
def swap(request: HttpRequest, swap: UUID) -> HttpResponse:
    """Accept, decline or withdraw a swap."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    row = planning.swap_of(request.member.organisation, swap)
    if row is None:
        raise Http404
    operation, done = {
        "accept": (swaps.accept, _("Getauscht.")),
        "withdraw": (swaps.withdraw, _("Die Anfrage ist zurückgezogen.")),
    }.get(request.POST.get("do", ""), (swaps.decline, _("Sie haben abgelehnt.")))
    return _do(request, lambda: operation(swap=row.pk, by=request.member, at=at), done)


def tabs(request: StaffRequest) -> list[dict[str, Any]]:
    """Return the pages of the roster that the member may see."""
    table = (
        ("shifts", "shift.see", _("Woche")),
        ("absences", "shift.see", _("Abwesenheit")),
        ("calendar-link", "shift.see", _("Kalender")),
        ("roster-plan", "shift.plan", _("Planen")),
        ("coverage", "shift.plan", _("Abdeckung")),
        ("on-call", "shift.plan", _("Rufbereitschaft")),
        ("working-rules", "shift.plan", _("Regeln")),
    )
    return [
        {"label": label, "url": reverse(name), "current": request.path == reverse(name)}
        for name, permission, label in table
        if allows(request.member, permission)
    ]


def monday_of(week: str, at: datetime) -> date:
    """Return the Monday of a week given by any of its days, else of this one."""
    today = timezone.localtime(at, ZONE).date()
    try:
        day = date.fromisoformat(week)
    except ValueError:
        day = today
    # Far away the sums below would leave what a date can be.
    if abs(day - today) > timedelta(days=366 * 10):
        day = today
    return day - timedelta(days=day.weekday())


def weeks(monday: date) -> dict[str, Any]:
    """Return what a page says about its week and the ones beside it."""
    return {
        "monday": monday,
        "week_words": _("%(first)s bis %(last)s")
        % {"first": day_words(monday), "last": day_words(monday + timedelta(days=6))},
        "before": f"?woche={monday - timedelta(days=7)}",
        "after": f"?woche={monday + timedelta(days=7)}",
    }


def shift_row(row: Shift) -> dict[str, Any]:
    """Return a shift as lists show it."""
    return {
        "url": reverse("shift", args=[row.pk]),
        "take_url": reverse("shift-take", args=[row.pk]),
        "when": shift_words(row),
        "span": span_words(row.starts_at, row.ends_at),
        "team": row.team.name,
        "who": row.member.name if row.member else "",
        "channel": row.get_channel_display(),
        "lead": row.lead,
    }


def words_for(refusal: Exception) -> str:
    """Return why something could not be done with a shift."""
    if isinstance(refusal, swaps.AlreadyAsked):
        return _("Für diesen Dienst ist schon jemand gefragt. Ziehen Sie das erst zurück.")
    if isinstance(refusal, shifts.ShiftImpossible):
        if refusal.fault is shifts.Fault.NOT_IN_TEAM:
            return _("Diese Person beantwortet keine Fragen dieses Teams.")
        if refusal.other is not None:
            return overlap_words(refusal.other)
        return _("Das geht so nicht.")
    return _("Das ist nicht mehr möglich: Der Dienst hat sich inzwischen geändert.")


def _days(
    listed: list[Shift], monday: date, member: Membership, at: datetime
) -> list[dict[str, Any]]:
    today = timezone.localtime(at, ZONE).date()
    days = [monday + timedelta(days=number) for number in range(7)]
    by_day: dict[date, list[dict[str, Any]]] = {day: [] for day in days}
    for one in listed:
        day = timezone.localtime(one.starts_at, ZONE).date()
        by_day[day].append({**shift_row(one), "mine": one.member_id == member.pk})
    return [{"words": day_words(day), "today": day == today, "shifts": by_day[day]} for day in days]


def _swap_row(row: Swap, member: Membership) -> dict[str, Any]:
    return {
        "url": reverse("swap", args=[row.pk]),
        "mine": row.giver_id == member.pk,
        "giver": row.giver.name,
        "taker": row.taker.name,
        "when": shift_words(row.shift),
        "team": row.shift.team.name,
        "in_return": shift_words(row.in_return) if row.in_return else "",
    }


def _shift_page(
    request: StaffRequest, row: Shift, *, at: datetime, swap_form: SwapForm | None = None
) -> HttpResponse:
    member = request.member
    mine = row.member_id == member.pk
    over, begun = row.ends_at <= at, row.starts_at <= at
    plans = allows(member, "shift.plan") and not over
    mates = planning.teammates(member, row.team)
    takes = row.member is None and not over and allows(member, "queue.see")
    return render(
        request,
        "counselling/roster/shift.html",
        {
            "shift": shift_row(row),
            "capacity": row.capacity,
            "over": over,
            "may_take": takes and member.teams.filter(pk=row.team_id).exists(),
            "may_put_up": mine and not begun,
            "swap_form": swap_form or (_swap_form(row, member, at) if mine and not begun else None),
            "successor": _people(mates, row.successor) if mine and not over else None,
            "assign": _people(_answering(row), row.member) if plans else None,
            "may_cancel": plans,
            "begun": begun,
        },
    )


def _people(people: Any, chosen: Membership | None) -> list[dict[str, Any]]:
    return [
        {"pk": str(one.pk), "name": one.name, "chosen": chosen is not None and one.pk == chosen.pk}
        for one in people
    ]


def _answering(row: Shift) -> Any:
    from_team = staff_queries.staff_of(row.team.organisation).filter(teams=row.team)
    return [one for one in from_team if allows(one, "queue.see")]


def _swap_form(row: Shift, member: Membership, at: datetime, data: Any = None) -> SwapForm:
    return SwapForm(
        data,
        people=planning.teammates(member, row.team),
        shifts=planning.shifts_for_return(row, at=at),
    )


def _ask(request: StaffRequest, row: Shift, *, at: datetime) -> HttpResponse:
    form = _swap_form(row, request.member, at, request.POST)
    if not form.is_valid():
        return _shift_page(request, row, at=at, swap_form=form)
    given = form.cleaned_data
    in_return = given["in_return"]
    return _do(
        request,
        lambda: swaps.ask(
            shift=row.pk,
            taker=given["taker"],
            in_return=in_return.pk if in_return else None,
            by=request.member,
            at=at,
        ),
        _("%(name)s ist gefragt. Der Dienst bleibt bei Ihnen, bis die Antwort ja ist.")
        % {"name": given["taker"].name},
    )


def _choose(request: StaffRequest, row: Shift, what: str, *, at: datetime) -> HttpResponse:
    """Name a successor, or give the shift to somebody; an empty choice is nobody."""
    field = PersonField(nobody="")
    people = planning.teammates(request.member, row.team)
    field.offer(people if what == "successor" else _answering(row))
    chosen = request.POST.get("who", "")
    if not field.valid_value(chosen) and chosen:
        raise Http404
    who = field.clean(chosen)
    if what == "successor":
        return _do(
            request,
            lambda: shifts.name_successor(shift=row.pk, successor=who, by=request.member, at=at),
            _("Am Ende Ihres Dienstes geht Unbeantwortetes an %(who)s.") % {"who": who.name}
            if who
            else _("Am Ende Ihres Dienstes geht Unbeantwortetes in die Warteschlange."),
        )
    return _do(
        request,
        lambda: shifts.reassign(shift=row.pk, to=who, by=request.member, at=at),
        _("Der Dienst ist geändert."),
    )


def _do(request: StaffRequest, operation: Callable[[], object], done: str) -> HttpResponse:
    try:
        operation()
    except REFUSALS as refusal:
        messages.warning(request, words_for(refusal))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(reverse("shifts"))
