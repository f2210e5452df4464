"""The one writer of directory rows: from bundles, one or fifty thousand, in the caller's transaction.

Forms, imports and undo all hand over bundles. What is already as the bundle says is not touched; what
changes leaves the whole entry as it was in a `Version`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import Membership, Organisation
from audit import trail
from referrals import duplicates, identifiers
from referrals.hsds.bundles import Bundle, Row
from referrals.hsds.shape import ENTITIES, Entity
from referrals.hsds.tables import is_derived
from referrals.models import Provider, Service, Version
from referrals.operations.applying import UPSERT, Applier, Chunk
from referrals.operations.taxonomy import Terms
from referrals.queries import rows as stored
from referrals.reports import Report
from referrals.signals import services_changed

# Their rows are shared between services: naming some of them never drops the others.
NEVER_DROPPED = frozenset(["locations", "organizations"])


class Writer(Applier):
    """Writes bundles of one source. dry: only counts and reports what would be written.

    owner: to whom new entries belong, and whose (and nobody's) entries may be changed.
    """

    def __init__(
        self,
        *,
        owner: Organisation | None,
        source: str,
        by: Membership | None,
        at: datetime,
        action: Version.Action,
        report: Report,
        dry: bool = False,
    ) -> None:
        super().__init__(owner=owner, source=source, by=by, at=at, action=action)
        self.report = report
        self.dry = dry
        self._terms = Terms(source=source, dry=dry)
        self._seen: dict[tuple[str, str], tuple[int, str]] = {}
        self._alike: dict[str, tuple[str, int]] = {}
        self._parents: dict[tuple[str, str], Row] = {}

    def precheck(self, bundles: Sequence[Bundle]) -> None:
        """Report entries that `write` would leave out, and nothing else: what a first look costs."""
        self._wanted([bundle for bundle in bundles if not self._stands_above(bundle)])

    def write(self, bundles: Sequence[Bundle]) -> None:
        """Write some bundles; a long run hands them over in chunks of a few hundred."""
        fresh = [bundle for bundle in bundles if not self._stands_above(bundle)]
        wanted = self._wanted(fresh)
        for bundle in wanted:
            self._name_terms(bundle)
        chunk = self._meet(wanted)
        for bundle in wanted:
            self._part_from_others(bundle, chunk)
        self._look_up(wanted, chunk)
        changed = [(bundle, self._compare(bundle, chunk)) for bundle in wanted]
        self._count(changed, chunk)
        if not self.dry:
            self.apply(changed, chunk)

    def finish(self) -> None:
        """Tell those who keep something beside the rows, and the trail. After the last `write`."""
        if self.dry:
            return
        if self.touched:
            services_changed.send(sender=Writer, services=self.touched, at=self.at)
        trail.record(
            f"directory.{self.action}",
            by=self.by.actor if self.by else trail.SYSTEM,
            at=self.at,
            organisation=self.owner.pk if self.owner else None,
            created=self.report.created,
            changed=self.report.changed,
        )

    # --- Which bundles are written at all -----------------------------------------------------
    def _stands_above(self, bundle: Bundle) -> bool:
        """Say whether the same entry stood in the file before, and report it."""
        digest = bundle.digest
        before = self._seen.setdefault(bundle.root, (bundle.place.line, digest))
        if before[0] == bundle.place.line and before[1] == digest:
            return False
        code = "double-row" if before[1] == digest else "double-id"
        self._leave_out(bundle, code, value=bundle.root[1], hint=str(before[0]))
        return True

    def _wanted(self, bundles: Sequence[Bundle]) -> list[Bundle]:
        ids = [bundle.root[1] for bundle in bundles if bundle.root[0] == "services"]
        there = {
            str(pk): (owner, name, digest)
            for pk, owner, name, digest in Service.objects.filter(pk__in=ids).values_list(
                "pk", "owner_id", "owner__name", "source_hash"
            )
        }
        wanted: list[Bundle] = []
        same: list[str] = []
        for bundle in bundles:
            owner, name, digest = there.get(bundle.root[1], (None, "", ""))
            if owner is not None and owner != (self.owner.pk if self.owner else None):
                self._leave_out(bundle, "not-yours", value=bundle.place.entry, hint=name or "")
            elif self.is_import and digest and digest == bundle.digest:
                same.append(bundle.root[1])
            else:
                wanted.append(bundle)
        self.report.unchanged += len(same)
        if not self.dry:
            self._see_again(same)
        return wanted

    def _see_again(self, services: list[str]) -> None:
        """Note that the source still stands by entries that are as they were."""
        stale = Service.objects.filter(pk__in=services).exclude(seen_on=self.today)
        rows = list(stale)
        for row in rows:
            self.freshen(row)
        Service.objects.bulk_update(rows, ["seen_on", "fresh_until", "hide_from"], UPSERT)

    def _leave_out(self, bundle: Bundle, code: str, **words: str) -> None:
        self.report.add(bundle.place, code, **words)
        self.report.left_out += 1

    # --- What the rows mean here --------------------------------------------------------------
    def _name_terms(self, bundle: Bundle) -> None:
        table = bundle.tables.get("attributes", {})
        named: set[str] = set()
        for row_id, row in list(table.items()):
            term = self._term(bundle, row.pop("term")) if "term" in row else row["taxonomy_term_id"]
            if term is None or term in named:
                del table[row_id]
                continue
            named.add(term)
            row["taxonomy_term_id"] = term
        for key, foreign in SCHEDULED:
            for row in bundle.rows("schedules"):
                parent = row.get(foreign)
                owner = bundle.tables.get(key, {}).get(parent or "", {})
                if owner.get("opening_hours") and is_derived(row, str(parent)):
                    bundle.tables["schedules"].pop(row["id"], None)

    def _term(self, bundle: Bundle, named: dict[str, str]) -> str | None:
        found = self._terms.find(named)
        if found is not None:
            return found
        word = named["code"] or named["name"] or named["id"]
        if bundle.columns is not None:
            hint = duplicates.nearest(word, [*self._terms.own, *self._terms.names])
            self.report.add(bundle.place, "unknown-category", value=word, hint=hint)
            return None
        return self._terms.make(named)

    def _meet(self, bundles: Sequence[Bundle]) -> Chunk:
        """Read the entries as they are, and to whom they belong."""
        services = [bundle.root[1] for bundle in bundles]
        locations = [pk for bundle in bundles for pk in bundle.tables.get("locations", {})]
        providers = [pk for bundle in bundles for pk in bundle.tables.get("organizations", {})]
        found = {str(row.pk): row for row in Service.objects.filter(pk__in=services)}
        current = stored.tables(list(found), locations=locations, providers=providers)
        owners = dict(Provider.objects.filter(pk__in=providers).values_list("pk", "owner_id"))
        chunk = Chunk(current, {}, found, {str(pk): owner for pk, owner in owners.items()})
        self._look_up(bundles, chunk)
        return chunk

    def _look_up(self, bundles: Sequence[Bundle], chunk: Chunk) -> None:
        """Read every row that has an id of the bundles, whoever's it is."""
        for entity in ENTITIES:
            ids = {pk for bundle in bundles for pk in bundle.tables.get(entity.key, {})}
            known = chunk.known.setdefault(entity.key, dict(chunk.current[entity.key]))
            missing = [pk for pk in ids if pk not in known]
            if missing:
                known.update(stored.rows(entity, Q(pk__in=missing)))

    def _part_from_others(self, bundle: Bundle, chunk: Chunk) -> None:
        """Give rows another id whose id belongs to another service's row.

        In nested HSDS one language or area with one id may stand under many services; a row has one.
        """
        for entity in ENTITIES:
            if entity.name in {"organization", "service", "location"}:
                continue
            table = bundle.tables.get(entity.key, {})
            for row_id, row in list(table.items()):
                other = self._parents.get((entity.key, row_id)) or chunk.known[entity.key].get(
                    row_id
                )
                clash = [
                    p
                    for p in entity.parents
                    if other and p in row and other.get(p, row[p]) != row[p]
                ]
                clash = [p for p in clash if p != "taxonomy_term_id"]
                if clash:
                    self._split(bundle, entity, row, clash)
                else:
                    mine = {p: row[p] for p in entity.parents if p in row}
                    self._parents[entity.key, row_id] = {**(other or {}), **mine}

    def _split(self, bundle: Bundle, entity: Entity, row: Row, clash: list[str]) -> None:
        table = bundle.tables[entity.key]
        copy = {**row, "id": str(identifiers.derived(UUID(row["id"]), *(row[p] for p in clash)))}
        for parent in entity.parents:
            if parent not in clash and parent != "taxonomy_term_id":
                copy.pop(parent, None)
        for parent in clash:
            del row[parent]
        if not any(p in row for p in entity.parents if p != "taxonomy_term_id"):
            del table[row["id"]]
        table[copy["id"]] = copy
        self._parents[entity.key, copy["id"]] = copy
        foreign = f"{entity.name}_id"
        for key in entity.children:
            for child in bundle.rows(key):
                if child.get(foreign) == row["id"]:
                    child[foreign] = copy["id"]
        # What the copy has in full is as complete as what the original had.
        bundle.states |= {
            (key, foreign, copy["id"])
            for key, name, parent in bundle.states
            if name == foreign and parent == row["id"]
        }

    # --- What has to be done ------------------------------------------------------------------
    def _compare(self, bundle: Bundle, chunk: Chunk) -> bool:
        """Note the rows to create, change and drop; say whether the bundle changes anything."""
        touched = False
        for entity in ENTITIES:
            for row in bundle.rows(entity.key):
                if self._is_foreign(entity, row, chunk):
                    continue
                known = chunk.known[entity.key].get(row["id"])
                wanted = self._merged(bundle, entity, row, known)
                if known is None:
                    chunk.create[entity.key].append(wanted)
                elif {**known, "last_modified": ""} != {**wanted, "last_modified": ""}:
                    chunk.update[entity.key].append(wanted)
                else:
                    continue
                chunk.known[entity.key][row["id"]] = wanted
                touched = True
        return self._drops(bundle, chunk) or touched

    def _is_foreign(self, entity: Entity, row: Row, chunk: Chunk) -> bool:
        """Say whether a provider's row belongs to another organisation, which alone may change it."""
        owner = chunk.provider_owners.get(row["id"]) if entity.name == "organization" else None
        return owner is not None and owner != (self.owner.pk if self.owner else None)

    def _merged(self, bundle: Bundle, entity: Entity, row: Row, known: Row | None) -> Row:
        """Return a row with what its source does not speak of as it was."""
        if known is None:
            return row
        kept = {name: known[name] for name in entity.parents if name in known}
        if self.is_import:
            kept |= {s.name: known[s.name] for s in entity.fields if s.kept and s.name in known}
        if bundle.columns is None:
            if bundle.is_confidential and "extra" in known:
                kept["extra"] = known[
                    "extra"
                ]  # what our own exports do not tell of a secret service
            return {**kept, **row}
        spoken = bundle.columns.get(entity.key, ())
        silent = {name: value for name, value in known.items() if name not in spoken}
        said = {
            name: value for name, value in row.items() if name in spoken or name in entity.parents
        }
        return {**silent, **said, "id": row["id"]}

    def _drops(self, bundle: Bundle, chunk: Chunk) -> bool:
        """Note rows that the source, which names them all, no longer names."""
        dropped = False
        for key, foreign, parent in bundle.states:
            if key in NEVER_DROPPED:
                continue
            for row_id, row in chunk.current.get(key, {}).items():
                if row.get(foreign) == parent and row_id not in bundle.tables.get(key, {}):
                    chunk.drop[key].add(row_id)
                    dropped = True
        return dropped

    def _count(self, changed: Iterable[tuple[Bundle, bool]], chunk: Chunk) -> None:
        keys: dict[str, Bundle] = {}
        edited: list[Bundle] = []
        for bundle, touched in changed:
            if bundle.service is None:
                self.report.providers += bundle.root[1] not in chunk.provider_owners
            elif bundle.root[1] in chunk.services:
                self.report.changed += touched
                self.report.unchanged += not touched
                if touched:
                    edited.append(bundle)
            else:
                self.report.created += 1
                keys[duplicates.key(bundle)] = bundle
                self._report_alike(bundle)
        if self.is_import:
            self._report_edited(edited)
            self._report_known(keys)

    def _report_edited(self, bundles: Sequence[Bundle]) -> None:
        """Report entries whose last change was made here and not by a source."""
        versions = Version.objects.filter(service__in=[bundle.root[1] for bundle in bundles])
        last = dict(versions.order_by("number").values_list("service_id", "action"))
        for bundle in bundles:
            if last.get(UUID(bundle.root[1]), Version.Action.IMPORTED) != Version.Action.IMPORTED:
                self.report.add(bundle.place, "edited-here")

    def _report_alike(self, bundle: Bundle) -> None:
        key = duplicates.key(bundle)
        before = self._alike.setdefault(key, (bundle.root[1], bundle.place.line))
        if before[0] != bundle.root[1]:
            self.report.add(bundle.place, "similar-here", hint=str(before[1]))

    def _report_known(self, keys: dict[str, Bundle]) -> None:
        alike = Service.objects.filter(duplicate_key__in=keys)
        for key, name, source in alike.values_list("duplicate_key", "name", "source"):
            hint = f"{name} ({source})" if source else name
            self.report.add(keys[key].place, "similar", hint=hint)


SCHEDULED = (
    ("services", "service_id"),
    ("locations", "location_id"),
    ("service_at_locations", "service_at_location_id"),
)
