"""Which language a text is in, and whether we dare to rate it.

Known words decide (the vocabulary knows which languages use a word); only a text of
mostly unknown words is shown to py3langid. Unsure is an answer: a human looks first.
"""

from collections.abc import Sequence
from itertools import accumulate

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from counselling.triage.lexicon import Found
from counselling.triage.vocabulary import LANGUAGES, Vocabulary

UNSURE = "unsure"
ENOUGH = 0.55  # share of known words that settles the matter
CLEAR = 0.9  # share of German words at which no other language is looked at
SOME = 0.3  # with this share German is believed when py3langid agrees, or says a neighbour
NEIGHBOURS = frozenset({"de", "lb", "nl", "af"})  # what py3langid takes dialects for
LOOKED_AT = 400  # words

# Words are counted in one number, of each language and, above those, of all: so many bits for each.
_BITS = 16
_FIELD = (1 << _BITS) - 1
_ALL = _BITS * len(LANGUAGES)
_COUNTS = [
    (1 << _ALL) + sum(1 << _BITS * bit for bit in range(len(LANGUAGES)) if mask >> bit & 1)
    for mask in range(1 << len(LANGUAGES))
]

_identifiers: list[LanguageIdentifier] = []


class Spoken:
    """The words of a text that tell its language, counted for each of its beginnings.

    words: folded; hashes: their crc32; found: the concepts of the text.
    """

    def __init__(
        self,
        words: Sequence[str],
        hashes: Sequence[int],
        found: Sequence[Found],
        vocabulary: Vocabulary,
    ) -> None:
        self._words = words[:LOOKED_AT]
        self._found = found
        masks = vocabulary.of_hashes(hashes[:LOOKED_AT])
        counts = [
            _COUNTS[mask] if word[0].isalpha() else 0
            for word, mask in zip(self._words, masks, strict=True)
        ]
        self._totals = list(accumulate(counts, initial=0))

    def detect(self, end: int = LOOKED_AT) -> str:
        """Return the language of the words up to before `end`, or `unsure`."""
        end = min(end, len(self._words))
        total = self._totals[end]
        letters = total >> _ALL
        if not letters:
            return UNSURE
        shares = [(total >> _BITS * bit & _FIELD) / letters for bit in range(len(LANGUAGES))]
        share = max(shares)
        place = shares.index(share)  # of several, German, which stands first
        # The German list is several times as long as the others: let them win a near tie.
        if place == 0 and share < CLEAR and letters > 3:
            place = next((at for at, one in enumerate(shares) if at and one > 0.9 * share), 0)
            share = shares[place]
        language = LANGUAGES[place]
        if share >= ENOUGH or (letters < 4 and self._found):
            return language
        guess = _guess(" ".join([word for word in self._words[:end] if word[0].isalpha()]))
        if guess == language or (language == "de" and guess in NEIGHBOURS):
            return language if share >= SOME else UNSURE
        return UNSURE

    def is_ever_unsure(self, ends: Sequence[int]) -> bool:
        """Say whether a beginning, up to before one of some words, is `unsure`."""
        return any(not self._is_german(end) and self.detect(end) == UNSURE for end in ends)

    def _is_german(self, end: int) -> bool:
        """Say whether a beginning is so clearly German that nothing else needs to be looked at."""
        total = self._totals[min(end, len(self._words))]
        letters = total >> _ALL
        return letters > 0 and total & _FIELD >= CLEAR * letters


def _guess(text: str) -> str:
    if not _identifiers:
        _identifiers.append(LanguageIdentifier.from_model_file(MODEL_FILE))
    return str(_identifiers[0].classify(text)[0])
