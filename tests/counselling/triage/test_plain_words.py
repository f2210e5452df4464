"""Who says a danger plainly is found, whatever the trained part makes of it and whatever stands around."""

import pytest

from counselling.sla import Urgency
from counselling.triage import pipeline
from counselling.triage.engine import rate
from counselling.triage.words import split

PLAIN = [
    ("Ich will nicht mehr leben", "suicidality"),
    ("hab die tabletten vor mir liegen", "suicidality"),
    ("i mog nimmer lebn", "suicidality"),
    ("I WANT TO KILL MYSELF", "suicidality"),
    ("yaşamak istemiyorum", "suicidality"),
    ("я не хочу жить", "suicidality"),
    ("більше не можу жити", "suicidality"),
    ("nie chcę już żyć", "suicidality"),
    ("لا اريد ان اعيش", "suicidality"),
    ("Ohne mich wären alle besser dran", "suicidality_passive"),
    ("will sterben", "suicidality_passive"),
    ("ich möcht sterben", "suicidality_passive"),
    ("ich ritze mich", "self_harm"),
    ("Das Baby kriegt keine Luft", "child_emergency"),
    ("Die Lippen sind blau", "child_emergency"),
    ("He is not breathing", "child_emergency"),
    ("ребёнок не дышит", "child_emergency"),
    ("Ich tue ihm gleich was an", "child_harm"),
    ("Er tritt gegen die Tür", "violence_now"),
    ("mein Mann schlägt mich", "violence_recurrent"),
    ("муж меня бьет", "violence_recurrent"),
    ("eşim beni dövüyor", "violence_recurrent"),
    ("sie ist nicht nach Hause gekommen", "child_missing"),
    ("Mama wacht nicht auf", "child_alone"),
    ("er lauert mir auf", "stalking"),
    ("er will Nacktbilder von mir", "grooming"),
    ("er fasst mich unten an", "abuse_suspected"),
    ("Die Stimme sagt, ich soll es tun", "psychosis"),
    ("Wir wissen nicht, wo wir heute schlafen", "homelessness"),
    ("ich bin wieder rückfällig", "addiction"),
    ("Sie steckt sich den Finger in den Hals", "eating_disorder"),
]
NOT_SO = [
    "Ich will nicht sterben und bringe mich nicht um",
    "Im Film springt sie von der Brücke",
    "Mein Mann bringt mich noch ins Grab",
    "Das Spiel ist schwer, ich sterbe dauernd",
    "Darf man am Sonntag Rasen mähen?",
    "Er fällt vor Lachen um",
]
AROUND = (
    "Am Samstag kommt die Tante zum Kaffee.",
    "Wir wohnen in einem Haus mit Garten.",
    "Danke, dass Sie sich Zeit nehmen.",
    "Zum Frühstück gibt es Brot mit Käse.",
)


def decided(text: str) -> dict[str, Urgency]:
    """Return the signals of the rules that decide alone, each with its level."""
    read = pipeline.load().read([word.text for word in split(text)])
    rules = sorted(
        (fired.rule for fired in read.fired if fired.rule.decides), key=lambda r: -r.level
    )
    return {rule.signal: rule.level for rule in rules}


@pytest.mark.parametrize(("text", "signal"), PLAIN)
def test_plain_words_decide_alone(text: str, signal: str) -> None:
    assert signal in decided(text)
    rating = rate([("client", text)])
    assert rating.level != Urgency.NORMAL
    assert signal in rating.signals


@pytest.mark.parametrize("text", NOT_SO)
def test_negations_idioms_and_films_decide_nothing(text: str) -> None:
    assert not decided(text)


@pytest.mark.parametrize(("text", "signal"), PLAIN)
def test_no_sentence_around_can_silence_them(text: str, signal: str) -> None:
    decides = min(decided(text).values())
    for before in ("", *AROUND):
        for after in ("", *AROUND):
            longer = rate([("client", f"{before} {text}. {after}")])
            assert longer.level <= decides, (before, after)
            assert signal in longer.signals


def test_a_long_letter_around_cannot_silence_them_either() -> None:
    letter = " ".join(AROUND * 10)
    for text, _signal in PLAIN:
        rating = rate([("client", f"{letter} {text}. {letter}")])
        assert rating.level != Urgency.NORMAL, text
