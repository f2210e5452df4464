"""The labelled texts, checked while they are read, and their division into splits."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from counselling.sla import Urgency

FOLDER = Path(__file__).parent / "data"
Who = Literal["client", "counsellor"]
Split = Literal["train", "development", "test"]
LEVELS = {"sofort": Urgency.SOFORT, "dringend": Urgency.DRINGEND, "normal": Urgency.NORMAL}
SIGNALS = (
    "suicidality", "suicidality_passive", "farewell", "self_harm", "child_harm", "loss_of_control",
    "child_emergency", "violence_now", "violence_recurrent", "threat", "stalking",
    "postpartum_crisis", "psychosis", "child_missing", "child_alone", "abuse_suspected", "grooming",
    "homelessness", "neglect", "addiction", "eating_disorder", "abduction", "exhaustion_severe",
    "none",
)  # fmt: skip


class BadLine(ValueError):
    """A line of a file is not a labelled text; the message names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message or conversation."""

    id: str
    turns: tuple[tuple[Who, str], ...]
    level: Urgency
    conversation: bool
    escalates_at: int | None = None
    signals: tuple[str, ...] = ()
    writer: str = ""
    lang: str = ""
    hard: bool | None = None
    obvious: bool | None = None
    batch: str = ""

    @property
    def urgent(self) -> bool:
        """Return whether a human must look the same day."""
        return self.level != Urgency.NORMAL

    @property
    def hand(self) -> str:
        """Return who wrote it, and in which session: the letters of its batch."""
        return self.batch.rpartition("/")[2].rstrip("0123456789")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadLine("text is not a string")
    return value


def _turns(record: dict[str, Any]) -> tuple[tuple[Who, str], ...]:
    if "turns" not in record:
        if "text" not in record:
            raise BadLine("neither text nor turns")
        return (("client", _text(record["text"])),)
    turns = record["turns"]
    if not isinstance(turns, list) or not turns:
        raise BadLine("turns is not a list of turns")
    found: list[tuple[Who, str]] = []
    for turn in turns:
        if not isinstance(turn, dict) or turn.get("who") not in {"client", "counsellor"}:
            raise BadLine("a turn has no who of client or counsellor")
        found.append((turn["who"], _text(turn.get("text"))))
    return tuple(found)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def parse(line: str, batch: str = "") -> Example:
    """Return the example of one line; fields beyond the known ones are ignored. Raises BadLine."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLine("not JSON") from error
    if not isinstance(record, dict):
        raise BadLine("not an object")
    level = record.get("level")
    if not isinstance(level, str) or level not in LEVELS:
        raise BadLine("level is not sofort, dringend or normal")
    if not isinstance(record.get("id"), str | int):
        raise BadLine("no id")
    turns = _turns(record)
    at = record.get("escalates_at")
    if at is not None and (type(at) is not int or not 0 <= at < len(turns)):
        raise BadLine("escalates_at is not the index of a turn")
    signals = record.get("signals")
    return Example(
        id=str(record["id"]),
        turns=turns,
        level=LEVELS[level],
        conversation="turns" in record,
        escalates_at=at,
        signals=tuple(map(str, signals)) if isinstance(signals, list) else (),
        writer=str(record.get("writer", "")),
        lang=str(record.get("lang", "")),
        hard=_flag(record.get("hard")),
        obvious=_flag(record.get("obvious")),
        batch=batch,
    )


def read_leniently(path: Path, batch: str = "") -> tuple[list[Example], list[str]]:
    """Return the examples of a file, and what is wrong with its other lines.

    Raises BadLine when it is not UTF-8, OSError when it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadLine(f"{path.name}: not UTF-8") from error
    examples: dict[str, Example] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            example = parse(line, batch)
            if example.id in examples:
                raise BadLine(f"id {example.id} a second time")
        except BadLine as error:
            wrong.append(f"{path.name}, line {number}: {error}")
        else:
            examples[example.id] = example
    return list(examples.values()), wrong


def read(path: Path, batch: str = "") -> list[Example]:
    """Return the examples of a file. Raises BadLine at a bad line, OSError when it cannot be read."""
    examples, wrong = read_leniently(path, batch)
    if wrong:
        raise BadLine(wrong[0])
    return examples


@cache
def splits() -> dict[str, Split]:
    """Return the split of each batch (`messages/a01`). Source: data/splits.json."""
    stored = json.loads((FOLDER / "splits.json").read_text(encoding="utf-8"))
    return {batch: split for split, batches in stored.items() for batch in batches}


def batches() -> list[str]:
    """Return the batches that are there, in order."""
    return sorted(
        f"{kind}/{path.stem}"
        for kind in ("messages", "conversations")
        for path in (FOLDER / kind).glob("*.jsonl")
    )


def load(*wanted: Split) -> list[Example]:
    """Return all examples of some splits (none: of all), in the order of batches."""
    examples: list[Example] = []
    for batch in batches():
        if not wanted or splits()[batch] in wanted:
            examples.extend(read(FOLDER / f"{batch}.jsonl", batch))
    return examples
