"""All documents as columns in memory, so that ranking a hundred thousand takes milliseconds. Pure.

A process remembers what it read and asks the database only for what has changed since. Columns are
never changed in place: a search that runs keeps the ones it began with.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

NO_UPPER_AGE = 200.0  # years
Hours = tuple[str, str, str]  # expression, country, Land


class Row(NamedTuple):
    """A document as the database has it."""

    id: int
    service: UUID | None
    removed: bool
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Pairs:
    """What a document may have several of: `rows[i]` has the thing numbered `numbers[i]`; rows ascend."""

    rows: NDArray[np.int32]
    numbers: NDArray[np.int32]

    def of(self, row: int) -> list[int]:
        """Return the numbers of a row's things."""
        if row + 1 >= len(self.begins):
            return []
        found: list[int] = self.numbers[self.begins[row] : self.begins[row + 1]].tolist()
        return found

    @cached_property
    def begins(self) -> NDArray[np.int64]:
        """Where each row's things begin, up to one row behind the last that has any."""
        rows = np.arange(self.rows[-1] + 2 if len(self.rows) else 0, dtype=self.rows.dtype)
        return np.searchsorted(self.rows, rows)

    def having(self, wanted: NDArray[np.bool_], total: int) -> NDArray[np.bool_]:
        """Return for each of `total` rows whether it has one of the wanted things."""
        mask = np.zeros(total, bool)
        if len(wanted):
            mask[self.rows[wanted[self.numbers]]] = True
        return mask

    def count(self, mask: NDArray[np.bool_], kinds: int) -> NDArray[np.int64]:
        """Return how many of the rows in a mask have each thing."""
        return np.bincount(self.numbers[mask[self.rows]], minlength=kinds)


def _no_pairs() -> Pairs:
    return Pairs(np.zeros(0, np.int32), np.zeros(0, np.int32))


@dataclass(frozen=True)
class Columns:
    """The documents. `ids[i]` and `services[i]` name row `i`; a removed document is not alive."""

    ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    services: NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, object))
    alive: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    flags: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    youngest: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    oldest: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    fresh_until: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    hide_from: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    capacity: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    codes: Pairs = field(default_factory=_no_pairs)
    languages: Pairs = field(default_factory=_no_pairs)
    hours: Pairs = field(default_factory=_no_pairs)
    ags: Pairs = field(default_factory=_no_pairs)
    areas: Pairs = field(default_factory=_no_pairs)
    place_rows: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    points: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    place_ags: NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, object))
    names: Mapping[str, dict[Any, int]] = field(
        default_factory=lambda: {
            kind: {} for kind in ("codes", "languages", "hours", "ags", "areas")
        }
    )
    row_of: Mapping[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def radians(self) -> NDArray[np.float64]:
        """Latitude, longitude in radians and the latitude's cosine of each point."""
        points = np.radians(self.points.astype(np.float64))
        return np.column_stack([points, np.cos(points[:, 0])])

    @cached_property
    def keyed(self) -> NDArray[np.int64]:
        """Which points have an official key."""
        return np.flatnonzero(self.place_ags.astype(bool))

    @cached_property
    def reaching(self) -> NDArray[np.bool_]:
        """Which rows have neither place nor district: telephone, online, the whole country."""
        placed = np.zeros(len(self), bool)
        for rows in (self.place_rows, self.ags.rows, self.areas.rows):
            placed[rows] = True
        return ~placed


_SINGLE = (
    "ids", "services", "alive", "flags", "youngest", "oldest", "fresh_until", "hide_from", "capacity",
)  # fmt: skip
_KINDS = ("codes", "languages", "hours", "ags", "areas")


def updated(old: Columns, rows: Iterable[Row]) -> Columns:
    """Return columns with documents added or replaced."""
    row_of = dict(old.row_of)
    names = {kind: dict(known) for kind, known in old.names.items()}
    single: dict[str, list[Any]] = {name: [] for name in _SINGLE}
    pairs: dict[str, tuple[list[int], list[int]]] = {kind: ([], []) for kind in _KINDS}
    place_rows: list[int] = []
    points: list[tuple[float, float]] = []
    place_ags: list[str] = []
    replaced: list[int] = []
    at: list[int] = []
    for row in rows:
        number = row_of.get(row.id)
        if number is None:
            number = row_of[row.id] = len(row_of)
        else:
            replaced.append(number)
        at.append(number)
        facts = row.facts
        for name, value in _values(row).items():
            single[name].append(value)
        for kind in _KINDS:
            for thing in map(_hashable, facts.get(kind, ())):
                pairs[kind][0].append(number)
                pairs[kind][1].append(names[kind].setdefault(thing, len(names[kind])))
        for latitude, longitude, ags in facts.get("places", ()):
            place_rows.append(number)
            points.append((latitude, longitude))
            place_ags.append(ags)
    if not at:
        return old
    size = len(row_of)
    where = np.array(at, np.int64)
    gone = np.zeros(size, bool)
    gone[replaced] = True
    kept = ~gone[old.place_rows]
    new: dict[str, Any] = {
        **{name: _placed(getattr(old, name), size, where, single[name]) for name in _SINGLE},
        **{kind: _paired(getattr(old, kind), gone, *pairs[kind]) for kind in _KINDS},
    }
    return Columns(
        **new,
        place_rows=np.concatenate([old.place_rows[kept], np.array(place_rows, np.int32)]),
        points=np.concatenate([old.points[kept], np.array(points, np.float32).reshape(-1, 2)]),
        place_ags=np.concatenate([old.place_ags[kept], np.array(place_ags, object)]),
        names=names,
        row_of=row_of,
    )


def _values(row: Row) -> dict[str, Any]:
    facts = row.facts
    youngest, oldest = facts.get("ages", (None, None))
    return {
        "ids": row.id,
        "services": row.service,
        "alive": not row.removed and row.service is not None,
        "flags": facts.get("flags", 0),
        "youngest": youngest or 0.0,
        "oldest": NO_UPPER_AGE if oldest is None else oldest,
        "fresh_until": facts.get("fresh_until", 0),
        "hide_from": facts.get("hide_from", 0),
        "capacity": facts.get("capacity", 0.5),
    }


def _hashable(thing: Any) -> Any:
    return tuple(thing) if isinstance(thing, list) else thing


def _placed(
    old: NDArray[Any], size: int, where: NDArray[np.int64], values: list[Any]
) -> NDArray[Any]:
    new = np.zeros(size, old.dtype)
    new[: len(old)] = old
    new[where] = values
    return new


def _paired(old: Pairs, gone: NDArray[np.bool_], rows: list[int], numbers: list[int]) -> Pairs:
    kept = ~gone[old.rows]
    all_rows = np.concatenate([old.rows[kept], np.array(rows, np.int32)])
    order = np.argsort(all_rows, kind="stable")
    numbered = np.concatenate([old.numbers[kept], np.array(numbers, np.int32)])
    return Pairs(all_rows[order], numbered[order])
