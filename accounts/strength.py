"""How hard a password is to guess, and what to do about it, in our own words."""

import re
from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from zxcvbn import zxcvbn

# How many guesses it must take, as a power of ten: zxcvbn's limits for its scores 3 and 4. A guess
# costs an attacker who has stolen everything a tenth of a second on one core.
WITH_DEVICE_KEY = 8.0
PASSWORD_ONLY = 10.0
# The rest of a longer password only makes it stronger.
LOOKED_AT = 72

# zxcvbn knows English words and counts others letter by letter. A run of letters that it does not know
# is taken for a German word, one in twenty thousand, or two for a long one.
WORD = 4.3
WORD_LENGTH = 9  # letters
# What people here fall back on is tried first.
HOUSE_WORDS = (
    *("lotse", "beratung", "elternberatung", "onlineberatung", "familie", "eltern", "team"),
    *("passwort", "kennwort", "zugang", "anmeldung", "geheim", "sicher", "hallo", "willkommen"),
    *("januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september"),
    *("oktober", "november", "dezember", "frühling", "sommer", "herbst", "winter"),
    *("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
    *("schatz", "liebe", "sonne", "mond", "stern", "hund", "katze", "fussball", "urlaub"),
)
_WHY: dict[str, Promise] = {
    "own": gettext_lazy(
        "Es enthält Ihren Namen, Ihre Adresse oder Wörter, die hier jeder ausprobiert."
    ),
    "dictionary": gettext_lazy("Es besteht zu einem großen Teil aus bekannten Wörtern."),
    "repeat": gettext_lazy("Es wiederholt dieselben Zeichen."),
    "sequence": gettext_lazy("Es enthält eine Reihe wie „abcd“ oder „1234“."),
    "spatial": gettext_lazy("Es enthält Tasten, die nebeneinander liegen."),
    "date": gettext_lazy("Es enthält ein Datum oder eine Jahreszahl."),
}


def weakness(password: str, *, about: Iterable[str], required: float) -> str | None:
    """Return a sentence that says why a password is too easy to guess, or None.

    about: what others know of the person, such as name and e-mail address. required:
    `WITH_DEVICE_KEY` or `PASSWORD_ONLY`.
    """
    own = [*_parts(about), *HOUSE_WORDS]
    rated: dict[str, Any] = zxcvbn(password[:LOOKED_AT] or " ", user_inputs=own)
    if min(float(rated["guesses_log10"]), _in_words(rated["sequence"])) >= required:
        return None
    advice = _("Gut ist ein Satz aus vier oder mehr Wörtern, die nichts miteinander zu tun haben.")
    words = [_("Dieses Passwort ist zu leicht zu erraten."), _reason(rated["sequence"]), advice]
    return " ".join(word for word in words if word)


def _in_words(sequence: list[dict[str, Any]]) -> float:
    """Return the power of ten of the guesses, with unknown runs of letters taken for words."""
    total = 0.0
    for match in sequence:
        if match["pattern"] != "bruteforce":
            total += float(match["guesses_log10"])
            continue
        for run in re.findall(r"[^\W\d_]+|[\W\d_]", match["token"]):
            words = -(-len(run) // WORD_LENGTH)
            total += min(float(len(run)), words * WORD)
    return total


def _reason(sequence: list[dict[str, Any]]) -> str:
    known = [match for match in sequence if match["pattern"] != "bruteforce"]
    if not known:
        return ""
    weakest = max(known, key=lambda match: len(match["token"]))
    pattern = str(weakest["pattern"])
    if weakest.get("dictionary_name") == "user_inputs":
        pattern = "own"
    elif pattern == "regex":  # the only ones are years
        pattern = "date"
    return str(_WHY[pattern])


def _parts(about: Iterable[str]) -> list[str]:
    whole = [text.lower() for text in about if text]
    return [
        *whole,
        *(part for text in whole for part in re.split(r"[\W_]+", text) if len(part) > 2),
    ]
