"""The one writer of the search's documents: brings them into step with the directory's rows."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from referrals.models import SearchDocument, SearchState, Service
from referrals.search import facts

CHUNK = 500  # services read and written together; also what one short transaction holds


def follow(services: Sequence[UUID | str], at: datetime, **_kwargs: Any) -> None:
    """Rebuild the documents of changed services once the change is committed."""
    ids = list(services)
    if ids:
        transaction.on_commit(lambda: rebuild(services=ids))


def rebuild(*, services: Iterable[UUID | str]) -> int:
    """Bring the documents of some services up to date; return how many services there were.

    Each chunk is a transaction of its own: the state's row, which gives versions out in the order of
    commits, is held only shortly.
    """
    count = 0
    for ids in _chunks(services):
        count += _rebuild_chunk(ids)
    return count


def rebuild_all() -> int:
    """Bring every document up to date; return how many services there are."""
    return rebuild(services=Service.objects.values_list("pk", flat=True).iterator(CHUNK * 4))


def catch_up() -> int:
    """Rebuild what was changed and never rebuilt, as after a crash between both; return how many."""
    missing = Service.objects.filter(search_document=None).values_list("pk", flat=True)
    gone = SearchDocument.objects.filter(service=None, removed=False).exists()
    count = rebuild(services=list(missing))
    if gone and not count:
        rebuild_gone()
    return count


@transaction.atomic
def rebuild_gone() -> None:
    """Mark the documents of deleted services."""
    _mark_gone(next_version("documents"))


def next_version(what: str) -> int:
    """Raise the version of `documents` or `phrases`, in the caller's transaction, and return it.

    The row stays locked until commit, so whoever reads a version finds everything below it.
    """
    SearchState.objects.get_or_create(pk=1)
    SearchState.objects.filter(pk=1).update(**{what: F(what) + 1})
    return int(SearchState.objects.values_list(what, flat=True).get(pk=1))


def _chunks(ids: Iterable[UUID | str]) -> Iterator[list[UUID | str]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


@transaction.atomic
def _rebuild_chunk(ids: Sequence[UUID | str]) -> int:
    services = (
        Service.objects.filter(pk__in=ids)
        .select_related("provider")
        .prefetch_related(*facts.RELATIONS)
    )
    rows = []
    version = next_version("documents")
    for service in services:
        for one in service.service_at_locations.all():
            one.service = service  # its hours fall back to the service's; no query for each
        made = facts.document(service)
        rows.append(
            SearchDocument(
                service=service,
                version=version,
                removed=made.removed,
                title=made.title,
                body=made.body,
                facts=made.facts,
            )
        )
    SearchDocument.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["service"],
        update_fields=["version", "removed", "title", "body", "facts"],
    )
    if len(rows) < len(set(map(str, ids))):
        _mark_gone(version)
    return len(rows)


def _mark_gone(version: int) -> None:
    SearchDocument.objects.filter(service=None, removed=False).update(
        removed=True, version=version, title="", body="", facts={}
    )
