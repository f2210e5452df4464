"""Admins hand a file in, read what it would do, and take it over or drop it."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, staff
from referrals.forms.entry import UploadForm
from referrals.models import ImportRun
from referrals.operations import uploads as operations
from referrals.operations.imports import HasErrors
from referrals.queries import entries as queries
from referrals.reports import NotReadable, stored_problems


@require_http_methods(["GET", "HEAD", "POST"])
@staff("directory.import")
def upload(request: HttpRequest) -> HttpResponse:
    """Show the form for a file and earlier ones, or check a file."""
    request = cast(StaffRequest, request)
    form = UploadForm(initial={"source": request.member.organisation.slug})
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                run = operations.hand_in(
                    name=file.name,
                    data=file.read(),
                    kind=None,
                    source=form.cleaned_data["source"],
                    by=request.member,
                    at=timezone.now(),
                )
            except NotReadable as refused:
                form.add_error("file", str(refused))
            else:
                return HttpResponseRedirect(reverse("directory-import-run", args=[run.pk]))
    runs = queries.import_runs(request.member.organisation)[:20]
    return render(request, "referrals/import.html", {"form": form, "runs": runs})


@require_http_methods(["GET", "HEAD", "POST"])
@staff("directory.import")
def run(request: HttpRequest, run: UUID) -> HttpResponse:
    """Show what a file would do or did, take it over, or drop it."""
    request = cast(StaffRequest, request)
    row = queries.import_run(request.member.organisation, run)
    if row is None:
        raise Http404
    if request.method == "POST":
        _decide(request, row)
        return HttpResponseRedirect(reverse("directory-import-run", args=[row.pk]))
    problems = stored_problems(row.report)
    return render(
        request,
        "referrals/import_run.html",
        {
            "run": row,
            "is_open": row.state == ImportRun.State.CHECKED,
            "errors": [p for p in problems if p.leaves_out],
            "notes": [p for p in problems if not p.leaves_out],
            "more": row.report.get("found", 0) - len(problems),
        },
    )


def _decide(request: StaffRequest, row: ImportRun) -> None:
    at = timezone.now()
    try:
        if "drop" in request.POST:
            operations.drop(run=row, at=at)
            messages.success(request, _("Die Datei ist verworfen."))
        else:
            report = operations.take_over(
                run=row,
                leave_out_errors="leave_out" in request.POST,
                by=request.member,
                at=at,
            )
            messages.success(request, report.totals())
    except operations.AlreadyOver:
        messages.info(request, _("Über diese Datei wurde schon entschieden."))
    except HasErrors:
        messages.warning(request, _("Nichts wurde eingelesen, weil Einträge Fehler haben."))
