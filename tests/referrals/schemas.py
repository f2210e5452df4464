"""The HSDS schemas beside the repository: reference data that is no part of it."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from referrals.hsds.openapi import added_fields
from referrals.hsds.shape import ENTITIES
from tests.architecture.sources import ROOT

SHARED = ROOT.parent / "shared"
HSDS = SHARED / "hsds"
OHANA = SHARED / "data" / "ohana-sample-csv"

needs_hsds = pytest.mark.skipif(
    not (HSDS / "schema").is_dir(),
    reason=f"the HSDS reference files are not here ({HSDS}); conformance is not checked",
)
needs_ohana = pytest.mark.skipif(
    not OHANA.is_dir(), reason=f"the Ohana sample is not here ({OHANA})"
)


def content(name: str, *, strict: bool) -> dict[str, Any]:
    """Return a schema. strict: no field but HSDS's and the German profile's own."""
    schema: dict[str, Any] = json.loads((HSDS / "schema" / name).read_text(encoding="utf-8"))
    schema.pop("$id", None)
    if strict and schema.get("type") == "object":
        schema = copy.deepcopy(schema)
        entity = next((e for e in ENTITIES if f"{e.name}.json" == name), None)
        schema["properties"] |= added_fields(entity) if entity else {}
        schema["additionalProperties"] = False
    return schema


@cache
def validator(name: str, *, strict: bool) -> Draft202012Validator:
    """Return a validator for one HSDS object."""

    def retrieve(uri: str) -> Resource[Any]:
        found = content(Path(uri).name, strict=strict)
        return Resource.from_contents(found, default_specification=DRAFT202012)

    return Draft202012Validator(
        content(f"{name}.json", strict=strict),
        registry=Registry(retrieve=retrieve),  # type: ignore[call-arg]
        format_checker=FormatChecker(),
    )


def faults(name: str, value: Any, *, strict: bool = True) -> list[str]:
    """Return what is wrong with an object, by path."""
    found = validator(name, strict=strict).iter_errors(value)
    return [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}" for fault in found]


@cache
def page_schema() -> dict[str, Any]:
    """Return the schema of a page of entries from HSDS's OpenAPI file."""
    openapi = json.loads((HSDS / "schema" / "openapi.json").read_text(encoding="utf-8"))
    page: dict[str, Any] = openapi["components"]["schemas"]["Page"]
    return page | {"required": list(page["properties"])}
