"""What everybody may read of the directory: the answers of the HSDS API.

Every row passes through `disclosure.disclosed`; places are asked for without the secret ones.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from referrals.hsds.disclosure import disclosed
from referrals.hsds.shape import LOCATION, ORGANIZATION, SERVICE, SERVICE_AT_LOCATION, Entity
from referrals.hsds.tables import Nest, Row, Tables
from referrals.models import (
    Location,
    Provider,
    Service,
    ServiceAtLocation,
    Taxonomy,
    TaxonomyTerm,
)
from referrals.queries import nearby
from referrals.queries import rows as stored

STREAMED = 500  # entries read at once where all are asked for


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an API request asks for; all of it must hold (None and empty: not asked)."""

    search: str = ""
    taxonomy_term: UUID | None = None
    taxonomy: UUID | None = None
    organization: UUID | None = None
    modified_after: datetime | None = None
    postcode: str = ""
    proximity: float | None = (
        None  # metres from the middle of `postcode`, which must be a known one
    )
    parent: UUID | None = None
    top_only: bool = False
    full: bool = False
    full_service: bool = False
    minimal: bool = False


def state(on: date) -> str:
    """Return a tag that changes whenever an answer may: for conditional requests.

    Three small queries, whatever the size of the directory.
    """
    services = Service.objects.public(on).aggregate(n=Count("pk"), last=Max("last_modified"))
    terms = TaxonomyTerm.objects.aggregate(n=Count("pk"))
    providers = Provider.objects.aggregate(n=Count("pk"))
    said = [services["n"], services["last"], terms["n"], providers["n"], on]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:24]


def services(wanted: Wanted, on: date) -> QuerySet[Service]:
    """Return the services that a request asks for, in a steady order."""
    found = Service.objects.public(on)
    if wanted.taxonomy_term:
        found = found.filter(terms__in=_with_children(wanted.taxonomy_term))
    if wanted.taxonomy:
        found = found.filter(terms__taxonomy=wanted.taxonomy)
    if wanted.organization:
        found = found.filter(provider=wanted.organization)
    if wanted.modified_after:
        found = found.filter(last_modified__gte=wanted.modified_after)
    for word in wanted.search.split():
        found = found.filter(_spoken_of(word))
    return found.distinct().order_by("pk")


def providers(wanted: Wanted, on: date) -> QuerySet[Provider]:
    """Return the providers that a request asks for."""
    found = Provider.objects.all()
    if wanted.taxonomy_term or wanted.taxonomy:
        terms = Wanted(taxonomy_term=wanted.taxonomy_term, taxonomy=wanted.taxonomy)
        found = found.filter(pk__in=services(terms, on).values("provider"))
    for word in wanted.search.split():
        found = found.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return found.order_by("pk")


def open_places() -> QuerySet[ServiceAtLocation]:
    """Return the services at places of which everybody may know."""
    return ServiceAtLocation.objects.filter(
        service__confidential=False, location__confidential=False
    )


def places(wanted: Wanted, on: date) -> QuerySet[ServiceAtLocation]:
    """Return the services at locations that a request asks for, none that is secret."""
    found = open_places().filter(service__in=services(wanted, on))
    if wanted.proximity is not None:
        found = found.filter(location__in=nearby.within(wanted.postcode, metres=wanted.proximity))
    elif wanted.postcode:
        here = Q(location__addresses__postal_code=wanted.postcode)
        found = found.filter(here).distinct()
    return found.order_by("pk")


def locations(wanted: Wanted, on: date) -> QuerySet[Location]:
    """Return the locations that a request asks for, none that is secret."""
    found = Location.objects.filter(confidential=False).exclude(
        service_at_locations__service__confidential=True
    )
    if wanted.organization:
        found = found.filter(provider=wanted.organization)
    if wanted.proximity is not None:
        found = found.filter(pk__in=nearby.within(wanted.postcode, metres=wanted.proximity))
    elif wanted.postcode:
        found = found.filter(addresses__postal_code=wanted.postcode)
    for word in wanted.search.split():
        found = found.filter(Q(name__icontains=word) | Q(addresses__city__icontains=word))
    return found.distinct().order_by("pk")


def taxonomies(wanted: Wanted, on: date) -> QuerySet[Taxonomy]:
    """Return the taxonomies."""
    found = Taxonomy.objects.all()
    for word in wanted.search.split():
        found = found.filter(name__icontains=word)
    return found.order_by("pk")


