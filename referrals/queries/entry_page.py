"""One entry as pages and leaflets show it: opened for everybody, so never with a secret address."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import Prefetch
from django.utils.formats import number_format

from referrals import identifiers
from referrals.models import (
    Contact,
    CostOption,
    Language,
    Location,
    LocationType,
    Phone,
    Service,
    ServiceArea,
    ServiceAtLocation,
    TaxonomyTerm,
)

OWN_TAXONOMY = identifiers.derived(identifiers.NAMESPACE, "taxonomy", "lotse")


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
    land: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Everything about an entry that anybody may read.

    `hours`: OSM syntax, where no place has its own. `areas`: names of the places whose people it is
    for. `confidential`: there are places, but they are secret and none of them is here.
    """

    service: Service
    provider: str
    topics: Sequence[tuple[str, str]]
    phones: Sequence[Number]
    emails: Sequence[str]
    url: str
    people: Sequence[Contact]
    languages: Sequence[Language]
    areas: Sequence[str]
    costs: Sequence[str]
    places: Sequence[Place]
    hours: str
    hours_note: str
    confidential: bool
    is_stale: bool = field(default=False)


def entry_page(service: UUID, *, on: date) -> EntryPage | None:
    """Return an entry that pages show on a day, or None. Costs the same whatever it has."""
    row = (
        Service.objects.visible(on)
        .filter(pk=service)
        .select_related("provider")
        .prefetch_related(
            "terms",
            "phones",
            "contacts",
            "languages",
            "service_areas",
            "cost_options",
            "provider__phones",
            Prefetch(
                "service_at_locations",
                ServiceAtLocation.objects.select_related("location", "service"),
            ),
            "service_at_locations__phones",
            "service_at_locations__service_areas",
            "service_at_locations__location__addresses",
            "service_at_locations__location__phones",
            "service_at_locations__location__languages",
        )
        .first()
    )
    return None if row is None else _page(row, on)


def places_of(services: Collection[UUID]) -> dict[UUID, list[Place]]:
    """Return where some services are, without any secret place; two queries however many."""
    rows = (
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
    for row in rows:
        found[row.service_id].append(_place(row))
    return dict(found)


def topic_names() -> dict[str, str]:
    """Return the kinds of help of Lotse's own list: name by code, in the list's order."""
    return dict(TaxonomyTerm.objects.filter(taxonomy=OWN_TAXONOMY).values_list("code", "name"))


def _page(row: Service, on: date) -> EntryPage:
    here = list(row.service_at_locations.all())
    open_here = [s for s in here if not (row.confidential or s.location.confidential)]
    places = [_place(s) for s in open_here if s.location.location_type == LocationType.PHYSICAL]
    return EntryPage(
        service=row,
        provider=row.provider.name if row.provider else "",
        topics=[(term.code, term.name) for term in row.terms.all()],
        phones=_numbers(row, here),
        emails=_without_doubles([row.email, *(c.email for c in row.contacts.all())]),
        url=_address(row.url or (row.provider.website if row.provider else "")),
        people=[contact for contact in row.contacts.all() if contact.name or contact.title],
        languages=_languages(row, here),
        areas=_areas([*row.service_areas.all()], here),
        costs=[_cost(option) for option in row.cost_options.all() if _cost(option)],
        places=places,
        hours=row.opening_hours or _hours_without_place(open_here),
        hours_note=row.opening_hours_note,
        confidential=row.confidential or any(s.location.confidential for s in here),
        is_stale=row.is_stale(on),
    )


def _place(here: ServiceAtLocation) -> Place:
    location: Location = here.location
    addresses = [a for a in location.addresses.all() if a.address_type == LocationType.PHYSICAL]
    address = addresses[0] if addresses else None
    return Place(
        name=location.name,
        street=", ".join(filter(None, [address.address_1, address.address_2])) if address else "",
        town=f"{address.postal_code} {address.city}".strip() if address else "",
        latitude=location.latitude,
        longitude=location.longitude,
        wheelchair=location.wheelchair,
        getting_there=location.transportation,
        hours=here.hours,
        hours_note=here.opening_hours_note or location.opening_hours_note,
        land=address.state_province if address else "",
    )


def _hours_without_place(here: Iterable[ServiceAtLocation]) -> str:
    return next((s.hours for s in here if s.hours), "")


def _numbers(row: Service, here: Sequence[ServiceAtLocation]) -> list[Number]:
    phones: list[Phone] = [*row.phones.all()]
    for place in here:
        phones += [*place.phones.all(), *place.location.phones.all()]
    if not phones and row.provider is not None:
        phones = [*row.provider.phones.all()]
    numbers: dict[str, Number] = {}
    for phone in phones:
        tel = "".join(c for c in phone.number if c.isdigit() or c == "+")
        if tel and tel not in numbers:
            numbers[tel] = Number(phone.number, tel, phone.description, phone.type == "fax")
    return sorted(numbers.values(), key=lambda number: number.fax)


def _languages(row: Service, here: Sequence[ServiceAtLocation]) -> list[Language]:
    spoken: dict[str, Language] = {}
    for language in [*row.languages.all(), *(x for s in here for x in s.location.languages.all())]:
        spoken.setdefault(language.code or language.name, language)
    return list(spoken.values())


def _areas(own: list[ServiceArea], here: Sequence[ServiceAtLocation]) -> list[str]:
    areas = [*own, *(area for s in here for area in s.service_areas.all())]
    return _without_doubles([area.name or area.extent or area.description for area in areas])


def _cost(option: CostOption) -> str:
    amount = ""
    if option.amount is not None:
        amount = f"{number_format(option.amount, 2)} {option.currency or '€'}".replace("EUR", "€")
    return ": ".join(filter(None, [option.option, option.amount_description or amount]))


def _without_doubles(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _address(typed: str) -> str:
    """Return an address on the web that a page may link to; nothing for any other scheme."""
    if not typed:
        return ""
    if "://" not in typed:
        typed = f"https://{typed}"
    return typed if typed.startswith(("https://", "http://")) else ""
