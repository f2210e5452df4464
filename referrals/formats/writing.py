"""Writing the directory out: HSDS as JSON and as tables, the flat table as CSV and XLSX.

What comes in here has passed `hsds.disclosure`: an export is a page that travels.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from referrals.formats.flat import ADDRESS_FIELDS, COLUMNS, LOCATION_FIELDS, SERVICE_FIELDS
from referrals.hsds import values
from referrals.hsds.shape import ENTITIES, SERVICE, Entity
from referrals.hsds.tables import Row, Tables, derived_schedules

Documents = Iterable[Mapping[str, Any]]
TERM_COLUMNS = ("id", "code", "name", "description", "parent_id", "taxonomy", "language", "taxonomy_id", "term_uri")  # fmt: skip
UNIT_COLUMNS = ("id", "name", "scheme", "identifier", "uri")


def hsds_json(documents: Documents, stream: IO[str]) -> int:
    """Write a list of full services, one a line; return how many."""
    count = 0
    stream.write("[\n")
    for count, document in enumerate(documents, 1):
        stream.write(",\n" if count > 1 else "")
        stream.write(json.dumps(document, ensure_ascii=False))
    stream.write("\n]\n")
    return count


class Tabular:
    """Collects rows of HSDS tables chunk by chunk and writes them as one zip."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[io.StringIO, Any, tuple[str, ...]]] = {}
        self._written: set[tuple[str, str]] = set()
        self.services = 0

    def add(self, tables: Tables, terms: Mapping[str, Row]) -> None:
        """Add rows, each once, and the terms that they name."""
        for entity in ENTITIES:
            for row in tables.get(entity.key, {}).values():
                self._add(entity, row)
        for term in terms.values():
            self._write("taxonomy_terms.csv", TERM_COLUMNS, term)
        self.services += len(tables.get(SERVICE.key, {}))

    def pack(self, path: Path) -> None:
        """Write the zip."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, (text, _, _) in sorted(self._files.items()):
                archive.writestr(name, text.getvalue())

    def _add(self, entity: Entity, row: Row) -> None:
        columns = ("id", *entity.parents, *(spec.name for spec in entity.fields))
        told = dict(row)
        if entity.name == "attribute":
            columns = (*columns, "link_id", "link_entity")
            told |= {"link_id": row.get("service_id", ""), "link_entity": "service"}
        if entity.name == "service_capacity":
            unit = {"id": row["id"], **row.get("unit", {})}
            columns = (*(c for c in columns if c != "unit"), "unit_id")
            told["unit_id"] = unit["id"]
            self._write("units.csv", UNIT_COLUMNS, unit)
        if entity is SERVICE:
            columns = (*columns, "program_id", "last_modified")
            told["program_id"] = row.get("extra", {}).get("program", {}).get("id", "")
        self._write(entity.filename, columns, told)
        foreign = f"{entity.name}_id"
        for child in entity.extra:
            kept = row.get("extra", {}).get(child.key) or []
            own = tuple(spec.name for spec in child.fields)
            for inner in kept if isinstance(kept, list) else [kept]:
                owners = ("organization_id", "service_id")
                self._write(child.filename, ("id", *owners, *own), {**inner, foreign: row["id"]})
        for schedule in derived_schedules("schedules", row):
            told = {**schedule, foreign: row["id"]}
            self._write("schedules.csv", _columns("schedule"), told)

    def _write(self, name: str, columns: tuple[str, ...], row: Mapping[str, Any]) -> None:
        if (name, str(row["id"])) in self._written:
            return
        self._written.add((name, str(row["id"])))
        if name not in self._files:
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerow(columns)
            self._files[name] = (text, writer, columns)
        _, writer, head = self._files[name]
        writer.writerow([cell(row.get(column)) for column in head])


def flat_csv(documents: Documents, stream: IO[str]) -> int:
    """Write the flat table as a spreadsheet of German offices opens it; return how many lines."""
    stream.write("\ufeff")
    writer = csv.writer(stream, delimiter=";")
    writer.writerow(COLUMNS)
    count = 0
    for row in flat_rows(documents):
        count += 1
        writer.writerow([cell(row.get(column)) for column in COLUMNS])
    return count


def flat_xlsx(documents: Documents, path: Path) -> int:
    """Write the flat table as XLSX, every cell a text or a number and never a formula."""
    # Loaded only for the few who want Excel: it takes long, and every start would wait for it.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Angebote")
    sheet.append(list(COLUMNS))
    count = 0
    for row in flat_rows(documents):
        count += 1
        cells = []
        for column in COLUMNS:
            made = WriteOnlyCell(sheet, value=cell(row.get(column)))
            made.data_type = "s"
            cells.append(made)
        sheet.append(cells)
    book.save(path)
    return count


def cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return values.neutral(str(value))


def flat_rows(documents: Documents) -> Iterator[dict[str, Any]]:
    """Yield services as lines of the flat table: of several places or phones the first."""
    for document in documents:
        row = {column: document.get(name) for column, name in SERVICE_FIELDS.items()}
        row["kennung"] = document["id"]
        row["anbieter"] = document.get("organization", {}).get("name")
        row["adresse_geheim"] = "ja" if document.get("confidential_address") else "nein"
        terms = [attribute.get("taxonomy_term", {}) for attribute in document.get("attributes", [])]
        row["kategorie"] = "; ".join(term.get("code") or term.get("name", "") for term in terms)
        links = document.get("service_at_locations") or [{}]
        place = links[0].get("location", {})
        row |= {column: place.get(name) for column, name in LOCATION_FIELDS.items()}
        address = (place.get("addresses") or [{}])[0]
        row |= {column: address.get(name) for column, name in ADDRESS_FIELDS.items()}
        phones = document.get("phones", [])
        spoken = [phone["number"] for phone in phones if phone.get("type") != "fax"]
        row |= dict(zip(("telefon", "telefon_2"), spoken, strict=False))
        row["fax"] = next((p["number"] for p in phones if p.get("type") == "fax"), None)
        row["ansprechperson"] = next((c.get("name") for c in document.get("contacts", [])), None)
        row["sprachen"] = ", ".join(
            language.get("name") or language.get("code", "")
            for language in document.get("languages", [])
        )
        areas = document.get("service_areas", [])
        row["einzugsgebiet"] = "; ".join(area.get("name", "") for area in areas)
        row["einzugsgebiet_ags"] = "; ".join(area.get("ags", "") for area in areas)
        yield row


def _columns(name: str) -> tuple[str, ...]:
    entity = next(entity for entity in ENTITIES if entity.name == name)
    return ("id", *entity.parents, *(spec.name for spec in entity.fields))
