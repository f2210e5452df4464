"""Build counselling/triage/model/words.npz: `python scripts/triage_words.py`, with wordfreq 3.1.1 installed.

wordfreq is no dependency of the project: its frequent words (CC BY-SA 4.0, https://github.com/rspeer/wordfreq)
go into a table of hashes once, and the same wordfreq gives the same bytes.
"""

import re
import sys
from pathlib import Path
from zlib import crc32

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from wordfreq import top_n_list  # noqa: E402 - not installed with the project

from counselling.triage.vocabulary import FILE, LANGUAGES  # noqa: E402 - needs the path
from counselling.triage.words import fold  # noqa: E402 - needs the path

SIZES = {"de": 52_000, "en": 6_000, "tr": 6_000, "uk": 5_000, "ru": 6_000, "pl": 6_000, "ar": 5_000}


def main() -> None:
    """Write the table."""
    masks: dict[int, int] = {}
    for bit, language in enumerate(LANGUAGES):
        for word in top_n_list(language, SIZES[language]):
            if re.fullmatch(r"[^\W\d_]+", word):
                key = crc32(fold(word).encode())
                masks[key] = masks.get(key, 0) | 1 << bit
    keys = np.array(sorted(masks), np.uint32)
    languages = np.array([masks[int(key)] for key in keys], np.uint8)
    np.savez_compressed(FILE, keys=keys, languages=languages)


if __name__ == "__main__":
    main()
