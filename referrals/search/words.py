"""Words of a search in one spelling, their stems, and the parts of German compounds. Pure.

The spelling is the triage's (`counselling.triage.words`): lower case, ä as ae, no accents. A light
stemmer and not a lemmatiser: simplemma needs 109 MB a process for what n-grams and the typing
errors' tolerance do anyway (figures in docs/search.md).
"""

from functools import lru_cache
from pathlib import Path

from counselling.triage.words import split

FOLDER = Path(__file__).parent


def listed(text: str) -> frozenset[str]:
    """Return the words of a list that is written as a text."""
    return frozenset(text.split())


# Second halves of the field's compounds: `Familienberatung` is also found by `Familie`.
HEADS = tuple(
    sorted(
        listed(
            """
        beratung beratungsstelle hilfe hilfen gruppe gruppen stelle treff kurs kurse ambulanz haus
        zentrum dienst notdienst amt amtes kasse geld foerderung begleitung therapie therapeut
        therapeutin training schule betreuung platz plaetze pflege mutter muetter vater vaeter eltern
        kind kinder baby familie familien sucht schulden kur antrag zuschuss zuschlag vorschuss
        krise telefon nummer heim wohnung unterkunft schutz gewalt recht streit stoerung schwaeche
        problem probleme angst aengste patin pate paten patenschaft oma opa arzt aerztin psychologe
        psychologin psychiatrie lehrer hebamme sprechstunde cafe netzwerk verein ausstattung kosten
        nachsorge vorsorge diagnose abbruch konflikt trennung scheidung verzoegerung entwicklung
        gespraech pass bescheid garten schreien abend klasse aufgaben zeit
        """
        ),
        key=len,
        reverse=True,
    )
)
SHORTEST_BEGINNING = 3
_LINKS = ("s", "n", "en", "es", "er", "e")  # what joins the halves: Schwangerschaft-s-beratung
_ENDINGS = ("erinnen", "innen", "ungen", "erin", "ern", "est", "end", "em", "en", "er", "es", "in")
_SHORT_ENDINGS = ("e", "n", "s", "t")
SHORTEST_STEM = 4


def _lines(name: str) -> frozenset[str]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    bare = " ".join(line.partition("#")[0] for line in text.splitlines())
    return frozenset(word.text for word in split(bare))


STOP_WORDS = _lines("stop_words.txt")


def words(text: str, *, limit: int = 60) -> list[str]:
    """Return the folded words of a text, at most `limit` of them."""
    return [word.text for word in split(text, limit=limit)]


def telling(text: list[str]) -> list[str]:
    """Return the words that say something; all of them where none does."""
    return [word for word in text if word not in STOP_WORDS] or text


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of a folded word: German endings off, twice at most, four letters kept.

    Words in other scripts lose their last letter or two, where their languages inflect.
    """
    if not word.isascii():
        return word[: max(SHORTEST_STEM, len(word) - 2)] if len(word) > SHORTEST_STEM else word
    for _ in range(2):
        for ending in (*_ENDINGS, *_SHORT_ENDINGS):
            if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
                word = word.removesuffix(ending)
                break
        else:
            break
    return word


@lru_cache(maxsize=50_000)
def parts(word: str) -> tuple[str, ...]:
    """Return beginning and head of a compound, nothing when it is none.

    `familienberatung`: `familie`, `beratung`.
    """
    for head in HEADS:
        if word.endswith(head) and len(word) - len(head) >= SHORTEST_BEGINNING:
            beginning = word.removesuffix(head)
            return (beginning, head)
    return ()


def unlinked(beginning: str) -> tuple[str, ...]:
    """Return what a compound's beginning may be without the letters that link it."""
    bare = [
        beginning.removesuffix(link)
        for link in _LINKS
        if beginning.endswith(link) and len(beginning) - len(link) >= SHORTEST_BEGINNING
    ]
    return (beginning, *bare)
