"""What somebody means who types into the one box: needs, a place, hints, and words left over. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from referrals.search import hints, places, words
from referrals.search.hints import Hints
from referrals.search.meaning import Meaning, Need
from referrals.search.places import Place

LONGEST = 300  # characters; the rest of a longer text is not looked at
MOST_NEEDS = 6
# A need this much weaker than the surest is left out: with few good phrases that would be noise.
FADED = 0.3
CLEAR = 0.5  # closeness to a phrase from which on a need is clearly understood
SECOND = 0.9  # of the surest need's rating: what a clause's need counts at most
_CLAUSES = re.compile(
    r"\s+(?:und|sowie|ausserdem|außerdem|and|ve|i|и|та|و)\s+|[,;.+/&]\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a search means. `words`: folded, without place and hints; `names`: those no phrase knows."""

    text: str
    words: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    place: Place | None = None
    hints: Hints = field(default_factory=Hints)
    names: tuple[str, ...] = ()

    @property
    def is_name(self) -> bool:
        """Say whether no phrase knows any of the words: it may be the name of a service."""
        return bool(self.words) and set(self.words) == set(self.names)

    @property
    def is_sure(self) -> bool:
        """Say whether at least one need is clearly understood."""
        return any(need.closeness >= CLEAR for need in self.needs)


def understand(text: str, meaning: Meaning) -> Understood:
    """Understand what was typed into the box."""
    text = " ".join(text[:LONGEST].split())
    rest, place, found = _without_place_and_hints(words.words(text), meaning)
    needs = meaning.rate(rest)
    strongest = needs[0].score if needs else 0.0
    for clause in _clauses(text):
        needs = _joined(needs, _clause_needs(clause, meaning, strongest))
    kept = [need for need in needs if need.score >= FADED * strongest]
    return Understood(
        text=text,
        words=tuple(words.telling(rest)),
        needs=tuple(kept[:MOST_NEEDS]),
        place=place,
        hints=found,
        names=tuple(w for w in words.telling(rest) if _is_name(w, meaning)),
    )


def _without_place_and_hints(
    text: list[str], meaning: Meaning
) -> tuple[list[str], Place | None, Hints]:
    """Return what is left to speak of a need; all of it when nothing else would be."""
    found = places.find(text, meaning.vocabulary)
    rest = text[: found.first] + text[found.end :] if found else text
    told, spent = hints.find(rest)
    bare = [word for at, word in enumerate(rest) if at not in spent]
    says_something = any(word not in words.STOP_WORDS for word in bare)
    return bare if says_something else rest, found.place if found else None, told


def _clauses(text: str) -> list[str]:
    clauses = [clause for clause in _CLAUSES.split(text) if clause.strip()]
    return clauses if len(clauses) > 1 else []


def _clause_needs(clause: str, meaning: Meaning, strongest: float) -> list[Need]:
    """Return the need of one clause, never before what the whole search says."""
    rest, _, _ = _without_place_and_hints(words.words(clause), meaning)
    rated = meaning.rate(rest)[:1]
    most = SECOND * strongest
    return [replace(need, score=min(need.score, most)) for need in rated if need.closeness >= CLEAR]


def _joined(needs: Sequence[Need], more: Sequence[Need]) -> list[Need]:
    best = {need.category: need for need in needs}
    for need in more:
        if need.category not in best or best[need.category].score < need.score:
            best[need.category] = need
    return sorted(best.values(), key=lambda need: -need.score)


def _is_name(word: str, meaning: Meaning) -> bool:
    """Say whether a word may be the name of a provider: no phrase of the lexicon has it."""
    return word not in meaning.vocabulary and len(word) > 2 and not word.isdigit()
