"""Planners' page: supply by category and district."""

import csv

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import staff
from counselling import keeping
from referrals.formats.writing import cell
from referrals.queries import planning as queries
from referrals.queries import search_counts


@require_safe
@staff("directory.plan")
def planning(request: HttpRequest) -> HttpResponse:
    """Show how much help there is, where, and how fresh what we know of it is."""
    today = timezone.localdate()
    return render(
        request,
        "referrals/planning.html",
        {
            "overview": queries.overview(today),
            "unmet": search_counts.unmet(on=today),
            "smallest": keeping.SMALLEST,
        },
    )


@require_safe
@staff("directory.plan")
def table(request: HttpRequest) -> HttpResponse:
    """Send the same as a table for spreadsheets."""
    found = queries.overview(timezone.localdate())
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="angebote.csv"'
    writer = csv.writer(response, delimiter=";")
    writer.writerow(
        [
            _("Kategorie"),
            _("Angebote"),
            _("Wartezeit in Wochen (Mitte)"),
            _("veraltet"),
            *found.districts,
        ]
    )
    for row in found.rows:
        weeks = "" if row.waiting_weeks is None else row.waiting_weeks
        told = [row.category, row.total, weeks, row.stale, *row.by_district]
        writer.writerow([cell(value) for value in told])
    return response
