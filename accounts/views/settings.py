"""The organisation's settings, and the crisis lines that its clients read."""

from copy import copy
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import colours, queries
from accounts.access import StaffRequest, staff
from accounts.forms.settings import BaseCrisisLines, OrganisationForm, sent_lines, shown_lines
from accounts.operations import organisations


@require_http_methods(["GET", "HEAD", "POST"])
@staff("organisation.change")
def organisation(request: HttpRequest) -> HttpResponse:
    """Show the settings, preview a colour, or save."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    if request.method != "POST":
        return _settings_page(request, OrganisationForm(organisation=request.member.organisation))
    form = OrganisationForm(request.POST, organisation=request.member.organisation)
    if not form.is_valid() or "preview" in request.POST:
        return _settings_page(request, form)
    # A copy: if it is refused, the page around the form still shows what is in force.
    changed = copy(request.member.organisation)
    form.apply_to(changed)
    try:
        organisations.change(organisation=changed, by=request.member, at=at)
    except ValidationError as refused:
        form.add_error(None, refused)
        return _settings_page(request, form)
    messages.success(request, _("Die Einstellungen sind gespeichert."))
    return HttpResponseRedirect(reverse("settings"))


@require_http_methods(["GET", "HEAD", "POST"])
@staff("organisation.change")
def crisis_lines(request: HttpRequest) -> HttpResponse:
    """Show the crisis lines, or replace them."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    if request.method != "POST":
        lines = queries.crisis_lines(request.member.organisation)
        return _lines_page(request, shown_lines(lines))
    formset = sent_lines(request.POST)
    if not formset.is_valid():
        return _lines_page(request, formset)
    organisations.set_crisis_lines(
        organisation=request.member.organisation,
        lines=formset.lines(),
        by=request.member,
        at=at,
    )
    messages.success(request, _("Die Notfallnummern sind gespeichert."))
    return HttpResponseRedirect(reverse("crisis-lines"))


def _settings_page(request: StaffRequest, form: OrganisationForm) -> HttpResponse:
    return render(
        request,
        "accounts/settings.html",
        {"form": form, "samples": _samples(form.shown_accent())},
    )


def _lines_page(request: StaffRequest, formset: BaseCrisisLines) -> HttpResponse:
    return render(request, "accounts/crisis_lines.html", {"formset": formset})


def _samples(accent: str) -> list[dict[str, Any]]:
    """Return what the preview shows of a colour: a light and a dark page, or nothing."""
    if not accent:
        return []
    return [
        _sample(_("Helle Darstellung"), colours.light_palette(accent), colours.LIGHT_SURFACE),
        _sample(_("Dunkle Darstellung"), colours.dark_palette(accent), colours.DARK_SURFACE),
    ]


def _sample(title: str, palette: colours.Palette, surface: str) -> dict[str, Any]:
    return {
        "title": title,
        "palette": palette,
        "surface": surface,
        "link": number_format(round(colours.contrast(palette.accent, surface), 1), 1),
        "button": number_format(round(colours.contrast(palette.on_accent, palette.accent), 1), 1),
    }
