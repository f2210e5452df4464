"""The API's OpenAPI document and the German profile, written from the table that everything follows."""

from typing import Any

from referrals.hsds.shape import ENTITIES, Entity, Field, Kind

HSDS = "https://raw.githubusercontent.com/openreferral/specification/3.1/schema"
VERSION = "3.1"
PROFILE_VERSION = "1.0"

# What the profile's fields say, by entity and field.
MEANING = {
    "confidential_address": "The address is secret (for example of a women's shelter). No address, coordinates or place of the service are served; service areas tell whom it is for.",
    "anonymous_possible": "Whether nobody has to give a name.",
    "free_of_charge": "Whether it costs nothing.",
    "accepts_referrals": "Whether another service may refer somebody here.",
    "referral_ways": "How referrals are taken.",
    "capacity_code": "Whether there is room now: frei (places free), warteliste (waiting list), voll (takes nobody now), unbekannt (not known).",
    "waiting_weeks": "How many weeks people wait at present.",
    "capacity_date": "The day on which capacity and waiting time were reported.",
    "assured_until": "Until when whoever keeps the entry stands by it.",
    "opening_hours": "Opening hours in the syntax of OpenStreetMap. What holds for one place goes before what holds for the service.",
    "opening_hours_note": "What the opening hours cannot say.",
    "ags": "Official key (Amtlicher Gemeindeschlüssel) of a Land (2 digits), district (5) or municipality (8).",
    "wheelchair": "Whether a wheelchair gets in, with OpenStreetMap's values.",
}
_NUMBERS = ("total_items", "total_pages", "page_number", "size")
_FLAGS = ("first_page", "last_page", "empty")
PAGE: dict[str, Any] = {
    "type": "object",
    "required": [*_NUMBERS, *_FLAGS, "contents"],
    "properties": {
        **{name: {"type": "integer"} for name in _NUMBERS},
        **{name: {"type": "boolean"} for name in _FLAGS},
    },
}
PARAMETERS = {
    "search": ("string", "Every word must occur in name, description, provider or category."),
    "page": ("integer", "Page number, from 1."),
    "per_page": ("integer", "Entries on a page, at most 500."),
    "format": ("string", "json (default) or ndjson, which streams everything without pages."),
    "taxonomy_term_id": ("string", "Only what has this term or one below it."),
    "taxonomy_id": ("string", "Only what has a term of this taxonomy."),
    "organization_id": ("string", "Only what this organization provides."),
    "modified_after": ("string", "Only what changed at this moment (ISO 8601) or later."),
    "minimal": ("boolean", "Only id, name, status and last_modified, all services on one page."),
    "full": ("boolean", "Everything that belongs to each entry."),
    "full_service": ("boolean", "The organization's services in full."),
    "postcode": (
        "string",
        "Only places with this postcode; with proximity, the postcode from whose middle it counts.",
    ),
    "proximity": (
        "string",
        "Only places within so many metres from the middle of the postcode (at most 1000000). "
        "A place without coordinates counts as the middle of its own postcode.",
    ),
    "parent_id": ("string", "Only terms below this one."),
    "top_only": ("boolean", "Only terms without a parent."),
}
PAGED = ("search", "page", "per_page", "format")
# Each list: the schema of its entries, its parameters beside those of pages.
LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "services": (
        "service",
        ("taxonomy_term_id", "taxonomy_id", "organization_id", "modified_after", "minimal", "full"),
    ),
    "organizations": ("organization", ("full", "full_service", "taxonomy_term_id", "taxonomy_id")),
    "service_at_locations": (
        "service_at_location",
        (
            "taxonomy_term_id",
            "taxonomy_id",
            "organization_id",
            "modified_after",
            "full",
            "postcode",
            "proximity",
        ),
    ),
    "locations": ("location", ("organization_id", "full", "postcode", "proximity")),
    "taxonomies": ("taxonomy", ()),
    "taxonomy_terms": ("taxonomy_term", ("taxonomy_id", "top_only", "parent_id")),
}
_JSON_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.NUMBER: {"type": "number"},
    Kind.COUNT: {"type": "integer", "minimum": 0},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.AGS: {"type": "string", "pattern": "^[0-9]{2}([0-9]{3}([0-9]{3})?)?$"},
}


