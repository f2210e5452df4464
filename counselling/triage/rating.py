"""What a rating is. Light to import: nothing here loads the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from counselling.sla import Urgency

Who = Literal["client", "counsellor"]
Turn = tuple[Who, str]
RUN = 16  # turns of the client that are scored as one, at most


class BadThreshold(ValueError):
    """A threshold outside the bounds that keep the triage safe."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How alarming a text must be, each from 0 to 1; an organisation may only make it more sensitive.

    `dringend`, `sofort`: for messages and conversations as a whole. `alone`: for a passage of a
    message, whatever stands around it.
    """

    dringend: float = 0.5
    sofort: float = 0.5
    alone: float = 0.5

    # 0.5 is where training puts the line; below the floor nearly every message would alarm, and
    # nobody would look any more.
    FLOOR = 0.1
    CEILING = 0.5

    def __post_init__(self) -> None:
        for name in ("dringend", "sofort", "alone"):
            if not self.FLOOR <= getattr(self, name) <= self.CEILING:
                raise BadThreshold(f"{name} must be from {self.FLOOR} to {self.CEILING}")


DEFAULT = Thresholds()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code, and where in which turn it shows (characters of the original text).

    The codes are signals, `wording` for words that weigh without a rule, and why a text is unrated
    (`empty`, `language`, `too_long`, `failure`; those have no place and stand at 0 to 0).
    """

    code: str
    turn: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rating:
    """How soon a human must see a conversation, and why.

    level: what the conversation needs so far; an unrated one is at least `dringend`, never `normal`.
    score: 0 to 1, for ordering and for the shadow comparison; not a probability.
    language: `de`, `en`, … or `unsure`. unrated: a human looks first.
    """

    level: Urgency
    score: float
    signals: tuple[str, ...]
    reasons: tuple[Reason, ...]
    language: str
    unrated: bool


def unrated(code: str, turns: Sequence[Turn], language: str = "unsure") -> Rating:
    """Return the rating of what cannot be rated: look first."""
    last = max(len(turns) - 1, 0)
    return Rating(Urgency.DRINGEND, 0.5, (), (Reason(code, last, 0, 0),), language, True)
