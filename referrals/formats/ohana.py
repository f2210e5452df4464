"""Ohana CSV (Code for America's Ohana API): places with services, in American English."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from referrals.formats.documents import Found
from referrals.formats.files import Files
from referrals.formats.hsds_csv import Sheet, sheets
from referrals.hsds.bundles import LINE, PART
from referrals.reports import NotReadable, Place, Report

Raw = dict[str, Any]
TABLES = frozenset(
    f"{name}.csv"
    for name in (
        "addresses", "contacts", "holiday_schedules", "locations", "mail_addresses", "organizations",
        "phones", "programs", "regular_schedules", "services", "taxonomy",
    )
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ACCESS = {
    "wheelchair": "Wheelchair",
    "ramp": "Ramp",
    "elevator": "Elevator",
    "restroom": "Accessible restroom",
    "disabled_parking": "Accessible parking",
    "cd": "Information on CD",
    "deaf_interpreter": "Interpreter for the deaf",
    "tape_braille": "Information on tape or in Braille",
    "tty": "TTY",
}


def read(files: Files, report: Report) -> Iterator[Found]:
    """Yield the services (and providers without any). Raises NotReadable without services.csv."""
    found = sheets(files, report, set(TABLES))
    if "services.csv" not in found:
        raise NotReadable(_("Es fehlt die Datei services.csv."))
    ohana = _Ohana(found)
    yield from ohana.documents()
    for name, line in ohana.unused():
        report.add(Place(line, part=name), "not-kept", value=name)


class _Ohana:
    def __init__(self, found: dict[str, Sheet]) -> None:
        self.sheets = {name: found.get(name) or Sheet([], [], []) for name in TABLES}

    def documents(self) -> Iterator[Found]:
        services = self.sheets["services.csv"]
        for place, line in enumerate(services.lines):
            yield Found(line, self._service(services.raw(place, "")))
        providers = self.sheets["organizations.csv"]
        for place, line in enumerate(providers.lines):
            if place not in providers.used:
                raw = providers.raw(place, "organizations.csv")
                yield Found(line, self._organization(raw, full=True), is_provider=True)

    def unused(self) -> Iterator[tuple[str, int]]:
        for name, sheet in self.sheets.items():
            if name not in {"taxonomy.csv", "programs.csv"}:
                for place, line in enumerate(sheet.lines):
                    if place not in sheet.used:
                        yield name, line

    def _service(self, raw: Raw) -> Raw:
        own = str(raw.get("id", ""))
        location = self._first("locations.csv", "id", str(raw.get("location_id", "")))
        document = _kept(
            raw, "id", "name", "alternate_name", "description", "email", "status", "wait_time",
            "application_process", "interpretation_services",
        )  # fmt: skip
        document |= {
            "url": raw.get("website", ""),
            "fees_description": raw.get("fees", ""),
            "eligibility_description": _joined(raw, "audience", "eligibility"),
            "languages": _languages(raw, own),
            "service_areas": [{"name": name} for name in _listed(raw, "service_areas")],
            "required_documents": [
                {"document": text} for text in _listed(raw, "required_documents")
            ],
            "funding": [{"source": text} for text in _listed(raw, "funding_sources")],
            "cost_options": [{"option": text} for text in _listed(raw, "accepted_payments")],
            "attributes": [self._attribute(code) for code in _listed(raw, "taxonomy_ids")],
            **self._reached("service_id", own),
        }
        program = self._first("programs.csv", "id", str(raw.get("program_id", "")))
        if program:
            document["program"] = _kept(program, "id", "name", "alternate_name")
        if location:
            document["service_at_locations"] = [
                {"id": f"{own}@{location['id']}", "location": self._location(location)}
            ]
            provider = self._first(
                "organizations.csv", "id", str(location.get("organization_id", ""))
            )
            if provider:
                document["organization"] = self._organization(provider, full=False)
        return document

    def _location(self, raw: Raw) -> Raw:
        own = str(raw["id"])
        addresses = [
            self._address(row, "physical") for row in self._all("addresses.csv", "location_id", own)
        ]
        addresses += [
            self._address(row, "postal")
            for row in self._all("mail_addresses.csv", "location_id", own)
        ]
        document = _kept(
            raw, "id", "name", "alternate_name", "description", "transportation", "latitude", "longitude",
        )  # fmt: skip
        access = _listed(raw, "accessibility")
        return {
            **document,
            "url": raw.get("website", ""),
            "location_type": "virtual" if raw.get("virtual") == "true" else "physical",
            "languages": _languages(raw, own),
            "addresses": addresses,
            "accessibility": [{"description": ACCESS.get(code, code)} for code in access],
            "wheelchair": "yes" if "wheelchair" in access else "",
            **self._reached("location_id", own),
        }

    def _organization(self, raw: Raw, *, full: bool) -> Raw:
        """Return a provider; with its places where no service brings them."""
        own = str(raw["id"])
        document = _kept(
            raw, "id", "name", "alternate_name", "description", "email", "website", "tax_id",
            "tax_status", "legal_status",
        )  # fmt: skip
        document["funding"] = [{"source": text} for text in _listed(raw, "funding_sources")]
        founded = str(raw.get("date_incorporated", ""))[-4:]
        if founded.isdecimal():
            document["year_incorporated"] = founded
        reached = self._reached("organization_id", own)
        reached.pop("schedules")
        document |= reached
        if full:
            locations = self._all("locations.csv", "organization_id", own)
            document["locations"] = [self._location(row) for row in locations]
        return document

    def _reached(self, foreign: str, own: str) -> Raw:
        """Return phones, contacts and hours of a service, a place or a provider."""
        contacts = []
        for row in self._all("contacts.csv", foreign, own):
            contact = _kept(row, "id", "name", "title", "department", "email", LINE, PART)
            contact["phones"] = self._phones("contact_id", str(row["id"]))
            contacts.append(contact)
        return {
            "phones": self._phones(foreign, own),
            "contacts": contacts,
            "schedules": [
                {
                    "id": row["id"],
                    "freq": "WEEKLY",
                    "byday": _weekday(str(row.get("weekday", ""))),
                    **_kept(row, "opens_at", "closes_at", LINE, PART),
                }
                for row in self._all("regular_schedules.csv", foreign, own)
            ],
        }

    def _phones(self, foreign: str, own: str) -> list[Raw]:
        return [
            {
                **_kept(row, "id", "extension", LINE, PART),
                "number": " ".join(str(row[k]) for k in ("country_prefix", "number") if k in row),
                "type": row.get("number_type", ""),
                "description": row.get("department", ""),
            }
            for row in self._all("phones.csv", foreign, own)
        ]

    def _address(self, row: Raw, kind: str) -> Raw:
        address = _kept(
            row, "attention", "address_1", "address_2", "city", "state_province", "postal_code",
            "country", LINE, PART,
        )  # fmt: skip
        return {**address, "id": f"{kind}-{row['id']}", "address_type": kind}

    def _attribute(self, code: str) -> Raw:
        term = self._first("taxonomy.csv", "taxonomy_id", code) or {}
        named = {"code": code, "name": term.get("name", code), "taxonomy": "Open Eligibility"}
        return {"taxonomy_term": named}

    def _first(self, name: str, column: str, value: str) -> Raw | None:
        rows = self._all(name, column, value)
        return rows[0] if rows else None

    def _all(self, name: str, column: str, value: str) -> list[Raw]:
        sheet = self.sheets[name]
        return [sheet.raw(place, name) for place in sheet.where(column, value)]


def _kept(raw: Raw, *names: str) -> Raw:
    return {name: raw[name] for name in names if name in raw}


def _listed(raw: Raw, name: str) -> list[str]:
    return [part.strip() for part in str(raw.get(name, "")).split(",") if part.strip()]


def _languages(raw: Raw, own: str) -> list[Raw]:
    return [{"name": name} for name in _listed(raw, "languages")]


def _joined(raw: Raw, *names: str) -> str:
    return "\n".join(str(raw[name]) for name in names if raw.get(name))


def _weekday(name: str) -> str:
    return name[:2].upper() if name.capitalize() in WEEKDAYS else name
