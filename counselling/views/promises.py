"""Working hours and answering times: lists, forms, and what a change would move before it is made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries as staff_queries
from accounts.access import StaffRequest, staff
from accounts.models import Team
from counselling import hours, promises
from counselling.forms.promises import (
    CalendarForm,
    DropForm,
    LevelsForm,
    values_of_calendar,
    values_of_levels,
)
from counselling.models import Case, WorkCalendar
from counselling.operations import promises as operations
from counselling.promises import Moved, Rules
from counselling.sla import Urgency
from counselling.views import rows

PREVIEWED = 2000  # running promises that a preview reckons
EXAMPLES = 10
WIDE = frozenset([None, ""])


@dataclass(frozen=True, slots=True)
class Move:
    """One promise that a change would move, in words."""

    case: str
    kind: str
    before: str
    after: str


@require_safe
@staff("promise.change")
def calendars(request: HttpRequest) -> HttpResponse:
    """Show when the organisation works, and which teams differ."""
    organisation = cast(StaffRequest, request).member.organisation
    known = promises.rules(organisation)
    own = {row.team_id for row in known.calendars}
    listed = [
        {
            "name": name,
            "own": team in own,
            "url": _address("calendar", team=team),
            "lines": _week(known, team),
        }
        for team, name in _places(organisation)
        if team is None or team in own
    ]
    others = [
        {"name": name, "url": _address("calendar", team=team)}
        for team, name in _places(organisation)
        if team is not None and team not in own
    ]
    context = {"listed": listed, "others": others}
    return render(request, "counselling/settings/calendars.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("promise.change")
def calendar(request: HttpRequest) -> HttpResponse:
    """Show the hours of the organisation or of the team in the address, or change them."""
    request = cast(StaffRequest, request)
    organisation, team = request.member.organisation, _team(request)
    known = promises.rules(organisation)
    which = team.pk if team else None
    row = next((one for one in known.calendars if one.team_id == which), None)
    at = timezone.now()
    if row is not None and _drops(request):
        own = row
        return _ask_or_save(
            request,
            DropForm(),
            known.without_calendar(which),
            lambda: operations.drop_calendar(calendar=own, by=request.member, at=at),
            at=at,
            back=reverse("calendars"),
            done=_("Die eigenen Arbeitszeiten sind gelöscht."),
        )
    if request.method != "POST" or "drop" in request.POST:
        form = CalendarForm(initial=values_of_calendar(known.calendar(which)))
    else:
        form = CalendarForm(request.POST)
    context: dict[str, Any] = {
        "form": form,
        "team": team,
        "own": row is not None,
        "back_url": reverse("calendars"),
    }
    if not form.is_bound or "back" in request.POST or not form.is_valid():
        return render(request, "counselling/settings/calendar.html", context)
    row = row or WorkCalendar(organisation=organisation, team=team)
    form.apply_to(row)

    def save() -> None:
        operations.save_calendar(calendar=row, by=request.member, at=at)

    return _ask_or_save(
        request, form, known.with_calendar(row), save, at=at, back=reverse("calendars")
    )


@require_safe
@staff("promise.change")
def service_levels(request: HttpRequest) -> HttpResponse:
    """Show what is promised, and for which teams and channels something else."""
    organisation = cast(StaffRequest, request).member.organisation
    known = promises.rules(organisation)
    own = {(row.team_id, row.channel) for row in known.levels}
    channels = [("", _("alle Wege")), *Case.ChannelChoice.choices]
    listed, others = [], []
    for team, name in _places(organisation):
        for channel, label in channels:
            scope = {
                "name": name if not channel else f"{name}, {label}",
                "own": (team, channel) in own,
                "url": _address("service-level", team=team, kanal=channel),
            }
            # What holds for everybody is always shown, set or not.
            if not (scope["own"] or (team, channel) == (None, "")):
                others.append(scope)
                continue
            levels = [known.level(urgency, team=team, channel=channel) for urgency in Urgency]
            listed.append({**scope, "levels": [_level_words(level) for level in levels]})
    context = {"listed": listed, "others": others}
    return render(request, "counselling/settings/service_levels.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("promise.change")
def service_level(request: HttpRequest) -> HttpResponse:
    """Show what is promised for the team and channel in the address, or change it."""
    request = cast(StaffRequest, request)
    organisation, team = request.member.organisation, _team(request)
    which, channel = (team.pk if team else None), request.GET.get("kanal", "")
    if channel and channel not in Case.ChannelChoice.values:
        raise Http404
    known = promises.rules(organisation)
    own = any((row.team_id, row.channel) == (which, channel) for row in known.levels)
    at = timezone.now()

    def save(levels: Any) -> None:
        operations.set_levels(
            organisation=organisation,
            team=team,
            channel=channel,
            levels=levels,
            by=request.member,
            at=at,
        )

    if own and _drops(request):
        return _ask_or_save(
            request,
            DropForm(),
            known.with_levels([], team=which, channel=channel),
            lambda: save([]),
            at=at,
            back=reverse("service-levels"),
            done=_("Die eigenen Antwortzeiten sind gelöscht."),
        )
    if request.method != "POST" or "drop" in request.POST:
        shown = [known.level(urgency, team=which, channel=channel) for urgency in Urgency]
        form = LevelsForm(initial=values_of_levels(shown))
    else:
        form = LevelsForm(request.POST)
    context: dict[str, Any] = {
        "form": form,
        "team": team,
        "channel": dict(Case.ChannelChoice.choices).get(channel, ""),
        "own": own,
        "back_url": reverse("service-levels"),
    }
    if not form.is_bound or "back" in request.POST or not form.is_valid():
        return render(request, "counselling/settings/service_level.html", context)
    levels = form.levels(organisation, team=team, channel=channel)
    changed = known.with_levels(levels, team=which, channel=channel)
    return _ask_or_save(
        request, form, changed, lambda: save(levels), at=at, back=reverse("service-levels")
    )


def _drops(request: HttpRequest) -> bool:
    return "drop" in request.POST and "back" not in request.POST


def _ask_or_save(
    request: StaffRequest,
    form: forms.Form,
    changed: Rules,
    save: Callable[[], None],
    *,
    at: datetime,
    back: str,
    done: str = "",
) -> HttpResponse:
    """Show what a change would move, if it would; otherwise, or when that was seen, make it."""
    if "confirm" not in request.POST:
        running = list(promises.running(request.member.organisation)[: PREVIEWED + 1])
        moved = promises.would_move(running[:PREVIEWED], changed)
        if moved:
            context = {
                "form": form,
                "count": len(moved),
                "later": sum(1 for one in moved if one.due_at and one.due_at > one.row.due_at),
                "examples": [_move_words(one, at=at) for one in moved[:EXAMPLES]],
                "looked_at": PREVIEWED if len(running) > PREVIEWED else 0,
            }
            return render(request, "counselling/settings/promises_preview.html", context)
    save()
    messages.success(
        request,
        done or _("Gespeichert. Was schon läuft, wird in den nächsten Minuten neu berechnet."),
    )
    return HttpResponseRedirect(back)


def _move_words(moved: Moved, *, at: datetime) -> Move:
    return Move(
        case=moved.row.case.reference,
        kind=moved.row.get_kind_display(),
        before=rows.due_words(moved.row.due_at, at=at),
        after=rows.due_words(moved.due_at, at=at) if moved.due_at else _("nicht mehr versprochen"),
    )


def _team(request: StaffRequest) -> Team | None:
    """Return the team in the address, or None for the organisation. Raises Http404 for another's."""
    named = request.GET.get("team", "")
    if not named:
        return None
    try:
        wanted = UUID(named)
    except ValueError:
        raise Http404 from None
    team = staff_queries.teams(request.member.organisation).filter(pk=wanted).first()
    if team is None:
        raise Http404
    return team


def _places(organisation: Any) -> list[tuple[UUID | None, str]]:
    teams = staff_queries.teams(organisation)
    return [(None, organisation.name), *((team.pk, team.name) for team in teams)]


def _address(name: str, **parameters: object) -> str:
    given = {key: str(value) for key, value in parameters.items() if value not in WIDE}
    return f"{reverse(name)}?{urlencode(given)}" if given else reverse(name)


def _week(known: Rules, team: UUID | None) -> list[tuple[str, str]]:
    weekly = known.calendar(team).weekly
    return [
        (name, hours.written(spans) or _("geschlossen"))
        for name, spans in zip(hours.weekday_names(), weekly, strict=True)
    ]


def _level_words(level: Any) -> dict[str, Any]:
    return {
        "urgency": level.urgency,
        "seen": hours.written_length(level.acknowledgement) if level.acknowledgement else "–",
        "first": hours.written_length(level.first),
        "next": hours.written_length(level.next),
        "most_days": level.most_days,
        "warning": level.warning,
    }
