"""Ratings a second against bare spaCy tokenisation of the same texts, and what a worker needs."""

import resource
import statistics
import time
from pathlib import Path

import spacy

from counselling.triage import data
from counselling.triage.engine import rate

WORDS = 120
TEXTS = 200
TARGET_MS, TARGET_MB = 20, 400


def texts() -> list[str]:
    """Return texts of 120 words, put together from the labelled ones."""
    words = " ".join(
        text for one in data.load() for who, text in one.turns if who == "client"
    ).split()
    return [" ".join(words[at * WORDS : (at + 1) * WORDS]) for at in range(TEXTS)]


def measure(_kind: str, _folder: Path) -> dict[str, float | str]:
    """Return ratings a second of one core, bare tokenisation as yardstick, p95 and memory.

    Independent of the database: both arguments are there for the interface alone.
    """
    tokenise = spacy.blank("de")
    found = texts()
    rate([("client", found[0])])
    tokenise(found[0])
    ours: list[float] = []
    bare: list[float] = []
    for text in found:  # in turns, so that both meet the same noise
        began = time.process_time()
        rate([("client", text)])
        between = time.process_time()
        tokenise(text)
        ours.append(between - began)
        bare.append(time.process_time() - between)
    per_second, yardstick = len(ours) / sum(ours), len(bare) / sum(bare)
    p95 = statistics.quantiles(ours, n=20)[-1] * 1000
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    met = p95 < TARGET_MS and megabytes < TARGET_MB
    return {
        "what": f"triage, {WORDS} words, ratings/s a core; p95 {p95:.1f} ms, {megabytes:.0f} MB",
        "ours": round(per_second),
        "yardstick": round(yardstick),
        "ratio": round(per_second / yardstick, 3),
        "target": f"p95 under {TARGET_MS} ms, under {TARGET_MB} MB",
        "met": "yes" if met else "no",
    }
