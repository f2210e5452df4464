"""What a row or a bundle cannot mean, told to the clerk and mended where there is only one way. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import phonenumbers

from referrals import hours
from referrals.hsds.shape import NAMED_BY, Entity
from referrals.reports import Place, Report

if TYPE_CHECKING:
    from referrals.hsds.bundles import Bundle, Row

OLDEST = 130  # years; nobody a service could mean is older
# Texts of a service that everybody may read.
PUBLIC_TEXTS = (
    "name",
    "alternate_name",
    "description",
    "application_process",
    "eligibility_description",
    "fees_description",
    "interpretation_services",
    "alert",
    "wait_time",
    "fees",
    "accreditations",
    "licenses",
    "opening_hours_note",
)
HIDDEN = "[Adresse geheim]"
UNIT = ("id", "name", "scheme", "identifier", "uri")


def is_useless(entity: Entity, row: "Row", place: Place, report: Report) -> bool:
    """Say whether a row says nothing without its main value, and report it; mend what can be mended."""
    if entity.name == "phone":
        return _no_number(row, place, report)
    if entity.name == "service_capacity":
        if "available" not in row or "updated" not in row or not isinstance(row.get("unit"), dict):
            report.add(place, "no-capacity", field="capacities")
            return True
        if row.get("maximum") is not None and row["available"] > row["maximum"]:
            report.add(place, "more-free", value=str(row["available"]), hint=str(row["maximum"]))
        unit = {key: str(value) for key, value in row["unit"].items() if key in UNIT and value}
        row["unit"] = {"name": "", **unit}
    if entity.name == "organization" and "name" not in row:
        report.add(place, "no-name", field="organization")
        return True
    return False


def check(bundle: "Bundle", report: Report) -> None:
    """Mend and report what several fields together cannot mean."""
    place = bundle.place
    _dangling(bundle, report)
    for row in bundle.rows("locations"):
        _coordinates(row, place, report)
    for row in bundle.rows("addresses"):
        _postcode(row, place, report)
    for row in bundle.rows("cost_options"):
        if "currency" in row:
            row["currency"] = row["currency"].upper()
    service = bundle.service
    if service is None:
        return
    _ages(service, place, report)
    if bundle.columns is None or "attributes" in bundle.columns:
        _category(bundle, report)
    _hours(bundle, report)
    if service.get("confidential_address"):
        for row in bundle.rows("locations"):
            row["confidential_address"] = True
    _secrets(bundle, report)


def _dangling(bundle: "Bundle", report: Report) -> None:
    """Take out links to rows that the source does not have, and rows that then hang in the air."""
    for key, table in bundle.tables.items():
        for row_id, row in list(table.items()):
            parents = [name for name in row if name in NAMED_BY]
            for name in parents:
                if row[name] not in bundle.tables.get(NAMED_BY[name].key, {}):
                    if key not in {"services", "locations"}:
                        report.add(bundle.place, "dangling", field=key, value=f"{name} {row[name]}")
                    del row[name]
            hangs = not any(name in row for name in parents)
            if parents and hangs and key not in {"services", "locations"}:
                del table[row_id]


def _no_number(row: "Row", place: Place, report: Report) -> bool:
    number = str(row.get("number", "")).strip().strip("\"'“”„ ")
    if sum(c.isdigit() for c in number) < 3:
        report.add(place, "no-phone", field="phones", value=number)
        return True
    row["number"] = number
    if not valid_phone(number):
        report.add(place, "odd-phone", field="phones", value=number)
    return False


@lru_cache(maxsize=4096)
def valid_phone(number: str) -> bool:
    """Say whether a number could be dialled from Germany; short numbers such as 116 111 count."""
    digits = "".join(c for c in number if c.isdigit())
    if 3 <= len(digits) <= 6 and not number.startswith("+"):
        return True
    try:
        parsed = phonenumbers.parse(number, "DE")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(parsed)


def _coordinates(row: "Row", place: Place, report: Report) -> None:
    latitude, longitude = row.get("latitude"), row.get("longitude")
    if latitude is None and longitude is None:
        return
    fits = (
        latitude is not None
        and longitude is not None
        and -90 <= latitude <= 90
        and -180 <= longitude <= 180
        and (latitude, longitude) != (0, 0)
    )
    if not fits:
        report.add(place, "no-coordinates", value=f"{latitude}, {longitude}")
        row.pop("latitude", None)
        row.pop("longitude", None)


def _postcode(row: "Row", place: Place, report: Report) -> None:
    row["country"] = str(row.get("country") or "DE").upper()[:2]
    if row["country"] != "DE":
        return
    written = str(row.get("postal_code", "")).removeprefix("D-").strip()
    if not written:
        if row.get("address_1") or row.get("city"):
            report.add(place, "no-postcode", field="postal_code")
    elif re.fullmatch(r"\d{4}", written):
        row["postal_code"] = f"0{written}"
        report.add(place, "short-postcode", value=written, hint=f"0{written}")
    elif not re.fullmatch(r"\d{5}", written):
        report.add(place, "odd-postcode", field="postal_code", value=written)
        del row["postal_code"]
    else:
        row["postal_code"] = written


def _ages(row: "Row", place: Place, report: Report) -> None:
    ages = [row[name] for name in ("minimum_age", "maximum_age") if name in row]
    if ages != sorted(ages) or any(not 0 <= age <= OLDEST for age in ages):
        report.add(place, "no-ages", value=" – ".join(str(age) for age in ages))
        row.pop("minimum_age", None)
        row.pop("maximum_age", None)


def _category(bundle: "Bundle", report: Report) -> None:
    if not bundle.rows("attributes"):
        report.add(bundle.place, "no-category")


def _hours(bundle: "Bundle", report: Report) -> None:
    """Derive opening hours from schedules where the source does not say them in OSM syntax."""
    for key, foreign in (
        ("services", "service_id"),
        ("locations", "location_id"),
        ("service_at_locations", "service_at_location_id"),
    ):
        for row in bundle.rows(key):
            schedules = [s for s in bundle.rows("schedules") if s.get(foreign) == row["id"]]
            if not schedules or "opening_hours" in row:
                continue
            if bundle.columns is not None and "opening_hours" not in bundle.columns.get(key, ()):
                continue
            found = hours.from_schedules(schedules)
            if found.problem:
                value = ", ".join(
                    f"{s.get('opens_at', '')}-{s.get('closes_at', '')}" for s in schedules
                )
                report.add(bundle.place, found.problem, value=value, hint=found.hint)
            if found.osm:
                row["opening_hours"] = found.osm


def _secrets(bundle: "Bundle", report: Report) -> None:
    """Make a confidential street or postcode illegible where a public text tells it."""
    service = bundle.service
    if service is None:
        return
    hidden = {row["id"] for row in bundle.rows("locations") if row.get("confidential_address")}
    if not hidden:
        return
    told = secrets(row for row in bundle.rows("addresses") if row.get("location_id") in hidden)
    provider = bundle.tables.get("organizations", {}).get(service.get("organization_id", ""), {})
    found = {illegible(row, told) for row in (service, provider)}
    if True in found:
        report.add(bundle.place, "secret-told")


def secrets(addresses: "Iterable[Row]") -> list[re.Pattern[str]]:
    """Return patterns of what must not be told of addresses: street with number, and postcode."""
    found: list[re.Pattern[str]] = []
    for row in addresses:
        street = " ".join(str(row.get("address_1", "")).split())
        if len(street) > 4:
            # „Musterstraße 5“, „Musterstr. 5“ and „Musterstrasse 5“ are the same secret.
            base = re.escape(street)
            base = re.sub(r"(?i)stra(ß|ss)e|str\\\.", r"(?:straße|strasse|str\\.?)", base)
            found.append(re.compile(base.replace(r"\ ", r"\s+"), re.IGNORECASE))
        postcode = str(row.get("postal_code", ""))
        if len(postcode) >= 4:
            found.append(re.compile(rf"(?<!\d){re.escape(postcode)}(?!\d)"))
    return found


def illegible(row: "dict[str, Any]", told: list[re.Pattern[str]]) -> bool:
    """Replace secrets in a row's public texts; say whether there were any."""
    changed = False
    for name in PUBLIC_TEXTS:
        text = row.get(name)
        if not isinstance(text, str):
            continue
        for pattern in told:
            text = pattern.sub(HIDDEN, text)
        if text != row[name]:
            row[name] = text
            changed = True
    return changed
