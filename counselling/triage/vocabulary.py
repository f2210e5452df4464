"""Which languages use a word: a table of hashes of frequent words.

Built by `scripts/triage_words.py` from wordfreq's lists; no word can be read from it.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np

FILE = Path(__file__).parent / "model" / "words.npz"
LANGUAGES = ("de", "en", "tr", "uk", "ru", "pl", "ar")  # bits of the mask, lowest first


class Vocabulary:
    """The table: hashes of folded words, and a mask of languages for each."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as stored:
            self.masks = dict(
                zip(stored["keys"].tolist(), stored["languages"].tolist(), strict=True)
            )

    def languages(self, word: str) -> int:
        """Return the mask of languages that know a folded word."""
        return int(self.masks.get(crc32(word.encode()), 0))

    def of_hashes(self, hashes: Iterable[int]) -> list[int]:
        """Return the masks of words whose hashes (crc32) are known already."""
        get = self.masks.get
        return [get(one, 0) for one in hashes]


@cache
def load() -> Vocabulary:
    """Return the table of this installation."""
    return Vocabulary(FILE)
