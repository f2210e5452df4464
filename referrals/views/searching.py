"""Searching the directory: for parents, for staff, and inside other people's pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from accounts.access import OrganisationRequest, StaffRequest, organisation_page, staff
from referrals import hours_wording, overview, wording
from referrals.forms.searching import SearchForm
from referrals.languages import name_of
from referrals.operations import search_counts
from referrals.overview import Overview, Spot
from referrals.queries import entry_page as entries
from referrals.search import searching
from referrals.search.places import TOWN, gazetteer
from referrals.search.searching import Hit, Results
from referrals.views import entry_page

MOST_PICKS = 6  # beside a chat
MOST_PAGES = 25  # further on nobody looks; the search then should be more exact


@dataclass(frozen=True, slots=True)
class Found:
    """One result as the list shows it. `number`: its place in the list and on the map."""

    number: int
    url: str
    name: str
    provider: str
    kinds: str
    via: str
    where: str
    distance: str
    open_now: str
    is_open: bool
    badges: Sequence[str]
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A way to narrow the results: its words, how many are left, and the address that does it."""

    label: str
    count: int
    url: str
    is_set: bool


@require_safe
@organisation_page
def search(request: HttpRequest) -> HttpResponse:
    """Find help in one's own words. Sets no cookie; the address can be shared."""
    organisation = cast(OrganisationRequest, request).organisation
    context = _search(request, entry="entry", args=[organisation.slug])
    return render(request, "referrals/search.html", {"frame": "client/base.html", **context})


@require_safe
@staff("directory.search")
def staff_search(request: HttpRequest) -> HttpResponse:
    """Find a service for a client, with what only colleagues need to see; with HX-Request a short list.

    The short list stands beside a chat: each hit as a text that can be sent to the client.
    """
    member = cast(StaffRequest, request).member
    if request.headers.get("HX-Request"):
        return _short_list(request, member.organisation.slug)
    context = _search(request, entry="staff-entry", args=[], for_staff=True)
    widget = reverse("directory-widget", args=[member.organisation.slug])
    return render(
        request,
        "referrals/search.html",
        {
            "frame": "staff/base.html",
            "widget_url": request.build_absolute_uri(widget),
            **context,
        },
    )


def _short_list(request: HttpRequest, slug: str) -> HttpResponse:
    found = _search(request, entry="entry", args=[slug], for_staff=True).get("found") or []
    picks = []
    for hit in found[:MOST_PICKS]:
        address = request.build_absolute_uri(hit.url.partition("?")[0])
        link = f"[{_('Öffnungszeiten und Kontakt')}]({address})"
        card = "\n".join(filter(None, [f"**{hit.name}**", hit.where, link]))
        picks.append({"hit": hit, "address": address, "card": card})
    return render(request, "referrals/_pick.html", {"picks": picks, "asked": request.GET.get("q")})


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})
@organisation_page
def widget(request: HttpRequest) -> HttpResponse:
    """Search inside a page of a town or a school; entries open in a tab of their own."""
    organisation = cast(OrganisationRequest, request).organisation
    context = _search(request, entry="entry", args=[organisation.slug])
    response = render(request, "referrals/widget.html", context)
    # Others may show this page inside theirs; it sets no cookie and knows nobody.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _search(
    request: HttpRequest, *, entry: str, args: list[str], for_staff: bool = False
) -> dict[str, Any]:
    form = SearchForm(request.GET)
    form.is_valid()
    at = timezone.now()
    topics = entries.topic_names()
    context: dict[str, Any] = {"form": form, "for_staff": for_staff}
    if not form.is_asked:
        return context | {"topic_links": _topic_links(topics)}
    page = _page(request)
    results = searching.search(
        form.words or topics.get(form.cleaned_data.get("thema") or "", ""),
        at=at,
        near=form.place,
        filters=form.filters(),
        limit=searching.PAGE,
        offset=(page - 1) * searching.PAGE,
    )
    counted = ""
    if page == 1:  # further pages are the same search
        counted = search_counts.searched(
            understood=results.understood, total=results.total, on=timezone.localdate(at)
        )
    places = entries.places_of([hit.service.pk for hit in results.hits])
    first = (page - 1) * searching.PAGE + 1
    found = [
        _found(
            hit,
            places.get(hit.service.pk, ()),
            number=number,
            url=_entry_url(entry, [*args, hit.service.pk], counted),
            topics=topics,
            at=at,
            for_staff=for_staff,
        )
        for number, hit in enumerate(results.hits, start=first)
    ]
    return context | {
        "found": found,
        "results": results,
        "understood_place": results.understood.place,
        "far_away": bool(results.understood.place and found and results.radius_km is None),
        "picture": _picture(results, places, first),
        "facets": _facets(request, form, results, topics, for_staff=for_staff),
        "set_count": form.count_set(),
        "wider_url": _address(request, umkreis="50", seite="") if results.further_away else "",
        "plain_url": _address(request, **dict.fromkeys(_FILTERS, "")),
        "page": page,
        "previous_url": _address(request, seite=str(page - 1)) if page > 1 else "",
        "next_url": _next_url(request, page, results),
    }


