"""HSDS 3.1 in tabular form: a folder or zip of CSV files, or the same as one JSON object."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from referrals.formats import files as handed_in
from referrals.formats.documents import Found
from referrals.formats.files import Files
from referrals.hsds.bundles import LINE, PART
from referrals.hsds.shape import BY_KEY, BY_NAME, ENTITIES, LOCATION, ORGANIZATION, SERVICE, Entity
from referrals.reports import NotReadable, Place, Report

Raw = dict[str, Any]
TERMS, TAXONOMIES, UNITS = "taxonomy_terms.csv", "taxonomies.csv", "units.csv"
# Tables without entries of their own: they are named by others, or tell what we do not keep.
SILENT = frozenset([TERMS, TAXONOMIES, UNITS, "metadata.csv", "meta_table_descriptions.csv"])


@dataclass(slots=True)
class Sheet:
    """One table: cells in lists, since fifty thousand dictionaries would not fit into memory."""

    head: list[str]
    rows: list[list[str]]
    lines: list[int]
    used: set[int] = field(default_factory=set)
    indexes: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def where(self, column: str, value: str) -> list[int]:
        """Return the places of the rows with this value in a column."""
        if column not in self.indexes:
            index: dict[str, list[int]] = defaultdict(list)
            if column in self.head:
                at = self.head.index(column)
                for place, row in enumerate(self.rows):
                    if at < len(row) and row[at]:
                        index[row[at]].append(place)
            self.indexes[column] = index
        return self.indexes[column].get(value, [])

    def raw(self, place: int, name: str) -> Raw:
        """Return a row by its columns, with where it stands, and note that it is used."""
        self.used.add(place)
        cells = {
            key: cell for key, cell in zip(self.head, self.rows[place], strict=False) if cell != ""
        }
        return {**cells, LINE: self.lines[place], PART: name}


class Tabular:
    """Puts services together from tables by their foreign keys."""

    def __init__(self, sheets: Mapping[str, Sheet]) -> None:
        self.sheets = sheets

    def documents(self) -> Iterator[Found]:
        """Yield every service, then the providers that have none."""
        services = self._sheet(SERVICE)
        for place, line in enumerate(services.lines):
            raw = services.raw(place, "")
            yield Found(line, self._nested(SERVICE, raw))
        for place, line in enumerate(self._sheet(ORGANIZATION).lines):
            sheet = self._sheet(ORGANIZATION)
            if place not in sheet.used:
                raw = sheet.raw(place, ORGANIZATION.filename)
                yield Found(line, self._nested(ORGANIZATION, raw), is_provider=True)

    def unused(self) -> Iterator[tuple[str, int]]:
        """Yield (file, line) of rows that nothing names. After `documents`."""
        for name, sheet in self.sheets.items():
            if name not in SILENT:
                for place, line in enumerate(sheet.lines):
                    if place not in sheet.used:
                        yield name, line

    def _sheet(self, entity: Entity) -> Sheet:
        return self.sheets.get(entity.filename) or Sheet([], [], [])

    def _nested(self, entity: Entity, raw: Raw) -> Raw:
        own = str(raw.get("id", ""))
        foreign = f"{entity.name}_id"
        document = dict(raw)
        for key in entity.children:
            found = self._children(entity, key, foreign, own)
            if found:
                document[key] = found
        for key, (name, column) in entity.one.items():
            inner = self._one(BY_NAME[name], str(raw.get(column, "")))
            if inner is not None:
                document[key] = inner
        for child in entity.extra:
            found = self._extra(child, foreign, own, raw)
            if found:
                document[child.key] = found
        if entity.name == "service_capacity":
            unit = self._named(UNITS, str(raw.get("unit_id", "")))
            document["unit"] = {k: v for k, v in (unit or {}).items() if not k.startswith("_")}
        return document

    def _children(self, entity: Entity, key: str, foreign: str, own: str) -> list[Raw]:
        if key == "attributes":
            return self._attributes(own)
        child = BY_KEY[key]
        sheet = self._sheet(child)
        places = sheet.where(foreign, own)
        if child is LOCATION:
            # Places with services come with these.
            here = self.sheets.get(BY_NAME["service_at_location"].filename)
            at = sheet.head.index("id") if "id" in sheet.head else 0
            places = [
                p for p in places if not (here and here.where("location_id", sheet.rows[p][at]))
            ]
        return [self._nested(child, sheet.raw(place, child.filename)) for place in places]

    def _attributes(self, service: str) -> list[Raw]:
        child = BY_KEY["attributes"]
        sheet = self._sheet(child)
        found = []
        for place in sheet.where("link_id", service):
            raw = sheet.raw(place, child.filename)
            term = self._named(TERMS, str(raw.get("taxonomy_term_id", ""))) or {}
            if "taxonomy" not in term and "taxonomy_id" in term:
                taxonomy = self._named(TAXONOMIES, str(term["taxonomy_id"])) or {}
                term["taxonomy"] = taxonomy.get("name", "")
            found.append({**raw, "taxonomy_term": term})
        return found

    def _one(self, entity: Entity, own: str) -> Raw | None:
        sheet = self._sheet(entity)
        places = sheet.where("id", own)
        return self._nested(entity, sheet.raw(places[0], entity.filename)) if places else None

    def _named(self, name: str, own: str) -> Raw | None:
        sheet = self.sheets.get(name)
        places = sheet.where("id", own) if sheet else []
        return sheet.raw(places[0], name) if sheet and places else None

    def _extra(self, child: Entity, foreign: str, own: str, raw: Raw) -> list[Raw]:
        sheet = self._sheet(child)
        if child.single:
            places = sheet.where("id", str(raw.get("program_id", "")))
        else:
            places = sheet.where(foreign, own)
        return [sheet.raw(place, child.filename) for place in places]


def read(files: Files, report: Report) -> Iterator[Found]:
    """Yield the services (and providers) of HSDS tables. Raises NotReadable without services.csv."""
    tabular = Tabular(sheets(files, report, {entity.filename for entity in _ALL} | SILENT))
    if SERVICE.filename not in tabular.sheets:
        raise NotReadable(_("Es fehlt die Datei services.csv."))
    yield from tabular.documents()
    for name, line in tabular.unused():
        report.add(Place(line, part=name), "dangling", value=name)


def read_json(value: Mapping[str, Any], report: Report) -> Iterator[Found]:
    """Yield the services of HSDS tables that stand in one JSON object by file name."""
    found: dict[str, Sheet] = {}
    for name, rows in value.items():
        head = sorted({key for row in rows for key in row})
        cells = [[_cell(row.get(key)) for key in head] for row in rows]
        found[name.lower()] = Sheet(head, cells, list(range(1, len(cells) + 1)))
    yield from Tabular(found).documents()


def sheets(
    files: Files, report: Report, known: set[str], head: Callable[[str], str] = str
) -> dict[str, Sheet]:
    """Return the tables of a folder by file name. head: brings column names into order."""
    found: dict[str, Sheet] = {}
    for name, part in files.parts.items():
        if not name.endswith(".csv"):
            continue
        if name not in known:
            report.add(Place(0, part=part.name), "not-kept", value=part.name)
            continue
        table = handed_in.table(part, report, named=name != SERVICE.filename)
        rows, lines = [], []
        for line, row in table.rows:
            rows.append(row)
            lines.append(line)
        found[name] = Sheet([head(cell) for cell in table.head], rows, lines)
    return found


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


_ALL = {
    entity.filename: entity
    for entity in (*ENTITIES, *(child for entity in ENTITIES for child in entity.extra))
}.values()
