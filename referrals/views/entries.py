"""Editors' pages: their entries, one entry, its versions."""

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, staff
from referrals import versions
from referrals.access import EntryRequest, staff_entry
from referrals.forms.entry import CapacityForm, EntryForm
from referrals.models import CapacityCode
from referrals.operations import entries as operations
from referrals.queries import entries as queries
from referrals.reports import Report

PER_PAGE = 50


@require_safe
@staff("directory.edit")
def entries(request: HttpRequest) -> HttpResponse:
    """Show the entries that the member may change, the stalest first."""
    request = cast(StaffRequest, request)
    on = timezone.localdate()
    words = request.GET.get("q", "")[:100].replace("\0", "")
    found = queries.found(queries.editable(request.member), words)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"entry": entry, **queries.freshness_of(entry, on)} for entry in page]
    return render(
        request,
        "referrals/entries.html",
        {
            "rows": rows,
            "page": page,
            "words": words,
            "query": urlencode({"q": words}) if words else "",
            "codes": CapacityCode.choices,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff("directory.edit")
def entry_new(request: HttpRequest) -> HttpResponse:
    """Show the form for a new entry, or add one."""
    return _form(cast(StaffRequest, request), {}, is_new=True)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_entry("directory.edit")
def entry(request: HttpRequest) -> HttpResponse:
    """Show the form for an entry, or change it."""
    request = cast(EntryRequest, request)
    return _form(request, queries.document(request.entry), is_new=False)


@require_POST
@staff_entry("directory.edit")
def capacity(request: HttpRequest) -> HttpResponse:
    """Report whether there is room, in one click."""
    request = cast(EntryRequest, request)
    form = CapacityForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Bitte wählen Sie aus, ob Plätze frei sind."))
        return HttpResponseRedirect(reverse("directory-entries"))
    operations.report_capacity(
        service=request.entry,
        code=CapacityCode(form.cleaned_data["code"]),
        waiting_weeks=form.cleaned_data["waiting_weeks"],
        by=request.member,
        at=timezone.now(),
    )
    messages.success(request, _("Gemeldet für „%(name)s“.") % {"name": request.entry.name})
    return HttpResponseRedirect(reverse("directory-entries"))


@require_POST
@staff_entry("directory.edit")
def confirm(request: HttpRequest) -> HttpResponse:
    """Note that an entry is still true."""
    request = cast(EntryRequest, request)
    operations.confirm(service=request.entry, by=request.member, at=timezone.now())
    messages.success(request, _("„%(name)s“ ist bestätigt.") % {"name": request.entry.name})
    return HttpResponseRedirect(reverse("directory-entries"))


@require_safe
@staff_entry("directory.edit")
def history(request: HttpRequest) -> HttpResponse:
    """Show what changed when, the newest first."""
    request = cast(EntryRequest, request)
    rows = list(queries.versions(request.entry)[:PER_PAGE])
    after: Any = queries.document(request.entry)
    shown = []
    for row in rows:
        changes = list(versions.differences(row.before, after))
        shown.append({"version": row, "changes": changes, "is_last": row is rows[0]})
        after = row.before
    return render(request, "referrals/versions.html", {"entry": request.entry, "versions": shown})


@require_POST
@staff_entry("directory.edit")
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """Bring an entry back to what it was before a change."""
    request = cast(EntryRequest, request)
    version = queries.version(request.entry, number)
    if version is None:
        raise Http404
    try:
        operations.undo(version=version, by=request.member, at=timezone.now())
    except operations.NothingBefore:
        messages.warning(request, _("Davor gab es den Eintrag noch nicht."))
    else:
        messages.success(request, _("Der Eintrag ist wieder, wie er davor war."))
    return HttpResponseRedirect(reverse("directory-versions", args=[request.entry.pk]))


def _form(request: StaffRequest, before: dict[str, Any], *, is_new: bool) -> HttpResponse:
    terms = list(queries.categories())
    row = None if is_new else cast(EntryRequest, request).entry
    context: dict[str, Any] = {"entry": row, "findings": list(queries.findings(row)) if row else []}
    if request.method != "POST":
        context["form"] = EntryForm(before=before, terms=terms)
        return render(request, "referrals/entry.html", context)
    form = EntryForm(request.POST, before=before, terms=terms)
    context["form"] = form
    if not form.is_valid():
        return render(request, "referrals/entry.html", context)
    try:
        saved, report = operations.save_entry(
            document=form.document(before),
            owner=row.owner if row else request.member.organisation,
            by=request.member,
            at=timezone.now(),
        )
    except operations.NotTaken as refused:
        for problem in refused.report.problems:
            form.add_error(None, problem.sentence())
        return render(request, "referrals/entry.html", context)
    messages.success(request, _("„%(name)s“ ist gespeichert.") % {"name": saved.name})
    _tell(request, report)
    return HttpResponseRedirect(reverse("directory-entry", args=[saved.pk]))


def _tell(request: HttpRequest, report: Report) -> None:
    """Say what saving changed in what was typed."""
    for problem in report.problems:
        if problem.code == "secret-told":
            messages.warning(request, problem.sentence())