def terms(wanted: Wanted, on: date) -> QuerySet[TaxonomyTerm]:
    """Return the terms that a request asks for. `top_only`: those without a parent."""
    found = TaxonomyTerm.objects.select_related("taxonomy")
    if wanted.taxonomy:
        found = found.filter(taxonomy=wanted.taxonomy)
    if wanted.parent:
        found = found.filter(parent=wanted.parent)
    if wanted.top_only:
        found = found.filter(parent__isnull=True)
    for word in wanted.search.split():
        found = found.filter(Q(name__icontains=word) | Q(code__icontains=word))
    return found.order_by("position", "pk")


def service_documents(ids: Sequence[Any], wanted: Wanted) -> list[Row]:
    """Return services as HSDS, full ones or only what is one to one."""
    if wanted.minimal:
        return [
            {"id": str(pk), "name": name, "status": status, "last_modified": modified.isoformat()}
            for pk, name, status, modified in Service.objects.filter(pk__in=ids)
            .order_by("pk")
            .values_list("pk", "name", "status", "last_modified")
        ]
    return _documents(SERVICE, disclosed_tables(ids), ids, full=wanted.full)


def provider_documents(ids: Sequence[Any], wanted: Wanted, on: date) -> list[Row]:
    """Return providers as HSDS with the ids of their services, or with the services in full."""
    theirs = Service.objects.public(on).filter(provider__in=ids).order_by("pk")
    owned: dict[str, list[str]] = {}
    for pk, provider in theirs.values_list("pk", "provider_id"):
        owned.setdefault(str(provider), []).append(str(pk))
    asked = [pk for services in owned.values() for pk in services] if wanted.full_service else []
    # Every place of theirs, so that the full form names them; the secret ones fall out again.
    held = Location.objects.filter(provider__in=ids) if wanted.full else Location.objects.none()
    tables = disclosed(
        stored.tables(asked, providers=ids, locations=held.values_list("pk", flat=True))
    )
    found = _documents(ORGANIZATION, tables, ids, full=wanted.full)
    nest = Nest(tables, stored.terms(tables))
    for document in found:
        if wanted.full_service:
            document["services"] = [nest.service(pk) for pk in owned.get(document["id"], [])]
    return found


def place_documents(ids: Sequence[Any], wanted: Wanted) -> list[Row]:
    """Return services at locations as HSDS."""
    links = ServiceAtLocation.objects.filter(pk__in=ids).values_list("service_id", flat=True)
    return _documents(SERVICE_AT_LOCATION, disclosed_tables(list(links)), ids, full=wanted.full)


def location_documents(ids: Sequence[Any], wanted: Wanted) -> list[Row]:
    """Return locations as HSDS."""
    tables = disclosed(stored.tables([], locations=ids))
    return _documents(LOCATION, tables, ids, full=wanted.full)


def taxonomy_documents(ids: Sequence[Any]) -> list[Row]:
    """Return taxonomies as HSDS."""
    found = Taxonomy.objects.in_bulk(ids)
    return [stored.taxonomy_document(found[pk]) for pk in ids if pk in found]


def term_documents(ids: Sequence[Any]) -> list[Row]:
    """Return terms as HSDS, each with its taxonomy."""
    found = TaxonomyTerm.objects.select_related("taxonomy").in_bulk(ids)
    return [stored.term_document(found[pk], detail=True) for pk in ids if pk in found]


def every(found: QuerySet[Any]) -> Iterator[list[Any]]:
    """Yield the ids of everything that was found, some hundreds at a time."""
    ids = list(found.values_list("pk", flat=True))
    for start in range(0, len(ids), STREAMED):
        yield ids[start : start + STREAMED]


def disclosed_tables(ids: Sequence[Any]) -> Tables:
    """Return all rows of services but what is confidential."""
    return disclosed(stored.tables(ids))


def _documents(entity: Entity, tables: Tables, ids: Sequence[Any], *, full: bool) -> list[Row]:
    nest = Nest(tables, stored.terms(tables) if full else {})
    wanted = [tables[entity.key].get(str(pk)) for pk in ids]
    return [nest.document(entity, row, full=full) for row in wanted if row is not None]


def _with_children(term: UUID) -> list[UUID]:
    below = TaxonomyTerm.objects.filter(Q(parent=term) | Q(parent__parent=term))
    return [term, *below.values_list("pk", flat=True)]


def _spoken_of(word: str) -> Q:
    """Return the condition that a service's texts hold a word. A confidential one's texts are clean."""
    return (
        Q(name__icontains=word)
        | Q(alternate_name__icontains=word)
        | Q(description__icontains=word)
        | Q(provider__name__icontains=word)
        | Q(terms__name__icontains=word)
    )
