"""Quality on the test split, which nothing was trained on, printed by the test run."""

import json
from collections import Counter
from collections.abc import Sequence

import pytest
from django.conf import settings

from counselling.sla import Urgency
from counselling.triage import card, classifier, data, evaluation
from counselling.triage.engine import rate
from counselling.triage.evaluation import Item
from counselling.triage.rating import Turn

MOST_BYTES = 10_000_000


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return evaluation.run(data.load("test"))


def test_the_figures_of_the_test_split(
    items: list[Item], capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluation.metrics(items)
    with capsys.disabled():
        print("\n".join(["", "Triage on the test split:", *evaluation.lines(items)[:18], ""]))
        for title, key, words, bound in card.TARGETS:
            met = found[key] >= bound if bound > 0 else found[key] <= -bound
            print(f"{title:<38} {found[key]:.3f}, target {words}: {'met' if met else 'NOT MET'}")


# Outside of these no model may be released: sofort and urgent found, false alarms on normal and on hard
# ones. Of all hands together they are the targets of issue 4 (of which two have been passed by some more); of
# the groups what is reached, less what chance may take. The later hands write harder than the first;
# nothing by `q` was ever learnt from.
@pytest.mark.parametrize(
    ("hands", "bounds"),
    [
        ("abcdef", (0.955, 0.92, 0.10, 0.11)),
        ("q", (0.97, 0.935, 0.11, 0.13)),
        ("abcdefghiklmnopqrstuvwxy", (0.965, 0.935, 0.13, 0.155)),
        (
            ["za", "zb", "zd", "ze", "zf", "zg", "zh", "zi", "zj", "zk", "zl"],
            (0.94, 0.925, 0.125, 0.16),
        ),
        ((), (0.97, 0.94, 0.12, 0.15)),
    ],
    ids=["first hands", "new hand", "all before the last", "the last and hardest", "all"],
)
def test_no_hand_is_found_less_than_it_was(
    items: list[Item], hands: Sequence[str], bounds: tuple[float, float, float, float]
) -> None:
    found = evaluation.metrics([one for one in items if not hands or one.example.hand in hands])
    sofort, urgent, false, false_hard = bounds
    assert found["sofort_at_dringend_or_higher"] >= sofort
    assert found["urgent_recall"] >= urgent
    assert found["false_alarms"] <= false
    assert found["false_alarms_hard"] <= false_hard


def test_letters_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    """Long texts that were written for the demo, by another hand, and never trained on."""
    found: Counter[tuple[str, bool]] = Counter()
    for path in sorted((settings.BASE_DIR / "config" / "demo" / "content").glob("cases_*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            turns: list[Turn] = [
                ("client" if entry["role"] == "client" else "counsellor", entry["text"])
                for entry in case["thread"]
                if entry["role"] in {"client", "reply"}
            ]
            found[case["urgency"], rate(turns).level != Urgency.NORMAL] += 1
    shares = {
        level: found[level, True] / (found[level, True] + found[level, False])
        for level in ("sofort", "dringend", "normal")
    }
    with capsys.disabled():
        print("\nTriage on the demo's letters, alarms by level:", shares)
    assert shares["sofort"] == 1
    assert shares["dringend"] >= FLOOR_LETTERS
    assert shares["normal"] <= CEILING_LETTERS


FLOOR_LETTERS, CEILING_LETTERS = 0.6, 0.45


def test_the_card_tells_the_figures_of_this_model(items: list[Item]) -> None:
    told = (classifier.FOLDER / "card.md").read_text(encoding="utf-8")
    found = evaluation.metrics(items)
    for key in ("sofort_at_dringend_or_higher", "urgent_recall", "false_alarms"):
        assert f"| {found[key]} |" in told, "run manage.py train_triage"


def test_the_model_is_small_and_holds_no_pickle() -> None:
    files = list(classifier.FOLDER.iterdir())
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES
    assert {file.suffix for file in files} <= {".npz", ".json", ".md"}


def test_few_urgent_texts_are_thinned_out_by_harmless_ones(items: list[Item]) -> None:
    found = [
        item.example
        for item in items
        if item.example.urgent
        and not item.example.conversation
        and item.predicted != Urgency.NORMAL
    ]
    before = "Wir wohnen in einem Haus mit Garten. "
    after = " Am Samstag kommt die Tante zum Kaffee."
    lost = [
        example.id
        for example in found
        if rate([("client", before + example.turns[0][1] + after)]).level == Urgency.NORMAL
    ]
    assert len(lost) <= len(found) * 0.08, lost
