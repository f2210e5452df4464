"""All rows that belong to some services, in the same number of queries however many there are."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Model, Q, QuerySet

from referrals.hsds.shape import (
    ACCESSIBILITY,
    ADDRESS,
    ATTRIBUTE,
    CAPACITY,
    CONTACT,
    COST_OPTION,
    LANGUAGE,
    LOCATION,
    ORGANIZATION,
    PHONE,
    SCHEDULE,
    SERVICE,
    SERVICE_AREA,
    SERVICE_AT_LOCATION,
    Entity,
)
from referrals.hsds.tables import Row, Tables, plain, row_of
from referrals.models import Service, TaxonomyTerm


def rows(entity: Entity, condition: Q) -> dict[str, Row]:
    """Return the rows of a table that meet a condition, by id in a steady order."""
    found: QuerySet[Model] = entity.stored.filter(condition).order_by("pk")
    return {str(instance.pk): _row(entity, instance) for instance in found}


def tables(
    services: Collection[Any],
    *,
    locations: Iterable[Any] = (),
    providers: Iterable[Any] = (),
) -> Tables:
    """Return every row of some services: their own, their places', their providers'.

    locations, providers: further ones whose rows are wanted too.
    """
    found: Tables = {SERVICE.key: rows(SERVICE, Q(pk__in=services))}
    found[SERVICE_AT_LOCATION.key] = rows(SERVICE_AT_LOCATION, Q(service__in=services))
    provider_ids = {str(p) for p in providers} | _named(found[SERVICE.key], "organization_id")
    location_ids = {str(p) for p in locations}
    location_ids |= _named(found[SERVICE_AT_LOCATION.key], "location_id")
    found[ORGANIZATION.key] = rows(ORGANIZATION, Q(pk__in=provider_ids))
    found[LOCATION.key] = rows(LOCATION, Q(pk__in=location_ids))
    sals, places = list(found[SERVICE_AT_LOCATION.key]), list(found[LOCATION.key])
    owners = list(found[ORGANIZATION.key])
    ours = Q(service__in=services) | Q(service_at_location__in=sals)
    here = Q(location__in=places)
    found[CONTACT.key] = rows(CONTACT, ours | here | Q(provider__in=owners))
    found[PHONE.key] = rows(
        PHONE, ours | here | Q(provider__in=owners) | Q(contact__in=list(found[CONTACT.key]))
    )
    found[LANGUAGE.key] = rows(
        LANGUAGE, Q(service__in=services) | here | Q(phone__in=list(found[PHONE.key]))
    )
    found[ADDRESS.key] = rows(ADDRESS, here)
    found[ACCESSIBILITY.key] = rows(ACCESSIBILITY, here)
    found[SERVICE_AREA.key] = rows(SERVICE_AREA, ours)
    found[SCHEDULE.key] = rows(SCHEDULE, ours | here)
    for entity in (COST_OPTION, ATTRIBUTE, CAPACITY):
        found[entity.key] = rows(entity, Q(service__in=services))
    return found


def terms(found: Tables) -> dict[str, Row]:
    """Return the taxonomy terms that rows name, as HSDS documents by id."""
    named = _named(found.get(ATTRIBUTE.key, {}), "taxonomy_term_id")
    chosen = TaxonomyTerm.objects.filter(pk__in=named).select_related("taxonomy")
    return {str(term.pk): term_document(term) for term in chosen}


def term_document(term: TaxonomyTerm, *, detail: bool = False) -> Row:
    """Return a term as HSDS has it. detail: with its taxonomy."""
    document: Row = {
        "id": str(term.pk),
        "code": term.code,
        "name": term.name,
        "description": term.description,
        "taxonomy": term.taxonomy.name,
        "taxonomy_id": str(term.taxonomy_id),
        "language": term.language,
        "term_uri": term.term_uri,
    }
    if term.parent_id is not None:
        document["parent_id"] = str(term.parent_id)
    if detail:
        document["taxonomy_detail"] = taxonomy_document(term.taxonomy)
    return {key: value for key, value in document.items() if value or key == "description"}


def taxonomy_document(taxonomy: Any) -> Row:
    """Return a taxonomy as HSDS has it."""
    document = {
        "id": str(taxonomy.pk),
        "name": taxonomy.name,
        "description": taxonomy.description,
        "uri": taxonomy.uri,
        "version": taxonomy.version,
    }
    return {key: value for key, value in document.items() if value or key == "description"}


def _row(entity: Entity, instance: Model) -> Row:
    row = row_of(entity, instance)
    if isinstance(instance, Service):
        row["last_modified"] = plain(instance.last_modified)
    return row


def _named(table: dict[str, Row], foreign: str) -> set[str]:
    return {row[foreign] for row in table.values() if foreign in row}
