"""A chat that lasts: calm lines do not add up to an alarm, and a late danger is not drowned by them."""

import random

import pytest

from counselling.sla import Urgency
from counselling.triage import data
from counselling.triage.engine import rate, recent
from counselling.triage.rating import RUN, Rating, Turn

# Lines of which none alarms by itself, as some short ones do without need (see the card's limits).
CALM = (
    "Ja, das stimmt.",
    "Ich hole mir kurz einen Tee.",
    "Das probieren wir am Wochenende aus.",
    "Meine Mutter meint, das gibt sich.",
    "Danke, dass Sie sich Zeit nehmen.",
    "Mit der Lehrerin habe ich schon gesprochen.",
    "Mein Sohn schläft nicht.",
    "Er macht keine Hausaufgaben.",
    "Moment, die Kleine ruft.",
    "So, jetzt schläft sie endlich.",
    "Die Große hat morgen eine Mathearbeit.",
    "Wie machen das denn andere Familien?",
    "Mein Mann arbeitet im Schichtdienst.",
    "Beim Frühstück klappt es inzwischen ganz gut.",
    "Vor den Ferien war es einfacher.",
    "Genau, so ungefähr.",
)
LATE = (
    ("ich hab die tabletten alle vor mir liegen",),
    ("ich steh jetzt oben auf der brücke und will nicht mehr leben",),
    ("mein baby atmet komisch und wird ganz blau",),
    ("er steht vor der tür und sagt er bringt uns um",),
    ("sitz jetzt auf der brücke", "das handy lass ich hier liegen"),
)


def calm_chat(seed: int, turns: int) -> list[Turn]:
    """Return a chat of calm lines, each answered."""
    chance = random.Random(seed)
    chat: list[Turn] = []
    for _ in range(turns):
        said = [text for _who, text in chat[-2:]]
        line = chance.choice([one for one in CALM if one not in said])
        chat += [("client", line), ("counsellor", "Erzählen Sie gern mehr.")]
    return chat


def highest(turns: list[Turn]) -> Urgency:
    """Return what a case is raised to, line by line."""
    said = [end for end, (who, _text) in enumerate(turns, 1) if who == "client"]
    return min(line_by_line(turns[:end]).level for end in said)


def line_by_line(turns: list[Turn]) -> Rating:
    """Rate the last line as the product does."""
    seen = recent(turns)
    cut = turns[: len(turns) - len(seen)]
    return rate(seen, before=sum(who == "client" for who, _text in cut))


@pytest.mark.parametrize("line", CALM)
def test_no_calm_line_alarms_by_itself(line: str) -> None:
    assert rate([("client", line)]).level == Urgency.NORMAL


def test_calm_lines_do_not_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    alarmed = [seed for seed in range(12) if highest(calm_chat(seed, 60)) != Urgency.NORMAL]
    with capsys.disabled():
        print(f"\nTriage of 12 chats of 60 calm turns: {len(alarmed)} alarm")
    assert len(alarmed) <= MOST_OF_TWELVE


MOST_OF_TWELVE = 2  # nine, when a run could have any length


@pytest.mark.parametrize("lines", LATE, ids=lambda lines: lines[-1][:24])
def test_a_late_danger_alarms(lines: tuple[str, ...]) -> None:
    before = calm_chat(1, 45)
    late: list[Turn] = [("client", line) for line in lines]
    levels = [line_by_line([*before, *late[:end]]).level for end in range(1, len(late) + 1)]
    assert min(levels) != Urgency.NORMAL


def test_only_what_shares_a_run_with_the_last_turn_is_read() -> None:
    chat = calm_chat(2, 40)
    assert recent(chat) == chat[-2 * RUN :]
    assert recent(chat[:9]) == chat[:9]
    assert recent([]) == []


def test_whoever_rates_line_by_line_alarms_no_more_than_the_whole() -> None:
    talks = [one for one in data.load("test") if one.conversation]
    longest = sorted(talks, key=lambda one: -len(one.turns))[:12]
    for one in longest:
        turns = list(one.turns)
        if highest(turns) != Urgency.NORMAL:
            assert rate(turns).level != Urgency.NORMAL, one.id
