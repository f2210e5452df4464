"""An access code can be read aloud, typed badly and still be found; it cannot be guessed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.codes import ALPHABET, LENGTH, RANDOM_CHARACTERS, AccessCode, CodeInvalid

codes = st.builds(AccessCode.generate)


@given(codes)
def test_a_code_is_read_back_as_it_was_shown(code: AccessCode) -> None:
    assert AccessCode.parse(code.display()) == code


@given(codes, st.sampled_from(["", " ", "-", ". ", " – ", "\u00a0", "\n"]), st.booleans())
def test_case_spaces_and_dashes_do_not_matter(code: AccessCode, between: str, low: bool) -> None:
    typed = between.join(code.groups)
    assert AccessCode.parse(typed.lower() if low else typed) == code


@given(codes)
def test_letters_that_look_alike_are_folded(code: AccessCode) -> None:
    typed = code.display().replace("1", "l").replace("0", "o").replace("V", "u")
    assert AccessCode.parse(typed) == code


@given(codes)
def test_full_width_letters_of_a_foreign_keyboard_are_understood(code: AccessCode) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code.characters)
    assert AccessCode.parse(wide) == code


@given(codes, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(code: AccessCode, place: int, other: str) -> None:
    typed = code.characters[:place] + other + code.characters[place + 1 :]
    if typed == code.characters:
        return
    with pytest.raises(CodeInvalid) as error:
        AccessCode.parse(typed)
    assert error.value.reason == "check"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        (" - ", "empty"),
        ("7KQ4M", "length"),
        ("7KQ4M" * 6, "length"),
        ("x" * 100_000, "length"),
        ("7KQ4M-XW2P!", "letter"),
        ("<script>alert(1)</script>", "letter"),
        ("\0" * 25, "letter"),
        ("Кириллица", "letter"),
    ],
)
def test_what_cannot_be_a_code_is_refused_with_the_reason(typed: str, reason: str) -> None:
    with pytest.raises(CodeInvalid) as error:
        AccessCode.parse(typed)
    assert error.value.reason == reason


@given(st.text(max_size=600))
def test_anything_typed_is_a_code_or_refused(typed: str) -> None:
    try:
        code = AccessCode.parse(typed)
    except CodeInvalid:
        return
    assert len(code.characters) == LENGTH


def test_a_code_has_120_bits() -> None:
    assert RANDOM_CHARACTERS * math.log2(len(ALPHABET)) >= 120


def test_a_code_does_not_show_itself_in_logs_and_tracebacks() -> None:
    code = AccessCode.generate()
    assert code.characters not in repr(code)
    assert code.groups[0] not in str(code)


def test_the_lookup_id_depends_on_the_pepper(settings: pytest.FixtureRequest) -> None:
    code = AccessCode.generate()
    before = code.lookup_id()
    settings.CODE_PEPPER = "another pepper"  # type: ignore[attr-defined]
    assert code.lookup_id() != before
    assert len(before) == 32
