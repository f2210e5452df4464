"""Word vectors: what a word means, from a table of hashes (see model/card.md for its origin).

A word that is not in the table is looked up as a compound: its longest known end and beginning.
"""

from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).parent / "model" / "vectors.npz"
LANGUAGES = ("de", "en", "tr", "uk", "ru", "pl", "ar")  # bits of the language mask, lowest first
SHORTEST_PART = 4


class Vectors:
    """The table: sorted hashes of folded words, a vector and a mask of languages for each."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as stored:
            keys = stored["keys"]
            self.vectors: NDArray[np.int8] = stored["vectors"]
            self.scale: NDArray[np.float32] = stored["scale"]
            self.masks: NDArray[np.uint8] = stored["languages"]
        self.rows = {int(key): row for row, key in enumerate(keys)}
        self.size = self.vectors.shape[1]

    def row(self, word: str) -> int | None:
        """Return the row of a word, or None."""
        return self.rows.get(crc32(word.encode()))

    def languages(self, word: str) -> int:
        """Return the mask of languages that know the word."""
        row = self.row(word)
        return 0 if row is None else int(self.masks[row])

    def matrix(self, words: list[str]) -> NDArray[np.float32]:
        """Return a row for each word; unknown words are zero."""
        result = np.zeros((len(words), self.size), np.float32)
        for place, word in enumerate(words):
            rows = self._rows(word)
            if rows:
                result[place] = self.vectors[rows].astype(np.float32).mean(0) * self.scale
        return result

    def _rows(self, word: str) -> list[int]:
        row = self.row(word)
        if row is not None:
            return [row]
        if len(word) < SHORTEST_PART + 1 or not word.isalpha():
            return []
        parts: list[int] = []
        ending = next(
            (r for n in range(1, len(word) - SHORTEST_PART + 1) if (r := self.row(word[n:]))), None
        )
        beginning = next(
            (r for n in range(len(word) - 1, SHORTEST_PART - 1, -1) if (r := self.row(word[:n]))),
            None,
        )
        parts.extend(r for r in (beginning, ending) if r is not None)
        return parts


@cache
def load() -> Vectors:
    """Return the table of this installation."""
    return Vectors(FILE)
