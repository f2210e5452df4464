"""Rows by table, from the database's instances and into nested HSDS documents. Pure: no queries."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from referrals import hours, identifiers
from referrals.hsds.shape import BY_KEY, BY_NAME, SERVICE, Entity

Row = dict[str, Any]
# Rows by the table's key, then by id, as `Bundle.tables` has them.
Tables = dict[str, dict[str, Row]]


def row_of(entity: Entity, instance: Model) -> Row:
    """Return an instance as the row that an import of it would have: no empty values, strings for ids."""
    row: Row = {"id": str(instance.pk)}
    for spec in entity.fields:
        value = plain(getattr(instance, spec.column))
        if value not in (None, "", [], {}):
            row[spec.name] = value
    for foreign, attr in entity.parents.items():
        parent = getattr(instance, f"{attr}_id")
        if parent is not None:
            row[foreign] = str(parent)
    if entity.extra:
        extra = getattr(instance, "extra", {})
        if extra:
            row["extra"] = extra
    return row


def plain(value: Any) -> Any:
    """Return a value of a model as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


class Nest:
    """Nests rows into HSDS documents. terms: what an attribute's `taxonomy_term_id` stands for."""

    def __init__(self, tables: Tables, terms: Mapping[str, Row]) -> None:
        self.tables = tables
        self.terms = terms
        self._by_parent: dict[tuple[str, str], dict[str, list[Row]]] = {}
        for key, table in tables.items():
            for foreign in BY_KEY[key].parents:
                grouped: dict[str, list[Row]] = defaultdict(list)
                for row in table.values():
                    if foreign in row:
                        grouped[row[foreign]].append(row)
                self._by_parent[key, foreign] = grouped

    def service(self, service: str) -> Row:
        """Return the full document of a service."""
        return self.document(SERVICE, self.tables["services"][service])

    def document(self, entity: Entity, row: Row, *, full: bool = True) -> Row:
        """Return a row with what belongs to it; not full: with its single objects, without arrays."""
        document = self.flat(entity, row)
        if entity.name == "attribute" and row.get("taxonomy_term_id") in self.terms:
            document["taxonomy_term"] = self.terms[row["taxonomy_term_id"]]
        for key, (name, foreign) in entity.one.items():
            inner = self.tables.get(BY_NAME[name].key, {}).get(row.get(foreign, ""))
            if inner is not None:
                document[key] = self.document(BY_NAME[name], inner, full=full)
        for child in entity.extra:
            kept = row.get("extra", {}).get(child.key)
            if kept and (full or child.single):
                document[child.key] = kept
        if full:
            for key in entity.children:
                rows = self._by_parent.get((key, f"{entity.name}_id"), {}).get(row["id"], [])
                rows = rows or derived_schedules(key, row)
                if rows:
                    document[key] = [self.document(BY_KEY[key], inner) for inner in rows]
        return document

    @staticmethod
    def flat(entity: Entity, row: Row) -> Row:
        """Return a row's own fields, those that HSDS requires also when empty."""
        document: Row = {"id": row["id"]}
        for spec in entity.fields:
            if spec.name in row:
                document[spec.name] = row[spec.name]
            elif spec.required:
                document[spec.name] = ""
        if "last_modified" in row:
            document["last_modified"] = row["last_modified"]
        return document


def derived_schedules(key: str, row: Mapping[str, Any]) -> list[Row]:
    """Return HSDS schedules for a row whose hours are known in OSM syntax only."""
    if key != "schedules" or not row.get("opening_hours"):
        return []
    osm = str(row["opening_hours"])
    parent = identifiers.as_uuid(row["id"])
    assert parent is not None
    spans = hours.to_schedules(osm)
    return [
        {
            "id": str(identifiers.derived(parent, "schedule", place)),
            "freq": "WEEKLY",
            "byday": days,
            "opens_at": opens,
            "closes_at": closes,
        }
        for place, (days, opens, closes) in enumerate(spans)
    ] or [{"id": str(identifiers.derived(parent, "schedule", 0)), "description": osm}]


def is_derived(schedule: Mapping[str, Any], parent: str) -> bool:
    """Say whether a schedule is one that `derived_schedules` made up: nothing that needs keeping."""
    owner = identifiers.as_uuid(parent)
    return owner is not None and any(
        str(schedule.get("id")) == str(identifiers.derived(owner, "schedule", place))
        for place in range(64)
    )
