"""Which entries look like the same service under two ids. Pure."""

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from referrals.hsds.bundles import Bundle

# Words that say nothing about which one it is.
_EMPTY = frozenset(
    ["e", "v", "ev", "ggmbh", "gmbh", "der", "die", "das", "des", "fuer", "und", "in"]
)


def key(bundle: "Bundle") -> str:
    """Return what two entries of the same service have in common: name, and postcode or town."""
    service = bundle.service or {}
    addresses = bundle.rows("addresses")
    first = addresses[0] if addresses else {}
    where = str(first.get("postal_code") or first.get("city") or "")
    who = ""
    if not where:
        providers = bundle.rows("organizations")
        who = str(providers[0].get("name", "")) if providers else ""
    said = "|".join(simple(part) for part in (str(service.get("name", "")), where, who))
    return hashlib.sha256(said.encode()).hexdigest()


@lru_cache(maxsize=4096)
def simple(text: str) -> str:
    """Return a text without case, accents, punctuation and empty words, in the order of the alphabet."""
    text = text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = unicodedata.normalize("NFKD", text)
    words = re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    return " ".join(sorted(set(words) - _EMPTY)) or text


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the question whether a known word was meant, or nothing."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return _("Meinten Sie „{word}“?").format(word=folded[close[0]]) if close else ""