def profile(url: str) -> dict[str, Any]:
    """Return the German profile: for each HSDS object the fields that it adds, as JSON Schema."""
    return {
        "name": "Lotse: German profile of HSDS 3.1",
        "version": PROFILE_VERSION,
        "uri": url,
        "hsds": VERSION,
        "language": "de",
        "schemas": {
            entity.name: {"allOf": [{"$ref": f"{HSDS}/{entity.name}.json"}], "properties": added}
            for entity in ENTITIES
            if (added := {f.name: schema_of(f) for f in entity.fields if f.profile})
        },
    }


def added_fields(entity: Entity) -> dict[str, dict[str, Any]]:
    """Return the schemas of the fields that the profile adds to an entity."""
    return {spec.name: schema_of(spec) for spec in entity.fields if spec.profile}


def schema_of(spec: Field) -> dict[str, Any]:
    """Return a profile field's JSON Schema."""
    meaning = {"description": MEANING[spec.name]}
    if spec.kind == Kind.CODE:
        return {"type": "string", "enum": list(spec.codes), **meaning}
    if spec.kind == Kind.CODES:
        return {"type": "array", "items": {"type": "string", "enum": list(spec.codes)}, **meaning}
    return {**_JSON_TYPES.get(spec.kind, {"type": "string"}), **meaning}


def document(server: str) -> dict[str, Any]:
    """Return the OpenAPI document. server: the API's address without a slash at the end."""
    paths: dict[str, Any] = {
        "/": {"get": _operation("base", "Which API this is.", {"type": "object"}, ())}
    }
    for name, (schema, parameters) in LISTS.items():
        entry = _schema(schema)
        page = {
            "allOf": [{"$ref": "#/components/schemas/Page"}],
            "properties": {"contents": {"type": "array", "items": entry}},
        }
        paths[f"/{name}"] = {
            "get": _operation(f"list_{name}", f"{name}, page by page.", page, (*PAGED, *parameters))
        }
        one = _operation(f"get_{schema}", f"One {schema} in full.", entry, ())
        one["parameters"] = [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        ]
        one["responses"]["404"] = {"description": "There is nothing with this id."}
        paths[f"/{name}/{{id}}"] = {"get": one}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lotse: directory of help for families",
            "version": PROFILE_VERSION,
            "summary": "HSDS 3.1 read API with the German profile.",
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": {
                "Page": PAGE,
                **{
                    entity.name: {
                        "allOf": [{"$ref": f"{HSDS}/{entity.name}.json"}],
                        "properties": added,
                    }
                    for entity in ENTITIES
                    if (added := added_fields(entity))
                },
            },
            "parameters": {
                name: {
                    "name": name,
                    "in": "query",
                    "required": False,
                    "description": meaning,
                    "schema": {"type": kind},
                }
                for name, (kind, meaning) in PARAMETERS.items()
            },
        },
    }


def _schema(name: str) -> dict[str, Any]:
    entity = next((entity for entity in ENTITIES if entity.name == name), None)
    if entity is not None and added_fields(entity):
        return {"$ref": f"#/components/schemas/{name}"}
    return {"$ref": f"{HSDS}/{name}.json"}


def _operation(
    name: str, summary: str, schema: dict[str, Any], parameters: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [{"$ref": f"#/components/parameters/{p}"} for p in parameters],
        "responses": {
            "200": {
                "description": summary,
                "content": {"application/json": {"schema": schema}},
            },
            "304": {"description": "Nothing has changed since."},
            "400": {"description": "A parameter cannot be read."},
            "429": {"description": "Too many requests."},
        },
    }
