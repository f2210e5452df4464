"""One entry of the directory: its page for parents and for staff, and its leaflet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import OrganisationRequest, organisation_page, staff
from referrals import hours_wording, leaflet, wording
from referrals.languages import name_of
from referrals.leaflet import Leaflet, Line
from referrals.models import Wheelchair
from referrals.operations import search_counts
from referrals.queries import entry_page as entries
from referrals.queries.entry_page import EntryPage, Place
from referrals.search import searching


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact as components/facts.html wants it."""

    label: str
    value: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """Where one goes, and when: lines of the address, lines of the hours."""

    name: str
    lines: Sequence[str]
    geo: str
    hours: Sequence[str]
    hours_note: str
    wheelchair: str
    getting_there: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says of an entry beside its own words."""

    badges: Sequence[str]
    open_now: str
    is_open: bool
    website: str
    hours: Sequence[str]
    places: Sequence[ShownPlace]
    facts: Sequence[Fact]
    standing: str


@require_safe
@organisation_page
def entry(request: HttpRequest, service: UUID) -> HttpResponse:
    """Show an entry to a parent. Sets no cookie; the address can be shared."""
    slug = cast(OrganisationRequest, request).organisation.slug
    return _show(
        request,
        _entry_or_404(service, timezone.now()),
        frame="client/base.html",
        back_url=reverse("directory", args=[slug]),
        leaflet_url=reverse("entry-leaflet", args=[slug, service]),
    )


@require_safe
@staff("directory.search")
def staff_entry(request: HttpRequest, service: UUID) -> HttpResponse:
    """Show an entry to a colleague."""
    return _show(
        request,
        _entry_or_404(service, timezone.now()),
        frame="staff/base.html",
        back_url=reverse("staff-directory"),
        leaflet_url="",
        for_staff=True,
    )


@require_safe
@organisation_page
def entry_leaflet(request: HttpRequest, service: UUID) -> HttpResponse:
    """Give an entry as a sheet to print."""
    organisation = cast(OrganisationRequest, request).organisation
    at = timezone.now()
    page = _entry_or_404(service, at)
    address = request.build_absolute_uri(reverse("entry", args=[organisation.slug, service]))
    drawn = leaflet.draw(sheet(page, address, _("Von: %(name)s") % {"name": organisation.name}, at))
    return HttpResponse(
        drawn,
        content_type="application/pdf",
        headers={"Content-Disposition": 'attachment; filename="hilfe.pdf"'},
    )


def _entry_or_404(service: UUID, at: datetime) -> EntryPage:
    page = entries.entry_page(service, on=timezone.localtime(at).date())
    if page is None:
        raise Http404
    return page


LED_BY = "ueber"  # the words of the search that led to an entry


def _show(
    request: HttpRequest,
    page: EntryPage,
    *,
    frame: str,
    back_url: str,
    leaflet_url: str,
    for_staff: bool = False,
) -> HttpResponse:
    led_by = request.GET.get(LED_BY, "")[:200]
    if led_by and led_by.isprintable():
        search_counts.opened(query=led_by, on=timezone.localdate())
    return render(
        request,
        "referrals/entry_page.html",
        {
            "frame": frame,
            "entry": page,
            "shown": _shown(page, at=timezone.now(), for_staff=for_staff),
            "back_url": back_url,
            "leaflet_url": leaflet_url,
        },
    )


def _shown(page: EntryPage, *, at: datetime, for_staff: bool) -> Shown:
    now = searching.soonest(page.all_hours, at=at)
    wheelchair = next((p.wheelchair for p in page.places if p.wheelchair), "")
    return Shown(
        badges=wording.badges(page.service, wheelchair=wheelchair, for_staff=for_staff),
        open_now=hours_wording.state(now, at=at) if now else "",
        is_open=bool(now and now.is_open),
        website=urlsplit(page.url).netloc.removeprefix("www."),
        hours=() if page.places else _lines(page.hours),
        places=[_shown_place(place) for place in page.places],
        facts=_facts(page),
        standing=wording.standing(page.service),
    )


def _shown_place(place: Place) -> ShownPlace:
    geo = ""
    if place.latitude is not None and place.longitude is not None:
        geo = f"geo:{place.latitude:.5f},{place.longitude:.5f}"
    return ShownPlace(
        name=place.name,
        lines=[line for line in (place.street, place.town) if line],
        geo=geo,
        hours=_lines(place.hours),
        hours_note=place.hours_note,
        wheelchair=str(Wheelchair(place.wheelchair).label) if place.wheelchair else "",
        getting_there=place.getting_there,
    )


def _facts(page: EntryPage) -> list[Fact]:
    service = page.service
    return [
        Fact(_("Art der Hilfe"), ", ".join(page.topics)),
        Fact(_("Für wen"), page.eligibility),
        Fact(_("Alter"), wording.ages(service)),
        Fact(_("Kosten"), _costs(page)),
        Fact(_("Sprachen"), ", ".join(_language(*language) for language in page.languages)),
        Fact(_("Dolmetschen"), page.interpreting),
        Fact(_("Für Menschen aus"), ", ".join(page.areas)),
        Fact(_("Plätze"), wording.capacity(service)),
    ]


def _costs(page: EntryPage) -> str:
    said = [page.fees, *page.costs]
    if page.service.free_of_charge and not any(said):
        return _("kostenlos")
    return ". ".join(filter(None, said))


def _language(code: str, name: str) -> str:
    return name_of(code) if code else name


def _lines(hours: str) -> list[str]:
    return [hours_wording.wording(hours)] if hours else []


def sheet(page: EntryPage, address: str, foot: str, at: datetime) -> Leaflet:
    """Return what stands on the leaflet of an entry. address: of its page."""
    lines = [
        Line(_("Telefon"), [_phone(number) for number in page.phones]),
        Line(_("E-Mail"), page.emails),
        Line(_("Internet"), [page.url] if page.url else []),
        *(
            Line(place.name or _("Adresse"), [*place.lines, *_hours(place.hours, place.hours_note)])
            for place in map(_shown_place, page.places)
        ),
        Line(
            _("Öffnungszeiten"), [] if page.places else _hours(_lines(page.hours), page.hours_note)
        ),
        Line(_("Anmelden"), [page.application]),
        *(Line(fact.label, [fact.value]) for fact in _facts(page)),
    ]
    if page.confidential:
        lines.insert(3, Line(_("Adresse"), [_("Die Adresse ist geheim. Bitte rufen Sie an.")]))
    return Leaflet(
        title=page.name,
        provider=page.provider,
        text=page.description,
        lines=[line for line in lines if any(line.values)],
        address=address,
        address_hint=_("Diese Seite im Internet:"),
        foot=f"{wording.standing(page.service)} {foot}, {date_format(timezone.localtime(at), 'j. F Y')}",
        language=(translation.get_language() or "de")[:2],
    )


def _phone(number: entries.Number) -> str:
    note = _("Fax") if number.fax else number.note
    return f"{number.shown} ({note})" if note else number.shown


def _hours(lines: Sequence[str], note: str) -> list[str]:
    return [*lines, *([note] if note else [])]
