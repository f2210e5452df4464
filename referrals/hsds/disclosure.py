"""What everybody may read: the directory without a trace of confidential addresses. Pure.

The one place that decides it: pages, API and exports all pass their rows through `disclosed`. A place
is secret when it says so or when a secret service is there; nothing of it is left, nor of what hangs
on it, and its street and postcode are made illegible in the service's own texts.
"""

import re

from referrals.hsds.checking import HIDDEN, secrets
from referrals.hsds.shape import BY_KEY
from referrals.hsds.tables import Row, Tables


def disclosed(tables: Tables) -> Tables:
    """Return the rows without what is confidential; the given rows stay as they are."""
    services = {
        pk for pk, row in tables.get("services", {}).items() if row.get("confidential_address")
    }
    links = tables.get("service_at_locations", {})
    places = {
        pk for pk, row in tables.get("locations", {}).items() if row.get("confidential_address")
    }
    places |= {row["location_id"] for row in links.values() if row.get("service_id") in services}
    if not services and not places:
        return tables
    gone = {
        "location_id": places,
        "service_at_location_id": {
            pk
            for pk, row in links.items()
            if row.get("service_id") in services or row.get("location_id") in places
        },
    }
    gone["contact_id"] = _only_there(tables, "contacts", gone)
    gone["phone_id"] = _only_there(tables, "phones", gone)
    told = secrets(
        row for row in tables.get("addresses", {}).values() if row["location_id"] in places
    )
    found: Tables = {}
    for key, table in tables.items():
        foreign = f"{BY_KEY[key].name}_id"
        found[key] = {
            pk: _legible(key, row, services, told)
            for pk, old in table.items()
            if pk not in gone.get(foreign, ()) and (row := _without(key, old, gone)) is not None
        }
    return found


def _only_there(tables: Tables, key: str, gone: dict[str, set[str]]) -> set[str]:
    """Return the rows of a table that hang on nothing but what is gone."""
    return {pk for pk, row in tables.get(key, {}).items() if _without(key, row, gone) is None}


def _without(key: str, row: Row, gone: dict[str, set[str]]) -> Row | None:
    """Return a row without links to what is gone; None when no link is left."""
    parents = [name for name in BY_KEY[key].parents if name in row]
    lost = [name for name in parents if row[name] in gone.get(name, ())]
    if not lost:
        return row
    if key == "service_at_locations" or len(lost) == len(parents):
        return None
    return {name: value for name, value in row.items() if name not in lost}


def _legible(key: str, row: Row, services: set[str], told: list[re.Pattern[str]]) -> Row:
    """Return a secret service's row with its street and postcode illegible, and without extras."""
    service = row["id"] if key == "services" else row.get("service_id")
    if service not in services:
        return row
    shown = {name: _hidden(value, told) for name, value in row.items()}
    shown.pop("extra", None)
    return shown


def _hidden(value: object, told: list[re.Pattern[str]]) -> object:
    if not isinstance(value, str):
        return value
    for pattern in told:
        value = pattern.sub(HIDDEN, value)
    return value
