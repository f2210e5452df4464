"""Words of a text: with their places or without, they are the same ones, and none outlives the rating."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counselling.triage import engine, pipeline
from counselling.triage.engine import rate
from counselling.triage.words import places, spellings, split

# What is folded as a whole, what is not, and what stands between.
SIGNS = "abeKyzäöüßÄÖÜẞİıéñßſ'’‘´`-‑\u00ad\u0301\u200b.,:;!?…„“”‚–_ \n0129²١ـьж😭ﬁℌ"


def _as_split(text: str) -> None:
    found = split(text)
    assert spellings(text) == [word.text for word in found]
    assert places(text) == [(word.start, word.end) for word in found]


@pytest.mark.parametrize(
    "text",
    [
        "Geht's euch gut? „Ja“, sagt er – um 7:30, ca. 1.200,50 €.",
        "GROẞE Straße, Kelvin: K, Istanbul: İSTANBUL",
        "neeein, aaaaah, äee, a-aa, Mutter-Kind-Heim, don’t, geht´s, ‚so‘",
        "x" * 41 + " " + "ä" * 30 + " " + "ab-" * 40 + " " + "a" * 100 + "b",
        "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25",
        "я не хочу жить ـ ـا und 😭😭 ²³ ١٢",
        "ja " * 20_010,
        "",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_words_without_places_are_those_with_places(text: str) -> None:
    _as_split(text)


@given(st.text(st.sampled_from(SIGNS), max_size=60) | st.text(max_size=60))
def test_so_they_are_whatever_the_text(text: str) -> None:
    _as_split(text)


def test_spacy_is_shown_no_word_that_is_the_clients_alone() -> None:
    strings = pipeline.load().language.vocab.strings
    rate([("client", "ich will nicht mehr leben, Schnurzelwutz, ich kann Brabbelfax nicht mehr")])
    assert "leben" in strings
    assert "schnurzelwutz" not in strings
    assert "brabbelfax" not in strings


def test_reasons_point_into_the_text_on_both_sides_of_what_is_left_out() -> None:
    alarm = "Ich habe alle Tabletten genommen."
    calm = "Wir wohnen in einem Haus mit Garten. " * (engine.MAX_WORDS // 7)
    text = f"{alarm} {calm}{calm}{alarm}"
    rating = rate([("client", "Hallo."), ("client", text)])
    shown = {(one.start, one.end) for one in rating.reasons if one.code != "wording"}
    assert all(one.turn == 1 for one in rating.reasons)
    assert any(end <= len(alarm) for _start, end in shown)
    assert any(start >= len(text) - len(alarm) for start, _end in shown)
    assert all(text[start:end] in alarm for start, end in shown)
