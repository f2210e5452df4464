"""Which language a text is in, and whether we dare to rate it.

Known words decide (the vocabulary knows which languages use a word); only a text of
mostly unknown words is shown to py3langid. Unsure is an answer: a human looks first.
"""

from collections import Counter
from collections.abc import Sequence

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from counselling.triage.lexicon import Found
from counselling.triage.vocabulary import LANGUAGES, Vocabulary

UNSURE = "unsure"
ENOUGH = 0.55  # share of known words that settles the matter
CLEAR = 0.9  # share of German words at which no other language is looked at
SOME = 0.3  # with this share German is believed when py3langid agrees, or says a neighbour
NEIGHBOURS = frozenset({"de", "lb", "nl", "af"})  # what py3langid takes dialects for
LOOKED_AT = 400  # words

_identifiers: list[LanguageIdentifier] = []


def known(words: Sequence[str], vocabulary: Vocabulary) -> list[int]:
    """Return for each of the first words the mask of languages that know it."""
    return [vocabulary.languages(word) for word in words[:LOOKED_AT]]


def detect(words: Sequence[str], masks: Sequence[int], found: Sequence[Found]) -> str:
    """Return the language of folded words, or `unsure`."""
    letters = [(word, mask) for word, mask in zip(words, masks, strict=False) if word[0].isalpha()]
    if not letters:
        return UNSURE
    counts = Counter([mask for _, mask in letters])
    shares = {
        language: sum([count for mask, count in counts.items() if mask >> bit & 1]) / len(letters)
        for bit, language in enumerate(LANGUAGES)
    }
    language = max(shares, key=lambda one: (shares[one], one == "de"))
    share = shares[language]
    # The German list is several times as long as the others: let them win a near tie.
    if language == "de":
        for other in LANGUAGES[1:]:
            if shares[other] > 0.9 * share and share < CLEAR and len(letters) > 3:
                language, share = other, shares[other]
                break
    if share >= ENOUGH:
        return language
    if len(letters) < 4 and found:
        return language
    guess = _guess(" ".join(word for word, _ in letters))
    if guess == language or (language == "de" and guess in NEIGHBOURS):
        return language if share >= SOME else UNSURE
    return UNSURE


def is_ever_unsure(
    words: Sequence[str], masks: Sequence[int], found: Sequence[Found], ends: Sequence[int]
) -> bool:
    """Say whether a beginning of a text, up to before one of some words, is `unsure`. ends: ascending."""
    german = letters = place = 0
    for end in ends:
        for word, mask in zip(words[place:end], masks[place:end], strict=False):
            if word[0].isalpha():
                letters += 1
                german += mask & 1
        place = end
        clear = letters > 0 and german >= CLEAR * letters
        if not clear and detect(words[:end], masks, found) == UNSURE:
            return True
    return False


def _guess(text: str) -> str:
    if not _identifiers:
        _identifiers.append(LanguageIdentifier.from_model_file(MODEL_FILE))
    return str(_identifiers[0].classify(text)[0])
