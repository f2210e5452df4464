"""What supervisors plan: shifts once or weekly, coverage by hour, who is called, and the rules of work."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries as staff_queries
from accounts.access import StaffRequest, staff
from counselling import coverage as hours
from counselling import planning, roster
from counselling.forms.roster import OnCallForm, ShiftForm
from counselling.models import OnCall, Pattern
from counselling.operations import on_call as calling
from counselling.operations import patterns, shifts
from counselling.roster_words import day_words, pattern_words, span_words
from counselling.views.roster import ZONE, monday_of, tabs, weeks

SHOWN_GAPS = 30


@require_http_methods(["GET", "HEAD", "POST"])
@staff("shift.plan")
def plan(request: HttpRequest) -> HttpResponse:
    """Show the weekly patterns and the form for a shift, or plan one."""
    request = cast(StaffRequest, request)
    member, at = request.member, timezone.now()
    form = ShiftForm(request.POST or None, organisation=member.organisation)
    if request.method == "POST" and form.is_valid():
        try:
            if form.weekly:
                patterns.plan(
                    duty=form.duty(),
                    hours=form.hours(),
                    weekday=form.cleaned_data["day"].weekday(),
                    first_day=form.cleaned_data["day"],
                    last_day=form.cleaned_data["last_day"],
                    by=member,
                    at=at,
                )
            else:
                shifts.plan(
                    duty=form.duty(),
                    hours=form.hours(),
                    day=form.cleaned_data["day"],
                    by=member,
                    at=at,
                )
        except shifts.ShiftImpossible as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Der Dienst ist geplant."))
            return HttpResponseRedirect(reverse("roster-plan"))
    return render(
        request,
        "counselling/roster/plan.html",
        {
            "tabs": tabs(request),
            "form": form,
            "all_on_duty": not roster.works_by_roster(member.organisation_id),
            "patterns": [
                _pattern_row(one) for one in planning.patterns(member.organisation, at=at)
            ],
        },
    )


@require_POST
@staff("shift.plan")
def pattern_end(request: HttpRequest, pattern: UUID) -> HttpResponse:
    """End a weekly pattern today; what is planned for later days goes with it."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    if planning.pattern_of(request.member.organisation, pattern) is None:
        raise Http404
    try:
        today = timezone.localtime(at, ZONE).date()
        patterns.end(pattern=pattern, after=today, by=request.member, at=at)
    except shifts.ShiftGone:
        messages.warning(request, _("Diesen Dienst gibt es nicht mehr."))
    else:
        messages.success(request, _("Dieser wöchentliche Dienst endet heute."))
    return HttpResponseRedirect(reverse("roster-plan"))


@require_safe
@staff("shift.plan")
def coverage(request: HttpRequest) -> HttpResponse:
    """Show for one team who is there by hour, and the gaps of the next 14 days of all teams."""
    request = cast(StaffRequest, request)
    organisation, at = request.member.organisation, timezone.now()
    teams = list(staff_queries.teams(organisation).select_related("organisation"))
    if not teams:
        raise Http404
    chosen = next((one for one in teams if str(one.pk) == request.GET.get("team", "")), teams[0])
    monday = monday_of(request.GET.get("woche", ""), at)
    days = hours.week(chosen, monday=monday, zone=ZONE, at=at)
    gaps = planning.gaps_ahead(organisation, at=at)
    around = weeks(monday)
    return render(
        request,
        "counselling/roster/coverage.html",
        {
            "tabs": tabs(request),
            "team": chosen,
            "teams": [
                {
                    "label": one.name,
                    "url": f"?team={one.pk}&woche={monday}",
                    "current": one == chosen,
                }
                for one in teams
            ],
            "days": [day_words(monday + timedelta(days=number)) for number in range(7)],
            "rows": [
                {"hour": hour, "cells": [days[day][hour] for day in range(7)]} for hour in range(24)
            ],
            "gaps": [
                {
                    "team": gap.team.name,
                    "day": day_words(timezone.localtime(gap.starts_at).date()),
                    "span": span_words(gap.starts_at, gap.ends_at),
                }
                for gap in gaps[:SHOWN_GAPS]
            ],
            "all_on_duty": not roster.works_by_roster(organisation.pk),
            "more_gaps": max(0, len(gaps) - SHOWN_GAPS),
            **around,
            "before": f"{around['before']}&team={chosen.pk}",
            "after": f"{around['after']}&team={chosen.pk}",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff("shift.plan")
def on_call(request: HttpRequest) -> HttpResponse:
    """Show who is called in which order, or change the list."""
    request = cast(StaffRequest, request)
    member, at = request.member, timezone.now()
    form = OnCallForm(organisation=member.organisation)
    if request.method == "POST" and "entry" in request.POST:
        return _change_entry(request)
    if request.method == "POST":
        form = OnCallForm(request.POST, organisation=member.organisation)
        if form.is_valid():
            starts_at, ends_at = form.span()
            try:
                calling.add(
                    organisation=member.organisation,
                    member=form.cleaned_data["member"],
                    starts_at=starts_at,
                    ends_at=ends_at,
                    by=member,
                    at=at,
                )
            except calling.CallImpossible:
                form.add_error("last_day", _("Das endet, bevor es beginnt, oder ist schon vorbei."))
            else:
                messages.success(request, _("Die Rufbereitschaft ist geändert."))
                return HttpResponseRedirect(reverse("on-call"))
    listed = planning.on_call_list(member.organisation, at=at)
    return render(
        request,
        "counselling/roster/on_call.html",
        {"tabs": tabs(request), "form": form, "entries": [_entry_row(one) for one in listed]},
    )


def _change_entry(request: StaffRequest) -> HttpResponse:
    at = timezone.now()
    entry = request.POST["entry"]
    operation = calling.move_up if request.POST.get("do") == "up" else calling.remove
    try:
        if not (entry.isascii() and entry.isdigit() and len(entry) < 16):
            raise calling.EntryGone
        operation(entry=int(entry), by=request.member, at=at)
    except calling.EntryGone:
        messages.warning(request, _("Dieser Eintrag ist nicht mehr da."))
    else:
        messages.success(request, _("Die Rufbereitschaft ist geändert."))
    return HttpResponseRedirect(reverse("on-call"))


def _entry_row(row: OnCall) -> dict[str, Any]:
    first = day_words(timezone.localtime(row.starts_at).date()) if row.starts_at else ""
    last = ""
    if row.ends_at:
        last = day_words((timezone.localtime(row.ends_at) - timedelta(seconds=1)).date())
    if first and last:
        when = _("%(first)s bis %(last)s") % {"first": first, "last": last}
    elif last:
        when = _("bis %(last)s") % {"last": last}
    else:
        when = _("ab %(first)s") % {"first": first} if first else _("immer")
    return {"pk": row.pk, "name": row.member.name, "when": when}


def _pattern_row(row: Pattern) -> dict[str, Any]:
    return {
        "end_url": reverse("pattern-end", args=[row.pk]),
        "when": pattern_words(row),
        "who": row.member.name if row.member else "",
        "team": row.team.name,
        "channel": row.get_channel_display(),
        "lead": row.lead,
        "capacity": row.capacity,
        "until": day_words(row.last_day) if row.last_day else "",
    }
