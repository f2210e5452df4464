"""What a rating promises, whatever the text."""

import os
import random
import string
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counselling.sla import Urgency
from counselling.triage import engine as engine_module
from counselling.triage.engine import rate
from counselling.triage.rating import BadThreshold, Rating, Thresholds

LONG = os.environ.get("LOTSE_TEST_LONG") == "1"
SLOWEST = 2.0  # seconds

ALARMING = (
    "Ich habe alle Tabletten genommen.",
    "Ich stehe auf der Brücke und will nicht mehr leben.",
    "Mein Baby atmet komisch, die Lippen sind blau.",
    "Ich habe ihn geschüttelt, jetzt wird er nicht mehr richtig wach.",
    "Er steht vor der Tür und sagt, er bringt uns um.",
    "Meine Tochter ist seit gestern verschwunden, ihr Handy ist aus.",
    "Ich höre Stimmen, die sagen, ich soll dem Baby etwas antun.",
    "Er schlägt mich jede Woche, ich habe Angst vor ihm.",
)
HARMLESS = (
    "Draußen scheint die Sonne.",
    "Wir wohnen in einem Haus mit Garten.",
    "Am Samstag kommt die Tante zum Kaffee.",
    "Der Bus fährt alle zwanzig Minuten.",
    "Zum Frühstück gibt es Brot mit Käse.",
)


def one(text: str) -> Rating:
    """Rate a single message."""
    return rate([("client", text)])


@pytest.mark.parametrize("text", ALARMING)
def test_an_alarming_message_alarms(text: str) -> None:
    rating = one(text)
    assert rating.level != Urgency.NORMAL
    assert not rating.unrated
    assert rating.language == "de"
    assert rating.signals
    assert rating.reasons
    for reason in rating.reasons:
        assert 0 <= reason.start < reason.end <= len(text)


@pytest.mark.parametrize("text", ALARMING)
def test_harmless_sentences_around_never_lower_the_level(text: str) -> None:
    alone = one(text).level
    for harmless in HARMLESS:
        assert one(f"{harmless} {text}").level <= alone, harmless
        assert one(f"{text} {harmless}").level <= alone, harmless
    before, after = " ".join(HARMLESS), " ".join(reversed(HARMLESS))
    assert one(f"{before} {text} {after}").level <= Urgency.DRINGEND


@pytest.mark.parametrize("text", [*ALARMING, *HARMLESS])
def test_case_umlauts_line_breaks_and_lost_punctuation_change_nothing(text: str) -> None:
    expected = one(text).level
    umlauts = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ü": "Ue"})
    for changed in (
        text.lower(),
        text.upper(),
        text.translate(umlauts),
        text.replace(" ", "\n"),
        "".join(c for c in text if c.isalnum() or c.isspace()),
        text.replace(".", "!!! 1elf"[:3]),
    ):
        assert one(changed).level == expected, changed


def test_a_conversation_never_falls() -> None:
    turns = [("client", "Hallo, darf ich was fragen?"), ("counsellor", "Natürlich.")]
    turns += [("client", ALARMING[0]), ("counsellor", "Sind Sie in Sicherheit?")]
    turns += [("client", text) for text in HARMLESS * 4]
    levels = [rate(turns[: end + 1]).level for end in range(len(turns))]  # type: ignore[arg-type]
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == Urgency.SOFORT


def test_the_counsellors_words_do_not_count() -> None:
    calm = one(HARMLESS[0])
    asked = rate([("client", HARMLESS[0]), ("counsellor", "Wollen Sie sich das Leben nehmen?")])
    assert (asked.level, asked.score) == (calm.level, calm.score)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "…", "!!!", "\x00", "12345"])
def test_nothing_to_read_is_looked_at_first(text: str) -> None:
    rating = one(text)
    assert rating.unrated
    assert rating.level == Urgency.DRINGEND


def test_no_client_turn_is_looked_at_first() -> None:
    assert rate([]).unrated
    assert rate([("counsellor", "Hallo?")]).unrated


