"""The spaCy pipeline: words, phrases, concepts and rules of a text.

spaCy's own tokeniser looks at case and punctuation, so ours takes its place; PhraseMatcher carries
the plain phrases (a Matcher with as many patterns is a hundred times slower, see platform.md).
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from operator import itemgetter

import spacy
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from counselling.triage import lexicon, rules
from counselling.triage.lexicon import Found

_BETWEEN = "·"  # no word


@dataclass(frozen=True, slots=True)
class Read:
    """What the pipeline found."""

    found: list[Found]
    fired: list[rules.Fired]


class Pipeline:
    """A blank German pipeline whose words are given, not tokenised."""

    def __init__(self) -> None:
        self.lexicon = lexicon.load()
        # Only spellings are matched: an empty vocabulary works out nothing else for each new word.
        self.language: Language = spacy.blank("de", vocab=Vocab())
        self.matcher = PhraseMatcher(self.language.vocab, attr="ORTH")
        for concept, phrases in sorted(self.lexicon.phrases.items()):
            self.matcher.add(concept, [Doc(self.language.vocab, words=words) for words in phrases])
        strings = self.language.vocab.strings
        self.concepts = {strings[concept]: concept for concept in self.lexicon.phrases}
        every = [words for phrases in self.lexicon.phrases.values() for words in phrases]
        self.beginnings = {(words[0], words[1]) for words in every}
        self.longest = max(map(len, every))
        self.spellings = {word for words in every for word in words}
        rules.load()

    def read(self, words: list[str]) -> Read:
        """Return concepts and rules of folded words."""
        found = self.lexicon.find(words) + self._phrases(words)
        found.sort(key=itemgetter(1, 2, 0))
        return Read(found, rules.fire(found))

    def _phrases(self, words: list[str]) -> list[Found]:
        """Return the plain phrases. Looks only where the first two words of one stand, and a phrase's length on.

        What is shown to spaCy are words of phrases and a sign between them, never a word that is the client's
        alone: spaCy's vocabulary remembers every word that it has seen.
        """
        shown: list[str] = []
        places: list[int] = []
        until = 0
        for place in [n for n, two in enumerate(pairwise(words)) if two in self.beginnings]:
            if place > until:
                shown.append(_BETWEEN)
                places.append(place)
            for at in range(max(place, until), min(place + self.longest, len(words))):
                shown.append(words[at] if words[at] in self.spellings else _BETWEEN)
                places.append(at)
            until = places[-1] + 1
        if not shown:
            return []
        return [
            Found(self.concepts[key], places[first], places[end - 1])
            for key, first, end in self.matcher(Doc(self.language.vocab, words=shown))
        ]


@cache
def load() -> Pipeline:
    """Return the pipeline of this process."""
    return Pipeline()
