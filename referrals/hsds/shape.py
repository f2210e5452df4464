"""The shape of HSDS 3.1 and of the German profile, as one table.

Reading, writing, serving and comparing all follow it; a field that is added here (and to its model)
is imported, exported, served and kept in versions. Source: Open Referral HSDS 3.1, schema/*.json;
fields with `profile=True` are ours and are documented in docs/directory.md.
"""

from dataclasses import replace

from referrals.hsds.fields import Entity, Field, Kind, code, email, own, text, texts, uri
from referrals.models import (
    Accessibility,
    Address,
    Attribute,
    Capacity,
    CapacityCode,
    Contact,
    CostOption,
    Language,
    Location,
    LocationType,
    Phone,
    Provider,
    ReferralWay,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
    Status,
    Wheelchair,
)

HOURS = (
    own("opening_hours", Kind.HOURS, longest=500),
    own("opening_hours_note", Kind.TEXT),
)

# Kept in `extra`: Lotse does not read them, but gives back what it was given.
FUNDING = Entity("funding", "funding", None, texts("source"))
PROGRAM = Entity(
    "program",
    "program",
    None,
    (
        text("name", 300, required=True),
        text("alternate_name", 300),
        text("description", required=True),
    ),
    file="programs",
    single=True,
)
PROGRAMS = replace(PROGRAM, key="programs", file="", single=False)
DOCUMENT = Entity("required_document", "required_documents", None, (text("document"), uri("uri")))
SERVICE_URL = Entity(
    "url", "additional_urls", None, (text("label", 300), uri("url", required=True)), file="url"
)
PROVIDER_URL = Entity(
    "url", "additional_websites", None, (text("label", 300), uri("url", required=True)), file="url"
)
IDENTIFIER = Entity(
    "organization_identifier",
    "organization_identifiers",
    None,
    (
        text("identifier_scheme", 200),
        *texts("identifier_type", "identifier", longest=200, required=True),
    ),
)