@pytest.mark.parametrize(
    "text",
    [
        "Az én gyermekem három éves és nem akar enni semmit, mit tegyek vele otthon?",
        "Το παιδί μου δεν κοιμάται τη νύχτα και δεν ξέρω τι να κάνω",
        "我的孩子晚上不睡觉我该怎么办",
        "asdf jklö qwertz uiopü yxcv",
    ],
)
def test_a_language_nobody_covered_is_looked_at_first(text: str) -> None:
    rating = one(text)
    assert rating.unrated
    assert rating.level != Urgency.NORMAL


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I took all the pills, I want to die", "en"),
        ("Bütün hapları içtim, artık yaşamak istemiyorum", "tr"),
        ("Я не хочу жить, я выпила все таблетки", "ru"),
        ("Я не хочу жити, я випила всі таблетки", "uk"),
        ("Nie chcę żyć, połknęłam wszystkie tabletki", "pl"),
        ("لا اريد ان اعيش ابتلعت كل الحبوب", "ar"),
    ],
)
def test_six_languages_are_understood(text: str, language: str) -> None:
    rating = one(text)
    assert rating.level != Urgency.NORMAL
    assert rating.language == language


def test_a_failure_is_looked_at_first_and_its_text_is_not_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("geheime Worte")

    monkeypatch.setattr(engine_module, "_judge", fail)
    rating = one(ALARMING[0])
    assert rating.unrated
    assert rating.reasons[0].code == "failure"
    assert "geheime" not in caplog.text


def test_an_organisation_can_only_make_it_more_sensitive() -> None:
    for value in (0.0, 0.05, 0.51, 1.0):
        with pytest.raises(BadThreshold):
            Thresholds(dringend=value)
    for text in (*ALARMING, *HARMLESS):
        keen = rate([("client", text)], thresholds=Thresholds(0.2, 0.2, 0.2))
        assert keen.level <= one(text).level


def test_threads_share_one_engine() -> None:
    found: list[Rating] = []
    threads = [threading.Thread(target=lambda: found.append(one(ALARMING[2]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


def test_importing_the_package_loads_no_model() -> None:
    code = (
        "import sys, counselling.triage, counselling.triage.rating; print('spacy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def _timed(text: str) -> None:
    began = time.process_time()
    rating = one(text)
    assert time.process_time() - began < SLOWEST, len(text)
    assert isinstance(rating, Rating)
    assert all(reason.end <= len(text) for reason in rating.reasons)


@settings(
    max_examples=90_000 if LONG else 150,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.text(max_size=400))
def test_no_text_breaks_it(text: str) -> None:
    _timed(text)


def test_no_mixture_of_words_and_noise_breaks_it() -> None:
    chance = random.Random(4)
    words = " ".join((*ALARMING, *HARMLESS)).split()
    noise = [
        *string.printable,
        "\u202e",
        "\u0300" * 50,
        "😭",
        "🩸",
        "\x00",
        "ﷺ",
        "ß",
        "İ",
        "\ud800",
    ]
    for _ in range(10_000 if LONG else 100):
        parts = [chance.choice(words if chance.random() < 0.6 else noise) for _ in range(60)]
        _timed(chance.choice(("", " ", "\n")).join(parts))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "tot " * 50_000,
        "Ich habe Angst und er schlägt mich wieder. " * 5_000,
        "e" + "\u0301" * 10_000,
        "\u202e" * 10_000,
        "<script>alert(1)</script>" * 8_000,
        " ".join(str(n) for n in range(40_000)),
        "\n" * 200_000,
        "💀" * 20_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_huge_texts_are_rated_in_time(text: str) -> None:
    _timed(text)


def test_a_conversation_of_thousands_of_turns_is_rated_in_time() -> None:
    began = time.process_time()
    rate([("client", "Hallo du")] * 4_000)
    assert time.process_time() - began < SLOWEST
