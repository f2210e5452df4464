"""A service with all that belongs to it, as rows: what imports, forms and versions hand to the writer.

A source hands over nested HSDS objects with raw values. `Reader` turns one into a `Bundle`: each row
under its table, each value read by `values`, everything that cannot be taken reported with its line.
Pure: no database.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from referrals import identifiers
from referrals.hsds import checking, values
from referrals.hsds.shape import (
    BY_KEY,
    BY_NAME,
    NAMED_BY,
    ORGANIZATION,
    SERVICE,
    Entity,
)
from referrals.reports import Place, Report

Row = dict[str, Any]
# Said of a document, not of the service: where it stands in the file.
LINE, PART = "_line", "_part"
# In HSDS, but not ours to keep: our own versions say what changed.
SILENTLY_DROPPED = frozenset(["metadata", "last_modified", "link_id", "link_entity"])


@dataclass(slots=True)
class Bundle:
    """Rows of one service (or of a provider without services), by table and id.

    Ids and dates are strings, as in JSON. `states`: which collections the source names in full, as
    (table, foreign key, parent's id): rows of these that it does not name are dropped. `columns`: the
    fields of each table that the source can express (None: all); others keep what they have.
    `source_id`: what the source itself calls the service. `digest`: a hash of all that it says.
    """

    place: Place
    root: tuple[str, str]
    tables: dict[str, dict[str, Row]] = field(default_factory=dict)
    states: set[tuple[str, str, str]] = field(default_factory=set)
    columns: Mapping[str, Collection[str]] | None = None
    source_id: str = ""
    digest: str = ""

    @property
    def service(self) -> Row | None:
        """Return the service's row, None for a provider without one."""
        return self.tables.get("services", {}).get(self.root[1])

    @property
    def is_confidential(self) -> bool:
        """Say whether the service's addresses are secret."""
        return bool(self.service and self.service.get("confidential_address"))

    def rows(self, key: str) -> list[Row]:
        """Return the rows of a table."""
        return list(self.tables.get(key, {}).values())

    def seal(self) -> None:
        """Note the hash of everything that the source says, before anything is looked up for it."""
        said = [self.tables, sorted(self.columns or ())]
        self.digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def put(self, key: str, row: Row) -> str:
        """Add a row, or join it to the one of the same id, and return its id.

        HSDS repeats a phone of a service under its place with the same id: one row with two parents.
        Under two parents of the same kind it becomes two rows.
        """
        table = self.tables.setdefault(key, {})
        known = table.get(row["id"])
        if known is None:
            table[row["id"]] = row
            return str(row["id"])
        parents = BY_KEY[key].parents
        clash = next((p for p in parents if p in row and known.get(p, row[p]) != row[p]), None)
        if clash is None:
            known.update(row)
            return str(row["id"])
        row["id"] = str(identifiers.derived(UUID(row["id"]), row[clash]))
        return self.put(key, row)


class Reader:
    """Reads nested HSDS objects of one source into bundles.

    source: the name of the origin, part of every id that is no UUID itself. columns: see Bundle.
    """

    def __init__(
        self,
        *,
        source: str,
        report: Report,
        columns: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.source = source
        self.report = report
        self.columns = columns
        self._place = Place(0)
        self._bundle = Bundle(self._place, ("services", ""))

    def service(self, document: Mapping[str, Any], line: int) -> Bundle | None:
        """Read a full service, None when it cannot be taken over at all; the report says why."""
        return self._read(SERVICE, document, line)

    def provider(self, document: Mapping[str, Any], line: int) -> Bundle | None:
        """Read a provider that has no service, None when it cannot be taken over at all."""
        return self._read(ORGANIZATION, document, line)

    def _read(self, entity: Entity, document: Mapping[str, Any], line: int) -> Bundle | None:
        name, _, _ = values.read(entity.fields[0], document.get("name"))
        self._place = Place(line, str(name or ""), str(document.get(PART, "")))
        if not name:
            self.report.add(self._place, "no-name")
            return None
        root = self._id_of(entity, document, str(name))
        self._bundle = Bundle(self._place, (entity.key, root), columns=self.columns)
        self._bundle.source_id = str(document.get("id") or "")[:200]
        self._take(entity, document, root, parent=None)
        checking.check(self._bundle, self.report)
        self._bundle.seal()
        return self._bundle

    def _id_of(self, entity: Entity, document: Mapping[str, Any], content: str) -> str:
        raw = document.get("id")
        if raw not in (None, ""):
            return str(identifiers.of_source(self.source, entity.name, str(raw)))
        if entity is SERVICE:
            self.report.add(self._place, "no-id")
            organization = document.get("organization")
            owner = organization.get("name", "") if isinstance(organization, Mapping) else ""
            content = f"{content}|{owner}"
        return str(identifiers.of_source(self.source, entity.name, f"\0{content}"))

    def _take(
        self, entity: Entity, raw: Mapping[str, Any], row_id: str, parent: tuple[str, str] | None
    ) -> str | None:
        row: Row = {"id": row_id}
        self._fields(entity, raw, row)
        self._parents(entity, raw, row)
        if parent is not None:
            row[parent[0]] = parent[1]
        self._objects(entity, raw, row)
        self._extra(entity, raw, row)
        if entity.name == "attribute" and not self._term(raw, row):
            return None
        if checking.is_useless(entity, row, self._place, self.report):
            return None
        row_id = self._bundle.put(entity.key, row)
        for key in entity.children:
            self._collection(entity, key, raw, row_id)
        self._unknown(entity, raw)
        return row_id

    def _fields(self, entity: Entity, raw: Mapping[str, Any], row: Row) -> None:
        for spec in entity.fields:
            if raw.get(spec.name) is None:
                if spec.default is not None:
                    row[spec.name] = spec.default
                continue
            value, problem, hint = values.read(spec, raw[spec.name])
            if problem:
                self._report(
                    entity, raw, problem, field=spec.name, value=str(raw.get(spec.name)), hint=hint
                )
            if problem == "no-hours" and not raw.get("opening_hours_note"):
                row["opening_hours_note"] = values.clean(str(raw.get(spec.name)))[0][:20_000]
            if value is None:
                value = spec.default
            if value is not None and value != "":
                row[spec.name] = value

    def _parents(self, entity: Entity, raw: Mapping[str, Any], row: Row) -> None:
        for key in entity.parents:
            named = raw.get(key)
            if named not in (None, "") and key in NAMED_BY:
                row[key] = str(identifiers.of_source(self.source, NAMED_BY[key].name, str(named)))

    def _objects(self, entity: Entity, raw: Mapping[str, Any], row: Row) -> None:
        for key, (name, foreign) in entity.one.items():
            inner = raw.get(key)
            if isinstance(inner, Mapping):
                child = BY_NAME[name]
                # A place without an id is this service's own: two at one address do not share it,
                # since one of them may be secret.
                inner_id = self._id_of(child, inner, own_name(row, key, inner))
                taken = self._take(child, inner, inner_id, parent=None)
                if taken:
                    row[foreign] = taken

    def _collection(self, entity: Entity, key: str, raw: Mapping[str, Any], row_id: str) -> None:
        child = BY_KEY[key]
        foreign = f"{entity.name}_id"
        # A service names all that is its own; what is its provider's only where it says so. Our own
        # exports do not name a secret place: silence does not drop it.
        silent = entity is ORGANIZATION or (
            key == "service_at_locations" and self._bundle.is_confidential
        )
        if (key in raw or not silent) and (self.columns is None or key in self.columns):
            self._bundle.states.add((key, foreign, row_id))
        for place, inner in enumerate(_objects(raw.get(key))):
            if inner is None:
                self._report(entity, raw, "damaged", field=key)
                continue
            content = f"{row_id}|{key}|{place}"
            self._take(child, inner, self._id_of(child, inner, content), (foreign, row_id))

    def _extra(self, entity: Entity, raw: Mapping[str, Any], row: Row) -> None:
        extra: dict[str, Any] = {}
        for child in entity.extra:
            kept = [self._kept(child, inner) for inner in _objects(raw.get(child.key)) if inner]
            kept = [inner for inner in kept if inner]
            if kept:
                extra[child.key] = kept[0] if child.single else kept
        if extra:
            row["extra"] = extra

    def _kept(self, child: Entity, inner: Mapping[str, Any]) -> Row | None:
        row: Row = {}
        self._fields(child, inner, row)
        if any(spec.required and spec.name not in row for spec in child.fields[:1]) or not row:
            return None
        content = json.dumps(row, sort_keys=True)
        return (
            {"id": self._id_of(child, inner, content)}
            | {spec.name: row.get(spec.name, "") for spec in child.fields if spec.required}
            | row
        )

    def _term(self, raw: Mapping[str, Any], row: Row) -> bool:
        """Note which term an attribute names; who it is in our taxonomies the writer finds out."""
        term = raw.get("taxonomy_term")
        inner = term if isinstance(term, Mapping) else {}
        detail = inner.get("taxonomy_detail")
        taxonomy = inner.get("taxonomy") or (
            detail.get("name") if isinstance(detail, Mapping) else ""
        )
        named = {
            "id": str(inner.get("id") or raw.get("taxonomy_term_id") or ""),
            "code": str(inner.get("code") or ""),
            "name": str(inner.get("name") or ""),
            "description": str(inner.get("description") or ""),
            "taxonomy": str(taxonomy or ""),
        }
        if not named["code"] and not named["name"] and not identifiers.as_uuid(named["id"]):
            self._report(BY_KEY["attributes"], raw, "dangling", value=named["id"])
            return False
        row.pop("taxonomy_term_id", None)
        row["term"] = {key: values.clean(value)[0][:300] for key, value in named.items()}
        return True

    def _unknown(self, entity: Entity, raw: Mapping[str, Any]) -> None:
        known = {spec.name for spec in entity.fields} | set(entity.parents) | set(entity.children)
        known |= set(entity.one) | {child.key for child in entity.extra} | SILENTLY_DROPPED
        known |= {"id", "taxonomy_term", "taxonomy_term_id", "program_id", "unit_id", *NAMED_BY}
        for name in raw:
            if name.startswith("_") or name in known:
                continue
            kept_elsewhere = name in {
                "attributes",
                "programs",
                "services",
                "parent_organization_id",
            }
            if not kept_elsewhere or raw[name]:
                code = "not-kept" if kept_elsewhere else "unknown-field"
                self._report(entity, raw, code, value=f"{entity.name}.{name}")

    def _report(self, entity: Entity, raw: Mapping[str, Any], code: str, **words: str) -> None:
        """Report at the row's own line where tabular files give one, else at the document's."""
        place = self._place
        if LINE in raw and entity is not SERVICE:
            place = Place(int(raw[LINE]), place.entry, str(raw.get(PART, "")))
        self.report.add(place, code, **words)


def own_name(row: Row, key: str, inner: Mapping[str, Any]) -> str:
    """Return by what an object without an id is known: a provider by its name, a place by its service."""
    return str(inner.get("name")) if key == "organization" else f"{row['id']}|{key}"


def _objects(raw: Any) -> Iterator[Mapping[str, Any] | None]:
    """Yield the objects of an array (or the one object), None for what is none."""
    if isinstance(raw, Mapping):
        yield raw
    elif isinstance(raw, list):
        for inner in raw:
            yield inner if isinstance(inner, Mapping) else None
