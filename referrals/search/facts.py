"""What of a service the search remembers: folded words and facts, made from its rows. Pure.

Nothing of a confidential place goes in: no address, no town, no coordinates, no distance later. Such a
service is found by its kind of help and its district.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from referrals.models import Location, Service, ServiceAtLocation, Status
from referrals.search import places, words
from referrals.search.words import parts

LONGEST_TEXT = 4_000  # characters of a description that are searched
FREE, ANONYMOUS, BARRIER_FREE, REFERRALS, CONFIDENTIAL = 1, 2, 4, 8, 16
# Official keys of the Länder: the first two digits of an AGS.
LAND_OF_AGS = {
    "01": "SH", "02": "HH", "03": "NI", "04": "HB", "05": "NW", "06": "HE", "07": "RP", "08": "BW",
    "09": "BY", "10": "SL", "11": "BE", "12": "BB", "13": "MV", "14": "SN", "15": "ST", "16": "TH",
}  # fmt: skip
LAENDER = {
    "badenwuerttemberg": "BW", "bayern": "BY", "berlin": "BE", "brandenburg": "BB", "bremen": "HB",
    "hamburg": "HH", "hessen": "HE", "mecklenburgvorpommern": "MV", "niedersachsen": "NI",
    "nordrheinwestfalen": "NW", "rheinlandpfalz": "RP", "saarland": "SL", "sachsen": "SN",
    "sachsenanhalt": "ST", "schleswigholstein": "SH", "thueringen": "TH",
}  # fmt: skip
CAPACITY = {"frei": 1.0, "unbekannt": 0.5, "warteliste": 0.3, "voll": 0.0}


@dataclass(frozen=True, slots=True)
class Document:
    """What is stored for a service; `removed`: nobody is to find it."""

    title: str
    body: str
    facts: dict[str, Any]
    removed: bool = False


def document(service: Service) -> Document:
    """Return a service's document. Its relations must have been fetched (`RELATIONS`)."""
    removed = service.status not in {status.value for status in Status.shown()}
    here = _open_places(service)
    provider = service.provider
    names = [service.name, service.alternate_name, provider.name if provider else ""]
    terms = list(service.terms.all())
    towns = [address.city for one in here for address in one.location.addresses.all()]
    areas = list(service.service_areas.all())
    said = [
        service.description[:LONGEST_TEXT],
        service.eligibility_description[:LONGEST_TEXT],
        provider.alternate_name if provider else "",
        provider.description[:LONGEST_TEXT] if provider else "",
        *(term.name for term in terms),
        *towns,
        *(area.name for area in areas),
    ]
    return Document(
        title=" ".join(_indexed(names)),
        body=" ".join(_indexed(said)),
        facts={
            "codes": [term.code for term in terms],
            "places": [list(place) for one in here if (place := _place(one))],
            "hours": [list(one) for one in open_hours(service)],
            "languages": _languages(service, here),
            "flags": _flags(service, here),
            "ages": [service.minimum_age, service.maximum_age],
            "fresh_until": service.fresh_until.toordinal(),
            "hide_from": service.hide_from.toordinal(),
            "capacity": CAPACITY.get(service.capacity_code, 0.5),
            "ags": sorted({area.ags for area in areas if area.ags}),
            "areas": [" ".join(words.words(area.name)) for area in areas if area.name],
        },
        removed=removed,
    )


RELATIONS = (
    "terms",
    "service_areas",
    "languages",
    "service_at_locations__location__addresses",
    "service_at_locations__location__languages",
)


def _open_places(service: Service) -> list[ServiceAtLocation]:
    """Return where a service is, without any secret place."""
    return [
        one
        for one in service.service_at_locations.all()
        if not (service.confidential or one.location.confidential)
    ]


def _indexed(texts: Iterable[str]) -> list[str]:
    """Return folded words, compounds with their halves, so that both halves are found."""
    found: list[str] = []
    for word in words.words(" ".join(texts), limit=1_000):
        found.append(word)
        found.extend(part for part in parts(word) if len(part) > 3)
    return found


def _point(location: Location) -> tuple[float, float] | None:
    """Return where a place is: its coordinates, or the middle of its postcode."""
    if location.latitude is not None and location.longitude is not None:
        return location.latitude, location.longitude
    for address in location.addresses.all():
        area = places.gazetteer().postcode(address.postal_code)
        if area is not None and address.country in {"DE", ""}:
            return area.latitude, area.longitude
        town = places.named(address.city) if address.city else None
        if town:
            return town.latitude, town.longitude
    return None


def _place(one: ServiceAtLocation) -> tuple[float, float, str] | None:
    point = _point(one.location)
    return (*point, one.location.ags) if point else None


def land(location: Location) -> tuple[str, str]:
    """Return country and Bundesland of a place, as far as its rows tell."""
    if location.ags[:2] in LAND_OF_AGS:
        return "DE", LAND_OF_AGS[location.ags[:2]]
    for address in location.addresses.all():
        named = "".join(words.words(address.state_province))
        if named in LAENDER:
            return "DE", LAENDER[named]
        if address.state_province.upper() in LAENDER.values() and address.country == "DE":
            return "DE", address.state_province.upper()
        if address.country not in {"DE", ""}:
            return address.country, ""
    point = _point(location)
    near = places.gazetteer().nearest(*point) if point else None
    return (near.country, near.land) if near else ("DE", "")


def open_hours(service: Service) -> list[tuple[str, str, str]]:
    """Return (hours, country, Land) for each place, or of the service alone.

    Its relations must have been fetched (`RELATIONS`).
    """
    found = [(one.hours, *land(one.location)) for one in _open_places(service) if one.hours]
    if not found and service.opening_hours:
        keys = [
            LAND_OF_AGS[a.ags[:2]] for a in service.service_areas.all() if a.ags[:2] in LAND_OF_AGS
        ]
        found = [(service.opening_hours, "DE", keys[0] if keys else "")]
    return list(dict.fromkeys(found))


def _languages(service: Service, here: list[ServiceAtLocation]) -> list[str]:
    codes = {language.code for language in service.languages.all()}
    codes.update(language.code for one in here for language in one.location.languages.all())
    return sorted(code for code in codes if code)


def _flags(service: Service, here: list[ServiceAtLocation]) -> int:
    return (
        FREE * bool(service.free_of_charge)
        | ANONYMOUS * bool(service.anonymous_possible)
        | BARRIER_FREE * any(one.location.wheelchair == "yes" for one in here)
        | REFERRALS * bool(service.accepts_referrals)
        | CONFIDENTIAL * service.confidential
    )
