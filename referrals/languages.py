"""Languages by code and by the names that Germans, their speakers and English files write. Pure.

Codes are ISO 639-1, or 639-3 where there is none of two letters.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

# Code: German name, then what else it is called.
LANGUAGES: dict[str, tuple[str, ...]] = {
    "de": (gettext_noop("Deutsch"), "german", "ger", "deu"),
    "gsg": (gettext_noop("Deutsche Gebärdensprache"), "dgs", "gebärdensprache", "german sign language", "sign language"),
    "en": (gettext_noop("Englisch"), "english", "eng"),
    "tr": (gettext_noop("Türkisch"), "turkish", "türkçe", "tur"),
    "ar": (gettext_noop("Arabisch"), "arabic", "العربية", "ara"),
    "ru": (gettext_noop("Russisch"), "russian", "русский", "rus"),
    "uk": (gettext_noop("Ukrainisch"), "ukrainian", "українська", "ukr", "ua"),
    "pl": (gettext_noop("Polnisch"), "polish", "polski", "pol"),
    "fa": (gettext_noop("Persisch"), "farsi", "persian", "fas", "per"),
    "prs": (gettext_noop("Dari"), "dari"),
    "ps": (gettext_noop("Paschtu"), "pashto", "paschto", "pus"),
    "ku": (gettext_noop("Kurdisch"), "kurdish", "kurmanci", "kurmandschi", "sorani", "kur"),
    "ti": (gettext_noop("Tigrinya"), "tigrinisch", "tir"),
    "am": (gettext_noop("Amharisch"), "amharic", "amh"),
    "so": (gettext_noop("Somali"), "somalisch", "som"),
    "ro": (gettext_noop("Rumänisch"), "romanian", "română", "ron", "rum"),
    "bg": (gettext_noop("Bulgarisch"), "bulgarian", "български", "bul"),
    "sq": (gettext_noop("Albanisch"), "albanian", "shqip", "sqi", "alb"),
    "sr": (gettext_noop("Serbisch"), "serbian", "srpski", "srp"),
    "hr": (gettext_noop("Kroatisch"), "croatian", "hrvatski", "hrv"),
    "bs": (gettext_noop("Bosnisch"), "bosnian", "bosanski", "bos"),
    "mk": (gettext_noop("Mazedonisch"), "macedonian", "mkd"),
    "rom": (gettext_noop("Romanes"), "romani", "romanes"),
    "it": (gettext_noop("Italienisch"), "italian", "italiano", "ita"),
    "es": (gettext_noop("Spanisch"), "spanish", "español", "spa"),
    "pt": (gettext_noop("Portugiesisch"), "portuguese", "português", "por"),
    "fr": (gettext_noop("Französisch"), "french", "français", "fra", "fre"),
    "el": (gettext_noop("Griechisch"), "greek", "ελληνικά", "ell", "gre"),
    "nl": (gettext_noop("Niederländisch"), "dutch", "nederlands", "nld"),
    "da": (gettext_noop("Dänisch"), "danish", "dansk", "dan"),
    "hu": (gettext_noop("Ungarisch"), "hungarian", "magyar", "hun"),
    "cs": (gettext_noop("Tschechisch"), "czech", "čeština", "ces", "cze"),
    "sk": (gettext_noop("Slowakisch"), "slovak", "slk"),
    "lt": (gettext_noop("Litauisch"), "lithuanian", "lit"),
    "lv": (gettext_noop("Lettisch"), "latvian", "lav"),
    "hy": (gettext_noop("Armenisch"), "armenian", "hye"),
    "ka": (gettext_noop("Georgisch"), "georgian", "kat"),
    "az": (gettext_noop("Aserbaidschanisch"), "azerbaijani", "aze"),
    "ur": (gettext_noop("Urdu"), "urd"),
    "hi": (gettext_noop("Hindi"), "hin"),
    "pa": (gettext_noop("Panjabi"), "punjabi", "pan"),
    "ta": (gettext_noop("Tamil"), "tamilisch", "tam"),
    "bn": (gettext_noop("Bengalisch"), "bengali", "ben"),
    "vi": (gettext_noop("Vietnamesisch"), "vietnamese", "tiếng việt", "vie"),
    "zh": (gettext_noop("Chinesisch"), "chinese", "mandarin", "chinese (mandarin)", "chinese (cantonese)", "zho"),
    "th": (gettext_noop("Thailändisch"), "thai", "tha"),
    "tl": (gettext_noop("Tagalog"), "filipino", "tgl"),
    "ja": (gettext_noop("Japanisch"), "japanese", "jpn"),
    "ko": (gettext_noop("Koreanisch"), "korean", "kor"),
    "he": (gettext_noop("Hebräisch"), "hebrew", "heb"),
    "sw": (gettext_noop("Suaheli"), "swahili", "kisuaheli", "swa"),
    "wo": (gettext_noop("Wolof"), "wol"),
    "sv": (gettext_noop("Schwedisch"), "swedish", "swe"),
}  # fmt: skip
_CODES = {name.casefold(): code for code, names in LANGUAGES.items() for name in (code, *names)}


def code_of(word: str) -> str:
    """Return the code of a language by code or name, nothing for an unknown one."""
    return _CODES.get(" ".join(word.split()).casefold(), "")


def name_of(code: str) -> str:
    """Return a language's name in the language spoken now, the code itself when it is unknown."""
    return _(LANGUAGES[code][0]) if code in LANGUAGES else code