_FILTERS = ("umkreis", "offen", "kostenlos", "anonym", "barrierefrei", "ueberweisung", "sprache",
            "alter", "thema", "seite")  # fmt: skip
_PROPERTIES = (
    ("offen", "open_now", SearchForm.base_fields["offen"].label),
    ("kostenlos", "free", SearchForm.base_fields["kostenlos"].label),
    ("anonym", "anonymous", SearchForm.base_fields["anonym"].label),
    ("barrierefrei", "barrier_free", SearchForm.base_fields["barrierefrei"].label),
    ("ueberweisung", "takes_referrals", SearchForm.base_fields["ueberweisung"].label),
)
MOST_FACETS = 8


def _found(
    hit: Hit,
    places: Sequence[entries.Place],
    *,
    number: int,
    url: str,
    topics: Mapping[str, str],
    at: datetime,
    for_staff: bool,
) -> Found:
    service = hit.service
    place = places[0] if places else None
    return Found(
        number=number,
        url=url,
        name=service.name,
        provider=service.provider.name if service.provider else "",
        kinds=", ".join(topics.get(code, code) for code in hit.categories),
        via=hit.via,
        where=_where(place, len(places)),
        distance=wording.distance(hit.distance_km),
        open_now=hours_wording.state(hit.opening, at=at) if hit.opening else "",
        is_open=bool(hit.opening and hit.opening.is_open),
        badges=wording.badges(
            service, wheelchair=place.wheelchair if place else "", for_staff=for_staff
        ),
        is_stale=hit.is_stale,
    )


def _entry_url(name: str, args: list[Any], counted: str) -> str:
    """Return the address of an entry. counted: the words that led there, so that they are counted."""
    address = reverse(name, args=args)
    return f"{address}?{urlencode({entry_page.LED_BY: counted})}" if counted else address


def _where(place: entries.Place | None, count: int) -> str:
    if place is None:
        return ""
    if count > 1:
        return _("%(town)s und weitere Orte") % {"town": place.town or place.name}
    return ", ".join(filter(None, [place.street, place.town]))


def _picture(
    results: Results, places: Mapping[UUID, Sequence[entries.Place]], first: int
) -> Overview | None:
    spots = [
        Spot(str(first + number), place.latitude, place.longitude)
        for number, hit in enumerate(results.hits)
        for place in places.get(hit.service.pk, ())
        if place.latitude is not None and place.longitude is not None
    ]
    here = results.understood.place
    around = Spot(here.name, here.latitude, here.longitude) if here else None
    return overview.draw(spots, towns=_towns(), around=around)


@cache
def _towns() -> Sequence[Spot]:
    """Return the larger towns, the largest first, for orientation on the picture."""
    known = {place for cell in gazetteer().cells.values() for place in cell if place.people > TOWN}
    by_size = sorted(known, key=lambda place: -place.people)
    return [Spot(place.name, place.latitude, place.longitude) for place in by_size]


def _facets(
    request: HttpRequest,
    form: SearchForm,
    results: Results,
    topics: Mapping[str, str],
    *,
    for_staff: bool,
) -> list[tuple[str, list[Facet]]]:
    """Return groups of facets with counts; what would leave nothing is left out."""
    properties = [
        _facet(request, form, parameter, "1", str(label), results.facets["properties"][key])
        for parameter, key, label in _PROPERTIES
        if for_staff or key != "takes_referrals"
    ]
    kinds = [
        _facet(request, form, "thema", code, topics.get(code, code), count)
        for code, count in _largest(results.facets["categories"])
    ]
    languages = [
        _facet(request, form, "sprache", code, name_of(code), count)
        for code, count in _largest(results.facets["languages"])
        if code != "de"
    ]
    groups = [
        (_("Eigenschaften"), properties),
        (_("Art der Hilfe"), kinds),
        (_("Sprache"), languages),
    ]
    return [
        (title, shown)
        for title, facets in groups
        if (shown := [facet for facet in facets if facet.count or facet.is_set])
    ]


def _largest(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_FACETS]


def _facet(
    request: HttpRequest, form: SearchForm, parameter: str, value: str, label: str, count: int
) -> Facet:
    now = form.cleaned_data.get(parameter)
    is_set = bool(now) if value == "1" else now == value
    changed = {parameter: "" if is_set else value, "seite": ""}
    return Facet(label, count, _address(request, **changed), is_set)


def _topic_links(topics: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {"label": name, "url": "?" + urlencode({"thema": code})} for code, name in topics.items()
    ]


def _page(request: HttpRequest) -> int:
    typed = request.GET.get("seite", "")
    return min(max(int(typed), 1), MOST_PAGES) if typed.isascii() and typed.isdigit() else 1


def _next_url(request: HttpRequest, page: int, results: Results) -> str:
    more = page * searching.PAGE < results.total and page < MOST_PAGES
    return _address(request, seite=str(page + 1)) if more else ""


def _address(request: HttpRequest, **changed: str) -> str:
    """Return the address of this search with some parameters changed; empty ones are left out."""
    kept = {name: request.GET[name] for name in request.GET if request.GET[name]} | changed
    return "?" + urlencode({name: value for name, value in kept.items() if value})