ORGANIZATION = Entity(
    "organization",
    "organizations",
    Provider,
    (
        text("name", 300, required=True),
        text("alternate_name", 300),
        text("description", required=True),
        email(),
        uri("website"),
        *texts("tax_status", "tax_id", longest=200),
        Field("year_incorporated", Kind.COUNT),
        text("legal_status", 200),
        uri("logo"),
        uri("uri"),
        Field("parent_organization_id", Kind.UUID),
    ),
    children=("phones", "contacts", "locations"),
    extra=(FUNDING, PROVIDER_URL, PROGRAMS, IDENTIFIER),
)
SERVICE = Entity(
    "service",
    "services",
    Service,
    (
        text("name", 300, required=True),
        text("alternate_name", 300),
        text("description"),
        uri("url"),
        email(),
        code("status", Status, default=Status.ACTIVE.value),
        *texts("interpretation_services", "application_process", "fees_description"),
        *texts("wait_time", "fees", "accreditations", "eligibility_description"),
        Field("minimum_age", Kind.NUMBER),
        Field("maximum_age", Kind.NUMBER),
        Field("assured_date", Kind.DATE, kept=True),
        email("assurer_email", kept=True),
        *texts("licenses", "alert"),
        own("confidential_address", Kind.BOOLEAN, "confidential", default=False),
        own("anonymous_possible", Kind.BOOLEAN),
        own("free_of_charge", Kind.BOOLEAN),
        own("accepts_referrals", Kind.BOOLEAN),
        Field("referral_ways", Kind.CODES, codes=tuple(ReferralWay.values), profile=True),
        code("capacity_code", CapacityCode, profile=True, kept=True),
        own("waiting_weeks", Kind.COUNT, kept=True),
        own("capacity_date", Kind.DATE, "capacity_on", kept=True),
        own("assured_until", Kind.DATE, kept=True),
        *HOURS,
    ),
    parents={"organization_id": "provider"},
    children=(
        "phones",
        "schedules",
        "service_areas",
        "service_at_locations",
        "languages",
        "cost_options",
        "contacts",
        "capacities",
        "attributes",
    ),
    one={"organization": ("organization", "organization_id")},
    extra=(SERVICE_URL, FUNDING, PROGRAM, DOCUMENT),
)
LOCATION = Entity(
    "location",
    "locations",
    Location,
    (
        code("location_type", LocationType, default=LocationType.PHYSICAL.value),
        uri("url"),
        *texts("name", "alternate_name", longest=300),
        *texts("description", "transportation"),
        Field("latitude", Kind.NUMBER),
        Field("longitude", Kind.NUMBER),
        *texts("external_identifier", "external_identifier_type", longest=200),
        own("confidential_address", Kind.BOOLEAN, "confidential", default=False),
        own("ags", Kind.AGS, longest=8),
        code("wheelchair", Wheelchair, profile=True),
        *HOURS,
    ),
    parents={"organization_id": "provider"},
    children=("languages", "addresses", "contacts", "accessibility", "phones", "schedules"),
)
SERVICE_AT_LOCATION = Entity(
    "service_at_location",
    "service_at_locations",
    ServiceAtLocation,
    (text("description"), *HOURS),
    file="service_at_location",
    parents={"service_id": "service", "location_id": "location"},
    children=("service_areas", "contacts", "phones", "schedules"),
    one={"location": ("location", "location_id")},
)
ADDRESS = Entity(
    "address",
    "addresses",
    Address,
    (
        text("attention", 300),
        text("address_1", 300, required=True),
        text("address_2", 300),
        text("city", 200, required=True),
        text("region", 200),
        text("state_province", 100, required=True),
        text("postal_code", 20, required=True),
        text("country", 2, required=True, default="DE"),
        code("address_type", LocationType, default=LocationType.PHYSICAL.value),
    ),
    parents={"location_id": "location"},
)
ACCESSIBILITY = Entity(
    "accessibility",
    "accessibility",
    Accessibility,
    (*texts("description", "details"), uri("url")),
    parents={"location_id": "location"},
)
CONTACT = Entity(
    "contact",
    "contacts",
    Contact,
    (*texts("name", "title", "department", longest=200), email()),
    parents={
        "organization_id": "provider",
        "service_id": "service",
        "service_at_location_id": "service_at_location",
        "location_id": "location",
    },
    children=("phones",),
)
PHONE = Entity(
    "phone",
    "phones",
    Phone,
    (
        text("number", 60, required=True),
        Field("extension", Kind.COUNT),
        text("type", 20),
        text("description"),
    ),
    parents={
        "location_id": "location",
        "service_id": "service",
        "organization_id": "provider",
        "contact_id": "contact",
        "service_at_location_id": "service_at_location",
    },
    children=("languages",),
)
LANGUAGE = Entity(
    "language",
    "languages",
    Language,
    (text("name", 120), text("code", 12), text("note")),
    parents={"service_id": "service", "location_id": "location", "phone_id": "phone"},
)
SERVICE_AREA = Entity(
    "service_area",
    "service_areas",
    ServiceArea,
    (
        *texts("name", "description", "extent"),
        text("extent_type", 20),
        text("uri", 500),
        own("ags", Kind.AGS, longest=8),
    ),
    parents={"service_id": "service", "service_at_location_id": "service_at_location"},
)
COST_OPTION = Entity(
    "cost_option",
    "cost_options",
    CostOption,
    (
        Field("valid_from", Kind.DATE),
        Field("valid_to", Kind.DATE),
        text("option"),
        text("currency", 3),
        Field("amount", Kind.NUMBER),
        text("amount_description"),
    ),
    parents={"service_id": "service"},
)
SCHEDULE = Entity(
    "schedule",
    "schedules",
    Schedule,
    (
        Field("valid_from", Kind.DATE),
        Field("valid_to", Kind.DATE),
        Field("dtstart", Kind.DATE),
        Field("timezone", Kind.NUMBER),
        Field("until", Kind.DATE),
        Field("count", Kind.COUNT),
        Field("wkst", Kind.CODE, codes=("MO", "TU", "WE", "TH", "FR", "SA", "SU")),
        Field("freq", Kind.CODE, codes=("WEEKLY", "MONTHLY")),
        Field("interval", Kind.COUNT),
        text("byday", 100),
        *texts("byweekno", "bymonthday", "byyearday", longest=300),
        text("description"),
        *texts("opens_at", "closes_at", longest=20),
        uri("schedule_link"),
        *texts("attending_type", "notes"),
    ),
    parents={
        "service_id": "service",
        "location_id": "location",
        "service_at_location_id": "service_at_location",
    },
)
ATTRIBUTE = Entity(
    "attribute",
    "attributes",
    Attribute,
    (text("link_type", 120), text("value"), text("label", 300)),
    parents={"service_id": "service", "taxonomy_term_id": "term"},
)
CAPACITY = Entity(
    "service_capacity",
    "capacities",
    Capacity,
    (
        Field("unit", Kind.OBJECT),
        Field("available", Kind.NUMBER),
        Field("maximum", Kind.NUMBER),
        text("description"),
        Field("updated", Kind.DATETIME),
    ),
    file="service_capacity",
    parents={"service_id": "service"},
)

# In the order in which rows can be written: what is named comes before what names it.
ENTITIES = (
    ORGANIZATION,
    SERVICE,
    LOCATION,
    SERVICE_AT_LOCATION,
    CONTACT,
    PHONE,
    ADDRESS,
    ACCESSIBILITY,
    LANGUAGE,
    SERVICE_AREA,
    COST_OPTION,
    SCHEDULE,
    ATTRIBUTE,
    CAPACITY,
)
BY_KEY = {entity.key: entity for entity in ENTITIES}
BY_NAME = {entity.name: entity for entity in ENTITIES}
# Which entity a foreign key names.
NAMED_BY = {f"{entity.name}_id": entity for entity in ENTITIES}

__all__ = [
    "ACCESSIBILITY",
    "ADDRESS",
    "ATTRIBUTE",
    "BY_KEY",
    "BY_NAME",
    "CAPACITY",
    "CONTACT",
    "COST_OPTION",
    "ENTITIES",
    "LANGUAGE",
    "LOCATION",
    "NAMED_BY",
    "ORGANIZATION",
    "PHONE",
    "SCHEDULE",
    "SERVICE",
    "SERVICE_AREA",
    "SERVICE_AT_LOCATION",
    "Entity",
    "Field",
    "Kind",
]
