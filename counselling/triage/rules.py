"""Rules: which concepts near each other mean which danger.

A line of `lexicon/rules.txt`: `suicidality sofort: AT_PLACE + PLACE + NOW within 12 without FICTION GAME`.
A rule looks only at the words from its first to its last concept, so that nothing outside can silence it.
A rule whose level is written with `!` decides by itself; the others are evidence for the classifier.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import product
from operator import itemgetter

from counselling.sla import Urgency
from counselling.triage.lexicon import FOLDER, Found

FILE = FOLDER / "rules.rules"
_LINE = re.compile(
    r"(?P<signal>\w+) (?P<level>sofort|dringend)(?P<decides>!?): (?P<needs>\w+(?: \+ \w+)*)"
    r"(?: within (?P<reach>\d+))?(?: without (?P<without>\w+(?: \w+)*))?"
)
DEFAULT_REACH = 10
MOST_PLACES = 40  # of one concept, so that a text of one word repeated stays cheap


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the file."""

    name: str
    signal: str
    level: Urgency
    decides: bool
    needs: tuple[str, ...]
    reach: int
    without: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that holds at words `first` to `last`."""

    rule: Rule
    first: int
    last: int


@cache
def load() -> tuple[Rule, ...]:
    """Return the rules of this installation. Raises ValueError on a line that is not a rule."""
    rules: list[Rule] = []
    for number, raw in enumerate(FILE.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{FILE.name}, line {number}: not a rule")
        rules.append(
            Rule(
                line,
                match["signal"],
                Urgency.SOFORT if match["level"] == "sofort" else Urgency.DRINGEND,
                bool(match["decides"]),
                tuple(match["needs"].split(" + ")),
                int(match["reach"] or DEFAULT_REACH),
                frozenset((match["without"] or "").split()),
            )
        )
    return tuple(rules)


def fire(found: list[Found]) -> list[Fired]:
    """Return the rules that hold, each at its tightest places. found: by first word, then by last."""
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for concept, first, last in found:
        if len(there := places[concept]) < MOST_PLACES:
            there.append((first, last))
    fired: list[Fired] = []
    for rule in _possible(set(places)):
        fired.extend(_fire(rule, places))
    return fired


@cache
def _by_need() -> dict[str, list[tuple[int, Rule]]]:
    """Return the numbered rules by what they need first."""
    rules: dict[str, list[tuple[int, Rule]]] = defaultdict(list)
    for number, rule in enumerate(load()):
        rules[rule.needs[0]].append((number, rule))
    return dict(rules)


def _possible(concepts: set[str]) -> list[Rule]:
    """Return the rules all of whose concepts are there, in the order of the file."""
    by_need = _by_need()
    some = [
        (number, rule)
        for concept in concepts
        for number, rule in by_need.get(concept, ())
        if concepts.issuperset(rule.needs)
    ]
    return [rule for _number, rule in sorted(some, key=itemgetter(0))]


def _fire(rule: Rule, places: dict[str, list[tuple[int, int]]]) -> list[Fired]:
    fired: list[Fired] = []
    for first_place in places[rule.needs[0]]:
        near = [
            [
                place
                for place in places[need]
                if abs(place[0] - first_place[0]) <= rule.reach and place != first_place
            ][:4]
            for need in rule.needs[1:]
        ]
        best: tuple[int, int] | None = None
        for others in product(*near):
            if len({*others, first_place}) <= len(others):
                continue
            first = min(place[0] for place in (first_place, *others))
            last = max(place[1] for place in (first_place, *others))
            tighter = best is None or last - first < best[1] - best[0]
            if last - first <= rule.reach and tighter and not _held_back(rule, places, first, last):
                best = (first, last)
        if best is not None:
            fired.append(Fired(rule, *best))
    return fired


def _held_back(rule: Rule, places: dict[str, list[tuple[int, int]]], first: int, last: int) -> bool:
    """Return whether a concept that the rule excludes stands among its own words."""
    for concept in rule.without:
        there = places.get(concept, [])
        at = bisect_left(there, (first, -1))
        if at < len(there) and there[at][0] <= last:
            return True
    return False
