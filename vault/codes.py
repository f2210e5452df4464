"""The access code: the only thing a client needs to come back.

24 random characters of Crockford's base32 (120 bits) and a check character (Luhn mod 32, which
notices every single wrong character and nearly every swapped pair), shown as five groups of five.
Letters that look or sound alike are folded, so that a code can be read aloud and typed in any case,
with any spaces or dashes.
"""

import hmac
import secrets
import unicodedata
from dataclasses import dataclass, field
from hashlib import blake2b

from django.conf import settings
from stdnum import luhn

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_CHARACTERS = 24  # 5 bits each: 120 bits
GROUP = 5
LENGTH = RANDOM_CHARACTERS + 1
_FOLDED = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V", "Ü": "V", "Ö": "0", "Ä": "A"})
_IGNORED = frozenset(" -–—_.,;:/\t\r\n\u00a0\u200b\u200c\u200d\ufeff\u00ad")


class CodeInvalid(ValueError):
    """What was typed cannot be an access code. `reason`: `empty`, `length`, `letter` or `check`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def fold(typed: str) -> str:
    """Return the letters and digits that somebody typed, without decoration, look-alikes as one."""
    text = unicodedata.normalize("NFKC", typed).upper()
    return "".join(c for c in text if c not in _IGNORED).translate(_FOLDED)


@dataclass(frozen=True, slots=True)
class AccessCode:
    """A well-formed access code. It never shows itself in `repr`, so that no log or traceback does."""

    characters: str = field(repr=False)

    @classmethod
    def generate(cls) -> "AccessCode":
        """Return a fresh code."""
        body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
        return cls(body + luhn.calc_check_digit(body, ALPHABET))

    @classmethod
    def parse(cls, typed: str) -> "AccessCode":
        """Read a code as a person types it. Raises CodeInvalid with the reason."""
        # 400: far more than a code with any decoration; the rest is not looked at.
        characters = fold(typed[:400])
        if not characters:
            raise CodeInvalid("empty")
        if any(c not in ALPHABET for c in characters):
            raise CodeInvalid("letter")
        if len(characters) != LENGTH or len(typed) > 400:
            raise CodeInvalid("length")
        if luhn.calc_check_digit(characters[:-1], ALPHABET) != characters[-1]:
            raise CodeInvalid("check")
        return cls(characters)

    @property
    def groups(self) -> list[str]:
        """Return the five groups of five characters."""
        return [self.characters[i : i + GROUP] for i in range(0, LENGTH, GROUP)]

    def display(self) -> str:
        """Return the code as it is shown and printed: `7KQ4M-XW2PA-…`."""
        return "-".join(self.groups)

    def lookup_id(self) -> bytes:
        """Return 32 bytes by which the database knows the code; they open nothing."""
        return hmac.digest(settings.CODE_PEPPER.encode(), self._subkey(b"lotse-lookup"), "sha256")

    def wrap_key(self) -> bytes:
        """Return the 32 bytes under which the case's key is wrapped for who has the code."""
        return self._subkey(b"lotse-wrap")

    def _subkey(self, person: bytes) -> bytes:
        root = blake2b(
            self.characters.encode("ascii"), digest_size=32, person=b"lotse-code"
        ).digest()
        return blake2b(key=root, digest_size=32, person=person).digest()
