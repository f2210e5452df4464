"""What a search says beside the need: open now, free, anonymous, a language, a child's age. Pure.

A hint from the text ranks what fits higher and hides nothing; only a filter that somebody sets hides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from referrals.search.words import listed

_LANGUAGES = {
    "tr": "tuerkisch tuerkische tuerkischer tuerkce turkish turecki",
    "ar": "arabisch arabische arabischer arabic عربي العربيه بالعربيه arapca",
    "uk": "ukrainisch ukrainische ukrainischer ukrainian українською українська",
    "ru": "russisch russische russischer russian русском русский русскии русскоговорящии rusca",
    "pl": "polnisch polnische polnischer polish polsku polski polskim",
    "en": "englisch englische englischer english ingilizce",
    "ro": "rumaenisch rumaenische romanian",
    "bg": "bulgarisch bulgarische bulgarian",
    "fa": "persisch farsi dari persian",
    "ku": "kurdisch kurdische kurdish kurtce",
    "fr": "franzoesisch franzoesische french",
    "es": "spanisch spanische spanish",
    "it": "italienisch italienische italian",
    "sq": "albanisch albanische albanian",
    "el": "griechisch griechische greek",
    "pt": "portugiesisch portugiesische portuguese",
    "hr": "kroatisch kroatische croatian",
    "sr": "serbisch serbische serbian",
    "vi": "vietnamesisch vietnamesische vietnamese",
    "ti": "tigrinya tigrinisch",
}
LANGUAGE_WORDS = {word: code for code, line in _LANGUAGES.items() for word in line.split()}
_FREE = listed("""kostenlos kostenlose kostenloser kostenfrei kostenfreie gratis umsonst gebuehrenfrei
    uecretsiz ucretsiz bedava free bezplatny bezplatnie darmowy darmowe za_darmo
    бесплатно бесплатная безкоштовно مجاني مجانا""")
_ANONYMOUS = listed("anonym anonyme anonymous anonim анонимно анонімно")
_NOT_ANONYMOUS = listed("alkoholiker alkoholikern geburt spurensicherung unterkunft")
_BARRIER_FREE = listed(
    "barrierefrei barrierefreie rollstuhl rollstuhlgerecht rollstuhlgeeignet wheelchair"
)
_OPEN = listed("offen geoeffnet open auf acik otwarte открыто відчинено مفتوح")
_NOW = listed("jetzt gerade grad heute sofort now simdi teraz сейчас зараз الان")
_REFERRALS = re.compile(r"\bueberweis(ung|en)\b")
_NUMBERS = {
    "ein": 1, "zwei": 2, "drei": 3, "vier": 4, "fuenf": 5, "sechs": 6, "sieben": 7, "acht": 8,
    "neun": 9, "zehn": 10, "elf": 11, "zwoelf": 12, "dreizehn": 13, "vierzehn": 14, "fuenfzehn": 15,
    "sechzehn": 16, "siebzehn": 17,
}  # fmt: skip
_YEARS = re.compile(r"(\d{1,2}|[a-z]+?)(jaehrig\w*|jahre?n?|years?|yr|лет|года|років|lat|yasinda)")
_YEAR_WORD = re.compile(
    r"(jaehrig\w*|jahre?n?|years?|yr|yo|лет|года|год|років|роки|рік|lat|lata|yasinda|سنوات|سنه)"
)
_MONTH_WORD = re.compile(r"(monate?n?|wochen?|tage?n?|months?|weeks?|days?)")
_CHILD = re.compile(r"(sohn|tochter|kind|maedchen|junge|bub|son|daughter)")
_NEWBORN = re.compile(r"(baby|saeugling|neugeboren)")
OLDEST_CHILD = 20  # years


@dataclass(frozen=True, slots=True)
class Hints:
    """What a search says beside the need. age: the child's, in years."""

    open_now: bool = False
    free: bool = False
    anonymous: bool = False
    barrier_free: bool = False
    takes_referrals: bool = False
    languages: frozenset[str] = frozenset()
    age: float | None = None


def find(text: Sequence[str]) -> tuple[Hints, set[int]]:
    """Return the hints in folded words, and which words say nothing else."""
    spent: set[int] = set()
    languages = set()
    free = anonymous = barrier_free = open_now = False
    for at, word in enumerate(text):
        after = text[at + 1] if at + 1 < len(text) else ""
        if code := LANGUAGE_WORDS.get(word):
            languages.add(code)
            spent.add(at)
        elif word in _FREE:
            free = True
            spent.add(at)
        elif word in _ANONYMOUS and after not in _NOT_ANONYMOUS:
            anonymous = True
            spent.add(at)
        elif word in _BARRIER_FREE:
            barrier_free = True
            spent.add(at)
        elif word in _OPEN and ({"", after, text[at - 1] if at else ""} & _NOW):
            open_now = True
            spent.update(
                i
                for i in (at - 1, at, at + 1)
                if 0 <= i < len(text) and (i == at or text[i] in _NOW)
            )
    hints = Hints(
        open_now=open_now,
        free=free,
        anonymous=anonymous,
        barrier_free=barrier_free,
        takes_referrals=bool(_REFERRALS.search(" ".join(text))),
        languages=frozenset(languages),
        age=_age(text),
    )
    return hints, spent


def _number(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    return _NUMBERS.get(text) or _NUMBERS.get(text.removesuffix("e"))


def _age(text: Sequence[str]) -> float | None:
    for at, word in enumerate(text):
        after = text[at + 1] if at + 1 < len(text) else ""
        before = text[at - 1] if at else ""
        joined = _YEARS.fullmatch(word)
        number = _number(joined[1]) if joined else _number(word)
        if number is None or number > 99:
            continue
        if joined or _YEAR_WORD.fullmatch(after):
            return float(number) if number <= OLDEST_CHILD else None
        if _MONTH_WORD.fullmatch(after):
            return number / 12 if after.startswith("mon") else 0.1
        if word.isdigit() and number <= OLDEST_CHILD and _CHILD.match(before):
            return float(number)
    return 0.5 if any(_NEWBORN.match(word) for word in text) else None
