"""Concepts: what words and phrases are about, in seven languages.

The files in `lexicon/` name a concept and list its words: `stirbt`, `sterb*` (begins with), `*tabletten`
(ends with), phrases (`nicht mehr leben`) and phrases with a gap of up to three words (`bring ~ um`).
All are folded like the texts. Plain phrases are found by spaCy's PhraseMatcher, the rest here.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from counselling.triage.words import fold

FOLDER = Path(__file__).parent / "lexicon"
GAP = 3
SHORTEST_STEM = 3
_NOTHING: frozenset[str] = frozenset()


class Found(NamedTuple):
    """A concept at words `first` to `last` (both included)."""

    concept: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A phrase: its atoms, and before which of them a gap may stand."""

    concept: str
    atoms: tuple[str, ...]
    gaps: tuple[bool, ...]


class Lexicon:
    """All concepts, ready to be looked up."""

    def __init__(self) -> None:
        self.exact: set[str] = set()
        # Stems by their first letters, endings by their last ones: a word is held against few of them.
        self.stems: dict[str, dict[str, str]] = defaultdict(dict)
        self.endings: dict[str, dict[str, str]] = defaultdict(dict)
        self.of_atom: dict[str, list[str]] = defaultdict(list)
        # Phrases by their first atom and their second one: many begin with a common word.
        self.sequences: dict[str, dict[str, list[Sequence]]] = defaultdict(dict)
        self.phrases: dict[str, list[list[str]]] = defaultdict(list)
        self.concepts: set[str] = set()
        self.known: dict[str, frozenset[str]] = {}

    def add(self, concept: str, item: str) -> None:
        """Add one item of a concept. Raises ValueError for a stem that is too short to mean anything."""
        self.concepts.add(concept)
        atoms: list[str] = []
        gaps: list[bool] = []
        gap = False
        for part in item.split():
            if part == "~":
                gap = True
                continue
            atoms.append(self._atom(part, item))
            gaps.append(gap)
            gap = False
        if not atoms:
            raise ValueError(f"{concept}: empty item {item!r}")
        if len(atoms) > 1 and not any(gaps) and not any("*" in atom for atom in atoms):
            self.phrases[concept].append(atoms)
            return
        self.exact.update(atom for atom in atoms if "*" not in atom)
        if len(atoms) == 1:
            self.of_atom[atoms[0]].append(concept)
        else:
            second = self.sequences[atoms[0]].setdefault(atoms[1], [])
            second.append(Sequence(concept, tuple(atoms), tuple(gaps)))

    def _atom(self, part: str, item: str) -> str:
        bare = fold(part.strip("*"))
        is_whole = "*" not in part
        if not is_whole and len(bare) < SHORTEST_STEM:
            raise ValueError(f"stem too short in {item!r}")
        if part.startswith("*"):
            return self.endings[bare[-SHORTEST_STEM:]].setdefault(bare, f"*{bare}")
        if part.endswith("*"):
            return self.stems[bare[:SHORTEST_STEM]].setdefault(bare, f"{bare}*")
        return bare

    def settle(self) -> None:
        """Look up the words of the lexicon itself, once for ever: most of a text's words are among them."""
        self.known = {word: self.atoms(word) for word in self.exact}

    def atoms(self, word: str) -> frozenset[str]:
        """Return the atoms that a word matches."""
        stems = self.stems.get(word[:SHORTEST_STEM])
        endings = self.endings.get(word[-SHORTEST_STEM:])
        if not (stems or endings or word in self.exact):
            return _NOTHING
        found = [word] if word in self.exact else []
        if stems:
            found += [atom for stem, atom in stems.items() if word.startswith(stem)]
        if endings:
            found += [atom for ending, atom in endings.items() if word.endswith(ending)]
        return frozenset(found)

    def find(self, words: list[str]) -> list[Found]:
        """Return the concepts of single words and of phrases with stems or gaps, in no order."""
        atoms = [self.known.get(word) or self.atoms(word) for word in words]
        found: list[Found] = []
        for place, here in enumerate(atoms):
            for atom in here:
                if concepts := self.of_atom.get(atom):
                    found += [Found(concept, place, place) for concept in concepts]
                if seconds := self.sequences.get(atom):
                    near = atoms[place + 1 : place + GAP + 2]
                    for second in {second for then in near for second in then if second in seconds}:
                        found += _followed(seconds[second], atoms, place)
        return found


def _followed(sequences: list[Sequence], atoms: list[frozenset[str]], place: int) -> list[Found]:
    """Return those of some phrases that begin at `place`."""
    return [
        Found(sequence.concept, place, last)
        for sequence in sequences
        if (last := _follow(sequence, atoms, place)) is not None
    ]


def _follow(sequence: Sequence, atoms: list[frozenset[str]], place: int) -> int | None:
    """Return where a phrase that begins at `place` ends, or None."""
    for atom, gap in zip(sequence.atoms[1:], sequence.gaps[1:], strict=True):
        reach = place + (GAP + 1 if gap else 1)
        for step in range(place + 1, min(reach, len(atoms) - 1) + 1):
            if atom in atoms[step]:
                place = step
                break
        else:
            return None
    return place


def read(folder: Path) -> list[tuple[str, str]]:
    """Return (concept, item) of every line in a folder of lexicons. Raises ValueError on a bad line."""
    items: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.txt")):
        for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            line = raw.partition("#")[0].strip()
            if not line:
                continue
            concept, colon, rest = line.partition(":")
            if not colon or not concept.isidentifier():
                raise ValueError(f"{path.name}, line {number}: no concept before a colon")
            items.extend((concept, item.strip()) for item in rest.split(",") if item.strip())
    return items


@cache
def load() -> Lexicon:
    """Return the lexicon of this installation."""
    lexicon = Lexicon()
    for concept, item in read(FOLDER):
        lexicon.add(concept, item)
    lexicon.settle()
    return lexicon
