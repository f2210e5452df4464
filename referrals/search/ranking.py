"""In which order documents answer a search, and how many each filter would leave. Pure.

The kind of help goes first and nothing outweighs it: somebody who is hit must not get a playgroup
because that is nearer. Within one kind: how well the words match, how near, whether the entry is
fresh, whether there is room, and whether it fits the hints. Confidential places have no distance; they
count by district.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from referrals.search import facts
from referrals.search.columns import Columns
from referrals.search.engines import Mark
from referrals.search.hints import Hints
from referrals.search.meaning import Need
from referrals.search.places import EARTH_KM, Place
from referrals.search.words import words

TIER = 4.0  # what one rank of need is worth: more than everything else together
TEXT, NEARNESS, FRESHNESS, ROOM, HINT, NAME = 0.5, 1.2, 0.4, 0.2, 0.1, 0.9
HALF_NEAR_KM = 15.0  # at this distance nearness counts half
ELSEWHERE = 0.4  # nearness of what has no place, or none that may be told
RADII_KM = (25.0, 50.0, 100.0, 200.0)  # the least of these within which there is the first need
SAME_DISTRICT_KM = 15.0  # the nearest place with an official key tells the district within this
UNKNOWN_KM = np.float32(np.inf)


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody has set; each hides what does not fit. age in years; radius_km needs a place."""

    radius_km: float | None = None
    open_now: bool = False
    free: bool = False
    anonymous: bool = False
    barrier_free: bool = False
    takes_referrals: bool = False
    languages: frozenset[str] = frozenset()
    age: float | None = None
    categories: frozenset[str] = frozenset()
    district: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is ranked: needs, words' marks by document, place, hints, filters, and the day's number.

    anything: nothing was asked for but a place; whatever is there answers.
    """

    needs: Sequence[Need]
    marks: Mapping[int, Mark]
    place: Place | None
    hints: Hints
    filters: Filters
    today: int
    anything: bool = False


@dataclass(frozen=True)
class Ranked:
    """The first rows in order, how many there are, and what is known of each row.

    `km`: infinite where there is no distance.
    """

    order: NDArray[np.int64]
    total: int
    need_of: NDArray[np.int32]
    km: NDArray[np.float32]
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    radius_km: float | None = None
    further_away: int = 0


def rank(
    columns: Columns, question: Question, is_open: NDArray[np.bool_], most: int | None = None
) -> Ranked:
    """Rank all documents. is_open: for each expression of hours whether it is open now.

    most: how many rows are put in order; None: all that were found.
    """
    size = len(columns)
    need_of = _needs(columns, question.needs)
    marks, named = _marks(columns, question.marks)
    shown = columns.alive & (columns.hide_from > question.today)
    found = shown if question.anything else shown & ((need_of >= 0) | (marks > 0))
    kept = found & _fitting(columns, question.filters, is_open)
    # What follows is costly, and most documents do not answer: it is done for those that do.
    rows = np.flatnonzero(kept)
    km = distances(columns, question.place, kept)
    here = _here(columns, question.place)
    radius = question.filters.radius_km
    ranked = kept
    if question.place is not None:
        radius = radius or _radius(rows, need_of, km, here)
        if radius:
            near = (km[rows] <= radius) | here[rows] | columns.reaching[rows]
            rows = rows[near]
            ranked = np.zeros(size, bool)
            ranked[rows] = True
    score = _score(columns, rows, question, need_of[rows], km[rows], here[rows])
    score += TEXT * marks[rows] + NAME * named[rows]
    return Ranked(
        order=rows[_best(score, columns.ids[rows], len(rows) if most is None else most)],
        total=len(rows),
        need_of=need_of,
        km=km,
        facets=_facets(columns, ranked, is_open),
        radius_km=radius,
        further_away=int(np.count_nonzero(kept)) - len(rows),
    )


def _best(score: NDArray[np.float32], ids: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return where the best scores are, the best first; equal ones in the order of their ids."""
    likely = np.arange(len(score))
    if 0 < most < len(score):
        least = np.partition(score, len(score) - most)[len(score) - most]
        likely = np.flatnonzero(score >= least)
    return likely[np.lexsort((ids[likely], -score[likely]))][:most]


