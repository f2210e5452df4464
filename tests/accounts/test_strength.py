"""Passwords that are easy to guess are refused with a sentence that helps."""

import pytest
from django.utils import translation

from accounts.strength import PASSWORD_ONLY, WITH_DEVICE_KEY, weakness

ABOUT = ["Katrin Petersen", "katrin.petersen@nordhafen.example", "Elternlotse Nordhafen"]


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("qwertzuiopasdf", "bekannten Wörtern"),
        ("passwort1234", "Ihren Namen, Ihre Adresse"),
        ("katrin.petersen", "Ihren Namen, Ihre Adresse"),
        ("Nordhafen2026", "Ihren Namen, Ihre Adresse"),
        ("aaaaaaaaaaaaaaaa", "wiederholt dieselben Zeichen"),
        ("abcdefghijklmnop", "eine Reihe wie"),
        ("13.07.1984", "ein Datum"),
        ("regentag", "Dieses Passwort"),
    ],
)
def test_what_is_easy_to_guess_is_refused_and_said_why(password: str, why: str) -> None:
    sentence = weakness(password, about=ABOUT, required=WITH_DEVICE_KEY)

    assert sentence is not None
    assert sentence.startswith("Dieses Passwort ist zu leicht zu erraten.")
    assert why in sentence
    assert sentence.endswith("die nichts miteinander zu tun haben.")


@pytest.mark.parametrize(
    "password",
    [
        "vier Möwen auf einem Pfahl",
        "wolke-sieben-auf-stelzen",
        "x9!kQ2vL#p8Rt",
        "ü" * 3 + "x" * 600,
    ],
)
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    required = PASSWORD_ONLY if len(password) < 100 else 0

    assert weakness(password, about=ABOUT, required=required) is None


def test_without_a_device_key_it_must_be_harder_to_guess() -> None:
    middling = "wolke-karo"

    assert weakness(middling, about=ABOUT, required=WITH_DEVICE_KEY) is None
    assert weakness(middling, about=ABOUT, required=PASSWORD_ONLY) is not None


def test_no_english_reaches_anybody() -> None:
    with translation.override("de"):
        for password in ("qwertzuiop", "password", "abc123abc123", "19841984", "x", ""):
            sentence = weakness(password, about=[], required=PASSWORD_ONLY) or ""
            assert "password" not in sentence.lower().replace("passwort", "")
            assert sentence.endswith("zu tun haben.")
