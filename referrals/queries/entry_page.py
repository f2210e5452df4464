"""An entry as pages and leaflets show it. Everybody may read it, so it passes through `disclosed`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.formats import number_format

from referrals import identifiers
from referrals.hsds.disclosure import disclosed
from referrals.hsds.tables import Nest, Row
from referrals.models import Address, LocationType, Service, ServiceAtLocation, TaxonomyTerm
from referrals.queries import rows
from referrals.search import facts


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number as it is read, and as a `tel:` address wants it. `note`: whose or when."""

    shown: str
    tel: str
    note: str = ""
    fax: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is, for people to go to. Latitude and longitude in degrees (WGS 84)."""

    name: str
    street: str
    town: str
    latitude: float | None
    longitude: float | None
    wheelchair: str
    getting_there: str
    hours: str
    hours_note: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Everything about an entry that anybody may read.

    `service`: for its flags and numbers; its texts are here, since a secret street is illegible in
    them. `hours`: OSM syntax, where no place has its own. `all_hours`: with country and Land, as the
    search counts them. `areas`: names of the places whose people it
    is for. `confidential`: there are places, but they are secret and none of them is here.
    """

    service: Service
    name: str
    description: str
    alert: str
    application: str
    eligibility: str
    fees: str
    interpreting: str
    provider: str
    topics: Sequence[str]
    phones: Sequence[Number]
    emails: Sequence[str]
    url: str
    languages: Sequence[tuple[str, str]]
    areas: Sequence[str]
    costs: Sequence[str]
    places: Sequence[Place]
    hours: str
    all_hours: Sequence[tuple[str, str, str]]
    hours_note: str
    confidential: bool
    is_stale: bool


def entry_page(service: UUID, *, on: date) -> EntryPage | None:
    """Return an entry that pages show on a day, or None. Costs the same whatever it has."""
    row = Service.objects.visible(on).prefetch_related(*facts.RELATIONS).filter(pk=service).first()
    if row is None:
        return None
    found = rows.tables([row.pk])
    secret = any(place.get("confidential_address") for place in found["locations"].values())
    shown = disclosed(found)
    document = Nest(shown, rows.terms(shown)).service(str(row.pk))
    return _page(row, document, confidential=row.confidential or secret, on=on)


def places_of(services: Collection[UUID]) -> dict[UUID, list[Place]]:
    """Return where some services are, without any secret place; two queries however many."""
    here = (
        ServiceAtLocation.objects.filter(
            service__in=services,
            service__confidential=False,
            location__confidential=False,
            location__location_type=LocationType.PHYSICAL,
        )
        .select_related("location", "service")
        .prefetch_related("location__addresses")
    )
    found: dict[UUID, list[Place]] = defaultdict(list)
    for row in here:
        addresses = [
            a for a in row.location.addresses.all() if a.address_type == LocationType.PHYSICAL
        ]
        found[row.service_id].append(_listed(row, addresses[0] if addresses else None))
    return dict(found)


def topic_names() -> dict[str, str]:
    """Return the kinds of help of Lotse's own list: name by code, in the list's order."""
    return dict(
        TaxonomyTerm.objects.filter(taxonomy=identifiers.OWN_TAXONOMY).values_list("code", "name")
    )


def _listed(here: ServiceAtLocation, address: Address | None) -> Place:
    location = here.location
    return Place(
        name=location.name,
        street=address.address_1 if address else "",
        town=f"{address.postal_code} {address.city}".strip() if address else "",
        latitude=location.latitude,
        longitude=location.longitude,
        wheelchair=location.wheelchair,
        getting_there="",
        hours=here.hours,
        hours_note="",
    )


