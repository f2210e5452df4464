"""How good the triage is on labelled texts: the figures of the model card and of `evaluate_triage`.

An unrated text is predicted `dringend`: that is where the product puts it, in front of a human.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from counselling.sla import Urgency
from counselling.triage.data import Example
from counselling.triage.engine import Engine, rate, recent
from counselling.triage.rating import DEFAULT, Rating, Thresholds

ORDER = (Urgency.SOFORT, Urgency.DRINGEND, Urgency.NORMAL)


def name(level: Urgency) -> str:
    """Return a level as it is written in files."""
    return level.name.lower()


@dataclass(frozen=True, slots=True)
class Item:
    """One text and what the engine made of it."""

    example: Example
    predicted: Urgency
    first_alarm: int | None  # index of the turn at which the engine first said dringend or sofort
    rating: Rating

    @property
    def missed(self) -> bool:
        """Return whether an urgent text stayed `normal`, or a normal one alarmed."""
        return self.example.urgent != (self.predicted != Urgency.NORMAL)


def run(
    examples: Iterable[Example],
    *,
    thresholds: Thresholds = DEFAULT,
    using: Engine | None = None,
) -> list[Item]:
    """Rate every example; a conversation turn by turn, as the product would."""
    return [_run(one, thresholds, using) for one in examples]


def _run(example: Example, thresholds: Thresholds, using: Engine | None) -> Item:
    highest = Urgency.NORMAL
    first_alarm: int | None = None
    rating: Rating | None = None
    for index, (who, _text) in enumerate(example.turns):
        if who != "client":
            continue
        so_far = recent(example.turns[: index + 1])
        cut = example.turns[: index + 1 - len(so_far)]
        before = sum(one == "client" for one, _text in cut)
        rating = rate(so_far, thresholds=thresholds, using=using, before=before)
        highest = min(highest, rating.level)
        if first_alarm is None and rating.level != Urgency.NORMAL:
            first_alarm = index
    if rating is None:  # no word of the client: nothing to rate, look first
        rating = rate(example.turns, thresholds=thresholds, using=using)
        highest, first_alarm = rating.level, len(example.turns) - 1
    return Item(example, highest, first_alarm, rating)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _found(items: Iterable[Item], at_least: Urgency) -> float | None:
    rows = list(items)
    return _share(sum(item.predicted <= at_least for item in rows), len(rows))


def metrics(items: Sequence[Item]) -> dict[str, Any]:
    """Return the figures as plain values; a share of nothing is None."""
    by = {level: [one for one in items if one.example.level == level] for level in ORDER}
    normal = by[Urgency.NORMAL]
    urgent = by[Urgency.SOFORT] + by[Urgency.DRINGEND]
    return {
        "items": len(items),
        "confusion": {
            name(level): {
                name(predicted): sum(one.predicted == predicted for one in by[level])
                for predicted in ORDER
            }
            for level in ORDER
        },
        "sofort_at_sofort": _found(by[Urgency.SOFORT], Urgency.SOFORT),
        "sofort_at_dringend_or_higher": _found(by[Urgency.SOFORT], Urgency.DRINGEND),
        "urgent_recall": _found(urgent, Urgency.DRINGEND),
        "false_alarms": _found(normal, Urgency.DRINGEND),
        "false_alarms_hard": _found((n for n in normal if n.example.hard), Urgency.DRINGEND),
        "urgent_without_key_word": _found(
            (u for u in urgent if u.example.obvious is False), Urgency.DRINGEND
        ),
        "unrated": sum(one.rating.unrated for one in items),
        "conversations": _conversations(items),
    }


def _conversations(items: Sequence[Item]) -> dict[str, Any]:
    rows = [one for one in items if one.example.conversation]
    expected = [one for one in rows if one.example.escalates_at is not None]
    late = Counter(
        "missed"
        if one.first_alarm is None
        else "early"
        if one.first_alarm < (one.example.escalates_at or 0)
        else "on_time"
        if one.first_alarm == one.example.escalates_at
        else "late"
        for one in expected
    )
    return {
        "items": len(rows),
        "escalating": len(expected),
        **{kind: late[kind] for kind in ("early", "on_time", "late", "missed")},
        "alarm_by_escalation": _share(late["early"] + late["on_time"], len(expected)),
    }


def report(items: Sequence[Item]) -> dict[str, Any]:
    """Return metrics and items as they are written to a file: no text, only ids and codes."""
    return {
        "metrics": metrics(items),
        "items": [
            {
                "id": one.example.id,
                "level": name(one.example.level),
                "predicted": name(one.predicted),
                "first_alarm": one.first_alarm,
                "unrated": one.rating.unrated,
                "reasons": [asdict(reason) for reason in one.rating.reasons],
            }
            for one in items
        ],
    }


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def lines(items: Sequence[Item]) -> list[str]:
    """Return the report in words, each miss by its id."""
    found = metrics(items)
    levels = [name(level) for level in ORDER]
    result = [
        f"{len(items)} texts, {found['unrated']} unrated (counted as dringend)",
        "",
        f"{'level':<12}" + "".join(f"{level:>10}" for level in levels) + "   <- predicted",
    ]
    for level in levels:
        row = found["confusion"][level]
        result.append(f"{level:<12}" + "".join(f"{row[one]:>10}" for one in levels))
    result += [
        "",
        f"sofort found at sofort               {_percent(found['sofort_at_sofort'])}",
        f"sofort found at dringend or higher   {_percent(found['sofort_at_dringend_or_higher'])}",
        f"urgent found                         {_percent(found['urgent_recall'])}",
        f"urgent without a key word found      {_percent(found['urgent_without_key_word'])}",
        f"false alarms on normal               {_percent(found['false_alarms'])}",
        f"false alarms on hard normal          {_percent(found['false_alarms_hard'])}",
    ]
    talk = found["conversations"]
    if talk["items"]:
        result += [
            "",
            f"{talk['items']} conversations, {talk['escalating']} escalate: first alarm "
            f"{talk['early']} before, {talk['on_time']} at, {talk['late']} after the turn, "
            f"{talk['missed']} never",
        ]
        result += [
            f"  {one.example.id}: first alarm at {one.first_alarm}, "
            f"expected at {one.example.escalates_at}"
            for one in items
            if one.example.escalates_at is not None and one.first_alarm != one.example.escalates_at
        ]
    misses = [one for one in items if one.missed]
    result += ["", f"{len(misses)} misses:"]
    result += [
        f"  {one.example.id}: {name(one.example.level)}, predicted {name(one.predicted)}"
        for one in misses
    ]
    return result
