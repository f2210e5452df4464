"""Doing what `writing` found to be done: rows, versions, places that must be hidden, in this order."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Field, Max, Model
from django.utils import timezone

from accounts.models import Membership, Organisation
from referrals import duplicates, freshness
from referrals.hsds.bundles import Bundle, Row
from referrals.hsds.shape import BY_NAME, ENTITIES, Entity
from referrals.hsds.tables import Nest, Tables
from referrals.models import Location, Service, ServiceAtLocation, Version
from referrals.queries import rows as stored

UPSERT = 500  # rows in one statement; SQLite takes 32,766 variables


@dataclass(slots=True)
class Chunk:
    """What some bundles meet in the database."""

    current: Tables
    known: Tables
    services: dict[str, Service]
    provider_owners: dict[str, UUID | None]
    create: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    update: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    drop: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


class Applier:
    """Writes what a chunk of bundles changes. Its arguments are explained at `Writer`."""

    def __init__(
        self,
        *,
        owner: Organisation | None,
        source: str,
        by: Membership | None,
        at: datetime,
        action: Version.Action,
    ) -> None:
        self.owner = owner
        self.source = source
        self.by = by
        self.at = at
        self.today = timezone.localdate(at)
        self.action = action
        self.touched: list[UUID] = []

    @property
    def is_import(self) -> bool:
        """Say whether a source speaks here, and not an editor."""
        return self.action == Version.Action.IMPORTED

    def apply(self, changed: Sequence[tuple[Bundle, bool]], chunk: Chunk) -> None:
        """Write what was found to be done for bundles, each with whether it changes anything."""
        self._keep_versions([b for b, touched in changed if touched], chunk)
        for entity in reversed(ENTITIES):
            if chunk.drop[entity.key]:
                entity.stored.filter(pk__in=chunk.drop[entity.key]).delete()
        digests = {bundle.root[1]: bundle for bundle, _ in changed}
        for entity in ENTITIES:
            self._put(entity, chunk, digests)
        unchanged = [b for b, touched in changed if not touched and b.root[1] in chunk.services]
        for bundle in unchanged:
            row = chunk.services[bundle.root[1]]
            row.source_hash = self._hash(bundle, row)
            self.freshen(row)
            row.save(update_fields=["source_hash", "seen_on", "fresh_until", "hide_from"])
        services = [UUID(b.root[1]) for b, touched in changed if touched and b.service is not None]
        self._hide_places(services)
        self._drop_empty_places(chunk)
        self._touch([pk for pk in services if str(pk) in chunk.services], digests)
        self.touched += services

    def _put(self, entity: Entity, chunk: Chunk, bundles: dict[str, Bundle]) -> None:
        create, update = chunk.create[entity.key], chunk.update[entity.key]
        if create:
            entity.stored.bulk_create(
                [self._instance(entity, row, bundles, None) for row in create], UPSERT
            )
        if not update:
            return
        # Two services of one file may each change what they share; the later row has both changes.
        last = {row["id"]: row for row in update}
        there = entity.stored.in_bulk(list(last))
        rows = [
            self._instance(entity, row, bundles, there.get(UUID(row["id"])))
            for row in last.values()
        ]
        names = [spec.column for spec in entity.fields] + list(entity.parents.values())
        if entity.extra:
            names.append("extra")
        entity.stored.bulk_create(
            rows, UPSERT, update_conflicts=True, unique_fields=["id"], update_fields=names
        )

    def _instance(
        self, entity: Entity, row: Row, bundles: dict[str, Bundle], there: Model | None
    ) -> Model:
        assert entity.model is not None
        values: dict[str, Any] = {"id": UUID(row["id"])}
        for name, attribute, column in _columns(entity.name):
            value = row.get(name)
            values[attribute] = column.get_default() if value is None else column.to_python(value)
        for foreign, attr in entity.parents.items():
            values[f"{attr}_id"] = UUID(row[foreign]) if foreign in row else None
        if entity.extra:
            values["extra"] = row.get("extra", {})
        if there is None and hasattr(entity.model, "owner"):
            source_id = bundles[row["id"]].source_id if row["id"] in bundles else row["id"]
            values |= {"owner": self.owner, "source": self.source, "source_id": source_id}
        elif there is not None and hasattr(entity.model, "owner"):
            values |= {name: getattr(there, name) for name in ("owner_id", "source", "source_id")}
        instance = entity.model(**values)
        if isinstance(instance, Service):
            instance.last_modified = self.at
            self.freshen(instance)
            if there is None and row["id"] in bundles:
                instance.duplicate_key = duplicates.key(bundles[row["id"]])
                instance.source_hash = self._hash(bundles[row["id"]], instance)
        return instance

    def _touch(self, services: list[UUID], bundles: dict[str, Bundle]) -> None:
        """Write what the writer keeps beside the source's words, also where only a part changed."""
        rows = list(Service.objects.filter(pk__in=services))
        if not rows:
            return
        for row in rows:
            bundle = bundles[str(row.pk)]
            row.last_modified = self.at
            row.duplicate_key = duplicates.key(bundle)
            row.source_hash = self._hash(bundle, row)
            self.freshen(row)
        Service.objects.bulk_create(
            rows,
            UPSERT,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=[
                "last_modified",
                "duplicate_key",
                "source_hash",
                "seen_on",
                "fresh_until",
                "hide_from",
            ],
        )

    def _hash(self, bundle: Bundle, row: Service) -> str:
        """Return the hash by which the same import is known again.

        An edit keeps it: a source that says the same as before does not take the edit back.
        """
        return bundle.digest if self.is_import else row.source_hash

    def freshen(self, row: Service) -> None:
        """Note that somebody stood by an entry today, and until when it counts as checked."""
        row.seen_on = self.today
        row.fresh_until = freshness.fresh_until(
            assured_date=_day(row.assured_date),
            assured_until=_day(row.assured_until),
            seen_on=self.today,
        )
        row.hide_from = freshness.hide_from(fresh_until=row.fresh_until, seen_on=self.today)

    def _keep_versions(self, bundles: Sequence[Bundle], chunk: Chunk) -> None:
        there = [UUID(b.root[1]) for b in bundles if b.root[1] in chunk.services]
        last = (
            Version.objects.filter(service__in=there).values("service").annotate(last=Max("number"))
        )
        numbers: dict[UUID, int] = {row["service"]: row["last"] for row in last}
        # `current` may share rows that a later bundle of the chunk changes; they are read from the
        # database as they were when the chunk began.
        nest = Nest(chunk.current, stored.terms(chunk.current))
        Version.objects.bulk_create(
            [
                Version(
                    service_id=service,
                    number=numbers.get(service, 0) + 1,
                    at=self.at,
                    by=self.by,
                    action=self.action,
                    before=nest.service(str(service)),
                )
                for service in there
            ],
            UPSERT,
        )

    def _hide_places(self, services: list[UUID]) -> None:
        """Keep every place of a confidential service confidential, whoever else is there."""
        # In two questions: for one over four tables that were just filled, PostgreSQL, which has not
        # counted their rows yet, was seen to take ten minutes.
        there = ServiceAtLocation.objects.filter(service__in=services)
        places = set(there.values_list("location_id", flat=True))
        secret = ServiceAtLocation.objects.filter(location__in=places, service__confidential=True)
        Location.objects.filter(
            pk__in=set(secret.values_list("location_id", flat=True)), confidential=False
        ).update(confidential=True)

    def _drop_empty_places(self, chunk: Chunk) -> None:
        """Drop places that no service is at any more and no provider has."""
        left = {
            row["location_id"]
            for row_id, row in chunk.current["service_at_locations"].items()
            if row_id in chunk.drop["service_at_locations"]
        }
        Location.objects.filter(
            pk__in=left, provider__isnull=True, service_at_locations__isnull=True
        ).delete()


@cache
def _columns(name: str) -> list[tuple[str, str, "Field[Any, Any]"]]:
    """Return an entity's fields with the model's columns; asked for each of a million rows."""
    entity = BY_NAME[name]
    assert entity.model is not None
    found = []
    for spec in entity.fields:
        column = entity.model._meta.get_field(spec.column)  # noqa: SLF001 - a public API of Django
        assert isinstance(column, Field)
        found.append((spec.name, spec.column, column))
    return found


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
