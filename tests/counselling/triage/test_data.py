"""The labelled texts: enough, balanced, individual, and divided by batch."""

import re
from collections import Counter
from itertools import pairwise

import pytest

from counselling.sla import Urgency
from counselling.triage import data
from counselling.triage.words import split

EXAMPLES = data.load()
MESSAGES = [one for one in EXAMPLES if not one.conversation]
TALKS = [one for one in EXAMPLES if one.conversation]
WORDS_OF_A_RUN = 4
# Two texts are copies when they share so many runs of four words, and this part of the shorter one;
# "ich weiß nicht mehr was" alone is German, not a template.
SHARED, SHARE = 4, 0.15


def test_there_are_enough_texts() -> None:
    assert len([one for one in MESSAGES if one.lang == "de"]) >= 2_000, len(MESSAGES)
    assert len(MESSAGES) >= 2_500
    assert len(TALKS) >= 200


def test_ids_are_unique_and_labels_legal() -> None:
    assert len({one.id for one in EXAMPLES}) == len(EXAMPLES)
    for one in EXAMPLES:
        assert one.signals, one.id
        assert set(one.signals) <= set(data.SIGNALS), (one.id, one.signals)
        assert one.urgent != (one.signals == ("none",)), (one.id, one.level, one.signals)
        assert any(who == "client" for who, _text in one.turns), one.id


def test_only_an_urgent_conversation_escalates_and_at_a_turn_of_the_client() -> None:
    for one in TALKS:
        assert one.urgent == (one.escalates_at is not None), one.id
        if one.escalates_at is not None:
            assert one.turns[one.escalates_at][0] == "client", one.id


def test_levels_and_kinds_are_balanced() -> None:
    urgent = [one for one in MESSAGES if one.urgent]
    normal = [one for one in MESSAGES if not one.urgent]
    assert 0.35 <= len(urgent) / len(MESSAGES) <= 0.6
    assert sum(one.level == Urgency.SOFORT for one in urgent) >= len(urgent) / 3
    assert sum(one.obvious is False for one in urgent) >= len(urgent) / 3
    assert sum(bool(one.hard) for one in normal) >= len(normal) / 2
    writers = Counter(one.writer for one in MESSAGES)
    for writer in ("mother", "father", "grandparent", "teenager", "foster_parent", "professional"):
        assert writers[writer] >= 30, writers
    short = sum(len(split(one.turns[0][1])) < 45 for one in MESSAGES)
    assert short >= len(MESSAGES) * 0.4


def test_every_batch_has_a_split_and_the_test_split_is_about_a_fifth() -> None:
    for batch in data.batches():
        assert batch in data.splits(), batch
    sizes = Counter(data.splits()[one.batch] for one in EXAMPLES)
    assert 0.13 <= sizes["test"] / len(EXAMPLES) <= 0.27, sizes
    hands = Counter(
        re.sub(r"\d", "", one.batch) for one in EXAMPLES if data.splits()[one.batch] == "test"
    )
    assert {"messages/a", "messages/b", "messages/c"} <= set(hands), hands


def test_no_text_is_another_with_nouns_swapped() -> None:
    runs: dict[tuple[str, ...], list[int]] = {}
    sizes: list[int] = []
    for number, one in enumerate(EXAMPLES):
        words = [w.text for who, text in one.turns if who == "client" for w in split(text)]
        own = set(zip(*(words[at:] for at in range(WORDS_OF_A_RUN)), strict=False))
        sizes.append(len(own))
        for run in own:
            runs.setdefault(run, []).append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for owners in runs.values():
        if 1 < len(owners) <= 30:
            shared.update((a, b) for i, a in enumerate(owners) for b in owners[i + 1 :])
    copies = [
        (EXAMPLES[a].id, EXAMPLES[b].id, count)
        for (a, b), count in shared.items()
        if count >= SHARED and count >= SHARE * min(sizes[a], sizes[b])
    ]
    assert not copies, copies[:20]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ('{"id": "x", "text": "a"}', "level"),
        ('{"id": "x", "level": "normal"}', "neither"),
        ('{"id": "x", "level": "normal", "text": 3}', "not a string"),
        ('{"id": "x", "level": "normal", "turns": []}', "turns"),
        ('{"id": "x", "level": "normal", "turns": [{"who": "bot", "text": ""}]}', "who"),
        ('{"level": "normal", "text": ""}', "no id"),
        (
            '{"id": "x", "level": "sofort", "turns": [{"who": "client", "text": ""}], "escalates_at": 4}',
            "escalates_at",
        ),
    ],
)
def test_a_broken_line_says_what_is_wrong(line: str, reason: str) -> None:
    with pytest.raises(data.BadLine, match=reason):
        data.parse(line)


def test_unknown_fields_are_ignored_and_missing_ones_allowed() -> None:
    example = data.parse('{"id": 7, "text": "Hallo", "level": "normal", "mood": []}')
    assert (example.id, example.hard, example.signals) == ("7", None, ())


def test_batches_are_written_apart() -> None:
    assert all(a < b for a, b in pairwise(data.batches()))