def _needs(columns: Columns, needs: Sequence[Need]) -> NDArray[np.int32]:
    """Return for each row the rank of the need that it answers, -1 for none."""
    need_of = np.full(len(columns), -1, np.int32)
    known = columns.names["codes"]
    for at in range(len(needs) - 1, -1, -1):
        number = known.get(needs[at].category)
        if number is not None:
            need_of[columns.codes.rows[columns.codes.numbers == number]] = at
    return need_of


def _marks(
    columns: Columns, marks: Mapping[int, Mark]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    found = np.zeros(len(columns), np.float32)
    named = np.zeros(len(columns), bool)
    for document, mark in marks.items():
        row = columns.row_of.get(document)
        if row is not None:
            found[row] = mark.value
            named[row] = mark.is_named
    return found, named


def distances(
    columns: Columns, place: Place | None, wanted: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return each wanted row's distance from a place to its nearest open place, in kilometres."""
    km = np.full(len(columns), UNKNOWN_KM, np.float32)
    if place is None or not len(columns.points):
        return km
    at = np.flatnonzero(wanted[columns.place_rows])
    north, east, narrowing = columns.radians[at].T
    latitude, longitude = np.radians(place.latitude), np.radians(place.longitude)
    half = (
        np.sin((north - latitude) / 2) ** 2
        + narrowing * np.cos(latitude) * np.sin((east - longitude) / 2) ** 2
    )
    away = (2 * EARTH_KM * np.arcsin(np.sqrt(half))).astype(np.float32)
    np.minimum.at(km, columns.place_rows[at], away)
    return km


def district_of(columns: Columns, place: Place) -> str:
    """Return the official key (5 digits) of the district of a place, told by the nearest entry's key."""
    keyed = columns.keyed
    if not len(keyed):
        return ""
    away = np.hypot(
        columns.points[keyed, 0] - place.latitude,
        (columns.points[keyed, 1] - place.longitude) * np.cos(np.radians(place.latitude)),
    )
    nearest = int(np.argmin(away))
    if away[nearest] * np.radians(EARTH_KM) > SAME_DISTRICT_KM:
        return ""
    return str(columns.place_ags[keyed[nearest]])[:5]


def _here(columns: Columns, place: Place | None) -> NDArray[np.bool_]:
    """Return which rows serve the place's district, by key or by name."""
    size = len(columns)
    if place is None:
        return np.zeros(size, bool)
    district = district_of(columns, place)
    keys = [bool(district) and district.startswith(str(key)[:5]) for key in columns.names["ags"]]
    name = " ".join(words(place.name))
    areas = [name in f"{area} " or f" {name} " in f" {area} " for area in columns.names["areas"]]
    here = columns.ags.having(np.array(keys, bool), size)
    return here | columns.areas.having(np.array(areas, bool), size)


def _radius(
    rows: NDArray[np.int64],
    need_of: NDArray[np.int32],
    km: NDArray[np.float32],
    here: NDArray[np.bool_],
) -> float | None:
    """Return the least radius within which the first need that can be met is met; None: no limit."""
    needs = need_of[rows]
    met = needs[needs >= 0]
    if not len(met):
        return RADII_KM[1] if bool((km[rows] <= RADII_KM[1]).any()) else None
    first = rows[needs == met.min()]
    if bool(here[first].any()):
        return RADII_KM[0]
    return next((r for r in RADII_KM if bool((km[first] <= r).any())), None)


def _fitting(columns: Columns, filters: Filters, is_open: NDArray[np.bool_]) -> NDArray[np.bool_]:
    size = len(columns)
    fits = np.ones(size, bool)
    flag = (
        facts.FREE * filters.free
        | facts.ANONYMOUS * filters.anonymous
        | facts.BARRIER_FREE * filters.barrier_free
        | facts.REFERRALS * filters.takes_referrals
    )
    if flag:
        fits &= (columns.flags & flag) == flag
    if filters.open_now:
        fits &= columns.hours.having(is_open, size)
    if filters.age is not None:
        fits &= _for_age(columns, filters.age)
    for kind, wanted in (("languages", filters.languages), ("codes", filters.categories)):
        if wanted:
            has: NDArray[np.bool_] = np.array([n in wanted for n in columns.names[kind]], bool)
            fits &= getattr(columns, kind).having(has, size)
    if filters.district:
        keys = [_overlap(str(key), filters.district) for key in columns.names["ags"]]
        in_district = columns.ags.having(np.array(keys, bool), size)
        placed = np.array([_overlap(str(key), filters.district) for key in columns.place_ags], bool)
        in_district[columns.place_rows[placed]] = True
        fits &= in_district
    return fits


def _overlap(key: str, other: str) -> bool:
    return bool(key) and (key.startswith(other) or other.startswith(key))


def _for_age(columns: Columns, age: float) -> NDArray[np.bool_]:
    return (columns.youngest <= age) & (age < columns.oldest + 1)


def _score(
    columns: Columns,
    rows: NDArray[np.int64],
    question: Question,
    need_of: NDArray[np.int32],
    km: NDArray[np.float32],
    here: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Return the score of some rows. need_of, km, here: of these rows."""
    last = len(question.needs)
    tier = np.where(need_of >= 0, last - need_of, 0).astype(np.float32)
    score = TIER * tier
    if question.place is not None:
        nearness = np.where(np.isfinite(km), 1 / (1 + (km / HALF_NEAR_KM)), ELSEWHERE)
        # Who has named no need is not shown first what is secret, or by telephone.
        serving = ELSEWHERE if question.anything else 1.0
        score += NEARNESS * np.where(here & ~np.isfinite(km), serving, nearness)
    score += FRESHNESS * (columns.fresh_until[rows] >= question.today)
    score += ROOM * columns.capacity[rows]
    return score + HINT * _hinted(columns, question.hints)[rows]


def _hinted(columns: Columns, hints: Hints) -> NDArray[np.int64]:
    size = len(columns)
    fits = np.zeros(size, np.int64)
    for wanted, flag in (
        (hints.free, facts.FREE),
        (hints.anonymous, facts.ANONYMOUS),
        (hints.barrier_free, facts.BARRIER_FREE),
        (hints.takes_referrals, facts.REFERRALS),
    ):
        if wanted:
            fits += (columns.flags & flag) > 0
    if hints.languages:
        has = np.array([name in hints.languages for name in columns.names["languages"]], bool)
        fits += 2 * columns.languages.having(has, size)
    if hints.age is not None:
        fits += _for_age(columns, hints.age)
    return fits


def _facets(
    columns: Columns, ranked: NDArray[np.bool_], is_open: NDArray[np.bool_]
) -> dict[str, dict[str, int]]:
    """Return how many of the results each category, language and property has."""

    def counted(kind: str, pairs: Any) -> dict[str, int]:
        names = columns.names[kind]
        counts = pairs.count(ranked, len(names))
        return {str(name): int(counts[at]) for name, at in names.items() if counts[at]}

    flags = columns.flags[ranked]
    return {
        "categories": counted("codes", columns.codes),
        "languages": counted("languages", columns.languages),
        "properties": {
            "free": int(np.count_nonzero(flags & facts.FREE)),
            "anonymous": int(np.count_nonzero(flags & facts.ANONYMOUS)),
            "barrier_free": int(np.count_nonzero(flags & facts.BARRIER_FREE)),
            "takes_referrals": int(np.count_nonzero(flags & facts.REFERRALS)),
            "open_now": int(np.count_nonzero(columns.hours.having(is_open, len(columns)) & ranked)),
        },
    }