def _page(row: Service, document: Row, *, confidential: bool, on: date) -> EntryPage:
    here = document.get("service_at_locations", [])
    provider = document.get("organization", {})
    places = [_place(one, document) for one in here if _is_physical(one)]
    emails = [document.get("email", ""), *(c.get("email", "") for c in _all(document, "contacts"))]
    return EntryPage(
        service=row,
        name=document["name"],
        description=document.get("description", ""),
        alert=document.get("alert", ""),
        application=document.get("application_process", ""),
        eligibility=document.get("eligibility_description", ""),
        fees=document.get("fees_description", ""),
        interpreting=document.get("interpretation_services", ""),
        provider=provider.get("name", ""),
        topics=_once(a["taxonomy_term"]["name"] for a in document.get("attributes", [])),
        phones=_numbers(_all(document, "phones") or provider.get("phones", [])),
        emails=_once(emails),
        url=_web(document.get("url") or provider.get("website", "")),
        languages=_languages(_all(document, "languages")),
        areas=_once(_area(area) for area in _all(document, "service_areas")),
        costs=_once(_cost(option) for option in document.get("cost_options", [])),
        places=places,
        hours=row.opening_hours if not places else "",
        all_hours=facts.open_hours(row),
        hours_note=row.opening_hours_note,
        confidential=confidential,
        is_stale=row.is_stale(on),
    )


def _all(document: Row, key: str) -> list[Row]:
    """Return what hangs on the service, on its being somewhere, and on the places."""
    found = list(document.get(key, []))
    for here in document.get("service_at_locations", []):
        found += [*here.get(key, []), *here.get("location", {}).get(key, [])]
    return found


def _is_physical(here: Row) -> bool:
    return bool(here.get("location", {}).get("location_type", "physical") == LocationType.PHYSICAL)


def _place(here: Row, document: Row) -> Place:
    location = here.get("location", {})
    addresses = [
        a
        for a in location.get("addresses", [])
        if a.get("address_type", "physical") == LocationType.PHYSICAL
    ]
    address = addresses[0] if addresses else {}
    return Place(
        name=location.get("name", ""),
        street=", ".join(filter(None, [address.get("address_1"), address.get("address_2")])),
        town=f"{address.get('postal_code', '')} {address.get('city', '')}".strip(),
        latitude=location.get("latitude"),
        longitude=location.get("longitude"),
        wheelchair=location.get("wheelchair", ""),
        getting_there=location.get("transportation", ""),
        hours=next(
            (str(o["opening_hours"]) for o in (here, location, document) if o.get("opening_hours")),
            "",
        ),
        hours_note=here.get("opening_hours_note") or location.get("opening_hours_note", ""),
    )


def _numbers(phones: Iterable[Row]) -> list[Number]:
    numbers: dict[str, Number] = {}
    for phone in phones:
        tel = "".join(c for c in phone.get("number", "") if c.isdigit() or c == "+")
        if tel and tel not in numbers:
            note, is_fax = phone.get("description", ""), phone.get("type") == "fax"
            numbers[tel] = Number(phone["number"], tel, note, is_fax)
    return sorted(numbers.values(), key=lambda number: number.fax)


def _languages(found: Iterable[Row]) -> list[tuple[str, str]]:
    spoken: dict[str, tuple[str, str]] = {}
    for language in found:
        code, name = language.get("code", ""), language.get("name", "")
        spoken.setdefault(code or name, (code, name))
    return list(spoken.values())


def _area(area: Row) -> str:
    return str(area.get("name") or area.get("extent") or area.get("description", ""))


def _cost(option: Row) -> str:
    amount = ""
    if option.get("amount") is not None:
        currency = option.get("currency", "EUR").replace("EUR", "€")
        amount = f"{number_format(option['amount'], 2)} {currency}"
    said = option.get("amount_description") or amount
    return ": ".join(filter(None, [option.get("option"), said]))


def _once(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if value))


def _web(typed: str) -> str:
    """Return an address that a page may link to; nothing for any other scheme."""
    if not typed:
        return ""
    if "://" not in typed:
        typed = f"https://{typed}"
    return typed if typed.startswith(("https://", "http://")) else ""
