"""The search: one text box and filters in, services in order with their reasons out.

Three questions to the database however many services there are: whether anything changed, which
documents have the words, and the services of the page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from referrals import opening
from referrals.models import Service
from referrals.opening import BadHours, Opening
from referrals.search import engines, facts, index, meaning, places, ranking
from referrals.search.columns import Columns, Hours
from referrals.search.engines import Mark
from referrals.search.index import Memory
from referrals.search.places import Place
from referrals.search.ranking import Filters, Question, Ranked
from referrals.search.understanding import Understood, understand
from referrals.search.words import STOP_WORDS

PAGE = 20
# What lists of services show and judge by; the long texts stay in the database.
READ = (
    "name", "status", "provider__name", "fresh_until", "hide_from", "assured_date", "seen_on", "confidential",
    "free_of_charge", "anonymous_possible", "accepts_referrals", "capacity_code", "waiting_weeks",
    "minimum_age", "maximum_age",
)  # fmt: skip
# How long hours count that never change, in seconds; also after which a doubtful one is looked at again.
SETTLED = 86_400.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A service that was found, and why.

    categories: codes of its kinds of help, the one asked for first. via: the phrase that led to it, or
    nothing. distance_km: None where there is none or where it must not be told. opening: at the
    place nearest to being open; None where no hours are known.
    """

    service: Service
    categories: tuple[str, ...]
    via: str
    category_name: str
    distance_km: float | None
    is_stale: bool
    opening: Opening | None


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits, how many there are in all, and what the filters would leave."""

    understood: Understood
    hits: Sequence[Hit]
    total: int
    facets: Mapping[str, Mapping[str, int]]
    radius_km: float | None = None
    further_away: int = 0


def search(
    text: str,
    *,
    at: datetime,
    near: Place | None = None,
    filters: Filters | None = None,
    limit: int = PAGE,
    offset: int = 0,
) -> Results:
    """Search the directory. near: goes before a place in the text. limit, offset: of the page."""
    memory = index.current()
    most = offset + limit
    understood, ranked = _answer(memory, text, at, near, filters or Filters(), most)
    rows = ranked.order[offset : offset + limit]
    return Results(
        understood=understood,
        hits=_hits(memory, understood, ranked, rows, at),
        total=ranked.total,
        facets=ranked.facets,
        radius_km=ranked.radius_km,
        further_away=ranked.further_away,
    )


def categories(text: str, *, at: datetime, near: Place | None = None) -> list[str]:
    """Return the codes of kinds of help that a search's results have, in the results' order, each once.

    Where a service has several kinds, the one that was asked for counts first.
    """
    memory = index.current()
    understood, ranked = _answer(memory, text, at, near, Filters())
    found: dict[str, None] = {}
    seen: set[tuple[str, ...]] = set()
    columns = memory.columns
    code = list(columns.names["codes"])
    for row in ranked.order:
        have = tuple(code[number] for number in columns.codes.of(int(row)))
        if have not in seen:
            seen.add(have)
            found.update(dict.fromkeys(_in_order(have, understood)))
    return list(found)


def _answer(
    memory: Memory,
    text: str,
    at: datetime,
    near: Place | None,
    filters: Filters,
    most: int | None = None,
) -> tuple[Understood, Ranked]:
    assert memory.meaning is not None
    columns = memory.columns
    understood = understand(text, memory.meaning)
    if near is not None:
        understood = replace(understood, place=near)
    marks = _marks(understood)
    if understood.is_name and any(mark.is_named for mark in marks.values()):
        understood = replace(understood, needs=())  # what was typed is a name, not a need
    question = Question(
        needs=understood.needs,
        marks=marks,
        place=understood.place,
        hints=understood.hints,
        filters=filters,
        today=at.astimezone(opening.ZONE).date().toordinal(),
        anything=understood.place is not None and STOP_WORDS.issuperset(understood.words),
    )
    return understood, ranking.rank(columns, question, _open_hours.at(columns, at), most)


def _marks(understood: Understood) -> Mapping[int, Mark]:
    """Return documents by the words; by words spelt alike only when nothing else is found."""
    engine = engines.engine()
    marks = engine.matching(understood.words, understood.names)
    if not marks and understood.names and not understood.is_sure:
        return engine.alike(max(understood.names, key=len))
    return marks


def _in_order(codes: Sequence[str], understood: Understood) -> tuple[str, ...]:
    asked = {need.category: rank for rank, need in enumerate(understood.needs)}
    return tuple(sorted(codes, key=lambda code: asked.get(code, len(asked))))


def _hits(
    memory: Memory,
    understood: Understood,
    ranked: Ranked,
    rows: NDArray[np.int64],
    at: datetime,
) -> list[Hit]:
    columns = memory.columns
    services = (
        Service.objects.select_related("provider").only(*READ).in_bulk(list(columns.services[rows]))
        if len(rows)
        else {}
    )
    code = list(columns.names["codes"])
    today = at.astimezone(opening.ZONE).date()
    hits = []
    page: list[int] = rows.tolist()
    for row, open_now in zip(page, _open_hours.of(columns, page, at), strict=True):
        service = services.get(columns.services[row])
        if service is None:  # deleted a moment ago
            continue
        rank = int(ranked.need_of[row])
        need = understood.needs[rank] if rank >= 0 else None
        km = float(ranked.km[row])
        secret = service.confidential or bool(columns.flags[row] & facts.CONFIDENTIAL)
        hits.append(
            Hit(
                service=service,
                categories=_in_order(
                    [code[number] for number in columns.codes.of(row)], understood
                ),
                via=need.via if need else "",
                category_name=memory.names.get(need.category, "") if need else "",
                distance_km=round(km, 1) if isfinite(km) and not secret else None,
                is_stale=service.is_stale(today),
                opening=open_now,
            )
        )
    return hits


class OpenHours:
    """Remembers for each expression of hours how it is, and until when that holds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._forget()

    def _forget(self) -> None:
        self._names: object = None
        self._hours: list[Hours] = []
        self._found: list[Opening | None] = []
        self._open = np.zeros(0, bool)
        self._since = np.zeros(0)
        self._until = np.zeros(0)

    def at(self, columns: Columns, moment: datetime) -> NDArray[np.bool_]:
        """Return for each of the columns' expressions whether it is open."""
        with self._lock:
            self._look(columns, moment)
            return self._open[: len(columns.names["hours"])].copy()

    def of(self, columns: Columns, rows: Sequence[int], moment: datetime) -> list[Opening | None]:
        """Return for each of some rows how it is at its place that is open, or opens first."""
        with self._lock:
            self._look(columns, moment)
            found = [[self._found[n] for n in columns.hours.of(row)] for row in rows]
        return [min(filter(None, some), key=_waiting, default=None) for some in found]

    def _look(self, columns: Columns, moment: datetime) -> None:
        """Bring up to a moment what has changed since the last look."""
        now = moment.timestamp()
        self._learn(columns)
        for number in np.flatnonzero((self._since > now) | (self._until <= now)):
            found = _opening(self._hours[number], moment)
            self._found[number] = found
            self._open[number] = found is not None and found.is_open
            self._since[number] = now
            change = found.changes_at.timestamp() if found and found.changes_at else now + SETTLED
            self._until[number] = min(change, now + SETTLED)

    def _learn(self, columns: Columns) -> None:
        """Take expressions in that are new. Columns only ever add some, until all are read anew."""
        names = columns.names["hours"]
        if names is self._names:
            return
        hours = list(names)
        if self._hours[: len(hours)] != hours[: len(self._hours)]:
            self._forget()
        grown = len(hours) - len(self._hours)
        if grown > 0:
            self._hours = hours
            self._found += [None] * grown
            self._open = np.concatenate([self._open, np.zeros(grown, bool)])
            self._since = np.concatenate([self._since, np.full(grown, np.inf)])
            self._until = np.concatenate([self._until, np.full(grown, -np.inf)])
        self._names = names


_open_hours = OpenHours()


def soonest(hours: Iterable[Hours], *, at: datetime) -> Opening | None:
    """Return how it is at the place that is open, or opens first; None where no hours are known."""
    found = [one for each in hours if (one := _opening(each, at))]
    return min(found, key=_waiting, default=None)


def _waiting(one: Opening) -> tuple[bool, float]:
    return (not one.is_open, one.opens_at.timestamp() if one.opens_at else np.inf)


def _opening(hours: Hours, at: datetime) -> Opening | None:
    expression, country, land = hours
    try:
        return opening.opening(expression, at=at, country=country, land=land)
    except BadHours:
        return None


def warm_up() -> None:
    """Load phrases, places and the directory's documents before the first search comes.

    Raises DatabaseError when there are no tables yet.
    """
    meaning.shipped()
    places.gazetteer()
    index.current()


def place(text: str) -> Place | None:
    """Return the place that a text names (`--near 10115`), or None."""
    return places.named(text)
