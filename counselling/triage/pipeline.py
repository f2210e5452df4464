"""The spaCy pipeline: words, phrases, concepts and rules of a text.

spaCy's own tokeniser looks at case and punctuation, so ours takes its place; PhraseMatcher carries
the plain phrases (a Matcher with as many patterns is a hundred times slower, see platform.md).
"""

import threading
from dataclasses import dataclass
from functools import cache

import spacy
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from counselling.triage import lexicon, rules
from counselling.triage.lexicon import Found


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
        self.lock = threading.Lock()
        rules.load()

    def read(self, words: list[str]) -> Read:
        """Return concepts and rules of folded words."""
        # A memory zone forgets the clients' words again; it is not for several threads at once.
        with self.lock, self.language.memory_zone():
            doc = Doc(self.language.vocab, words=words)
            matches = [
                Found(self.language.vocab.strings[key], first, end - 1)
                for key, first, end in self.matcher(doc)
            ]
        found = self.lexicon.find(words) + matches
        found.sort(key=lambda one: (one.first, one.last, one.concept))
        return Read(found, rules.fire(found))


@cache
def load() -> Pipeline:
    """Return the pipeline of this process."""
    return Pipeline()
