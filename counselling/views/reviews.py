"""Looking after the triage: what a human must review, what it missed, how a new model compares."""

from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import StaffRequest, staff
from accounts.models import Membership
from accounts.rules import allows
from counselling import queries, rewriting, wording
from counselling.forms.reviews import RewrittenForm
from counselling.models import Case, Message, Review
from counselling.operations import reviews
from counselling.queries import Comparison
from counselling.sla import Urgency
from counselling.views import rows
from counselling.views.refusals import LOCKED, words_for

# Address name, permission and label of each page of this kind.
PAGES = (
    ("reviews", "triage.review", gettext_lazy("Zu prüfen")),
    ("misses", "triage.misses", gettext_lazy("Verpasst")),
    ("model-comparison", "triage.compare", gettext_lazy("Modelle vergleichen")),
)


@require_GET
@staff("triage.review")
def to_review(request: HttpRequest) -> HttpResponse:
    """Show the cases in which the machine raised an alarm that no human has reviewed yet."""
    member = cast(StaffRequest, request).member
    at = timezone.now()
    listed = rows.rows(queries.to_review(member), at=at)
    return render(
        request,
        "counselling/staff/reviews.html",
        {
            "listed": listed,
            "full": len(listed) >= queries.LISTED,
            "tabs": _tabs(member, "reviews"),
        },
    )


@require_GET
@staff("triage.misses")
def misses(request: HttpRequest) -> HttpResponse:
    """Show where humans found it more urgent than the machine."""
    member = cast(StaffRequest, request).member
    return render(
        request,
        "counselling/staff/misses.html",
        {
            "listed": [_miss(review) for review in queries.misses(member)],
            "tabs": _tabs(member, "misses"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff("triage.misses")
def miss(request: HttpRequest, review: UUID) -> HttpResponse:
    """Let a human tell a missed alarm anew and take that away as a line for training.

    Nothing of it is stored; a text that still repeats the client's words is refused.
    """
    request = cast(StaffRequest, request)
    member = request.member
    at = timezone.now()
    found = queries.miss(member, review)
    if found is None or not allows(member, "case.read", found.case):
        raise Http404
    if request.method != "POST":
        return _miss_page(request, found, RewrittenForm(initial={"level": found.new}))
    form = RewrittenForm(request.POST)
    if not form.is_valid():
        return _miss_page(request, found, form)
    text = form.cleaned_data["text"]
    try:
        originals = [
            entry.text
            for entry in queries.thread(
                found.case, holder=request.holder, roles=[Message.Role.CLIENT]
            )
        ]
    except LOCKED as locked:
        form.add_error("text", words_for(locked))
        return _miss_page(request, found, form)
    if rewriting.repeats(text, originals):
        form.add_error(
            "text",
            _(
                "In diesem Text stehen noch fünf oder mehr Wörter hintereinander, die so in der "
                "Nachricht stehen. Bitte erzählen Sie es mit anderen Worten."
            ),
        )
        return _miss_page(request, found, form)
    reviews.note_export(review=found, by=member, at=at)
    level = Urgency(form.cleaned_data["level"])
    return HttpResponse(
        rewriting.line(f"miss-{found.pk.hex[:12]}", text, level),
        content_type="application/x-ndjson; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="zeile.jsonl"'},
    )


@require_GET
@staff("triage.compare")
def comparison(request: HttpRequest) -> HttpResponse:
    """Show how often a model on trial agrees with the installed one; counts only."""
    member = cast(StaffRequest, request).member
    return render(
        request,
        "counselling/staff/model_comparison.html",
        {
            "compared": [_table(one) for one in queries.comparisons(member.organisation)],
            "levels": [str(label) for _level, label in Case.UrgencyLevel.choices],
            "tabs": _tabs(member, "model-comparison"),
        },
    )


def _tabs(member: Membership, current: str) -> list[dict[str, object]]:
    return [
        {"label": label, "url": reverse(name), "current": name == current}
        for name, permission, label in PAGES
        if allows(member, permission)
    ]


def _miss(review: Review) -> dict[str, Any]:
    return {
        "url": reverse("miss", args=[review.pk]),
        "title": _("Fall %(reference)s") % {"reference": review.case.reference},
        "machine": review.machine,
        "human": review.new,
        "by": review.by.name,
        "when": wording.when(review.at),
        "reason": review.get_reason_display() if review.reason else "",
    }


def _miss_page(request: HttpRequest, review: Review, form: RewrittenForm) -> HttpResponse:
    context = {
        "miss": _miss(review),
        "case_url": reverse("case", args=[review.case_id]),
        "form": form,
    }
    return render(request, "counselling/staff/miss.html", context)


def _table(one: Comparison) -> dict[str, Any]:
    levels = [level.value for level in Case.UrgencyLevel]
    total = sum(one.counts.values())
    agreed = sum(number for (own, trial), number in one.counts.items() if own == trial)
    return {
        "installed": one.installed,
        "trial": one.trial,
        "total": total,
        "agreed": agreed,
        "lower": sum(number for (own, trial), number in one.counts.items() if trial > own),
        "higher": sum(number for (own, trial), number in one.counts.items() if trial < own),
        "rows": [
            {
                "level": str(Case.UrgencyLevel(own).label),
                "cells": [one.counts.get((own, trial), 0) for trial in levels],
            }
            for own in levels
        ],
    }
