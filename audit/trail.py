"""The one writer of the trail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.models import TrailEntry


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it. `id`: the membership's id for staff; None for a client, the system, or a link."""

    kind: TrailEntry.ActorKind
    id: UUID | None = None


CLIENT = Actor(TrailEntry.ActorKind.CLIENT)
SYSTEM = Actor(TrailEntry.ActorKind.SYSTEM)


def record(
    action: str,
    *,
    by: Actor,
    at: datetime,
    organisation: UUID | None,
    case: UUID | None = None,
    old: str = "",
    new: str = "",
    **detail: str | int | bool | None,
) -> None:
    """Add an entry to the trail, in the caller's transaction. As `entry`."""
    entry(
        action, by=by, at=at, organisation=organisation, case=case, old=old, new=new, **detail
    ).save(force_insert=True)


def record_all(
    entries: Sequence[TrailEntry],
    *,
    store: Callable[[Sequence[TrailEntry]], object] = TrailEntry.objects.bulk_create,
) -> None:
    """Add what `entry` returned, in the caller's transaction. store: how, for who has a quicker way."""
    store(entries)


def entry(
    action: str,
    *,
    by: Actor,
    at: datetime,
    organisation: UUID | None,
    case: UUID | None = None,
    old: str = "",
    new: str = "",
    **detail: str | int | bool | None,
) -> TrailEntry:
    """Return an entry that is not in the trail yet.

    action: `noun.verb` in the past tense, such as `case.claimed`. detail: codes, ids and counts; a
    text that anybody typed never belongs here.
    """
    return TrailEntry(
        at=at,
        organisation=organisation,
        actor_kind=by.kind,
        actor=by.id,
        action=action,
        case=case,
        old=old,
        new=new,
        detail=detail,
    )
