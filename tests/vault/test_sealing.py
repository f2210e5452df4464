"""A sealed text opens in its place and nowhere else."""

from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vault.sealing import PADDING_STEP, Place, SealBroken, new_case_key, open_sealed, seal

KEY = new_case_key()
texts = st.text(st.characters(codec="utf-8"), max_size=2000)
places = st.builds(
    Place,
    case=st.uuids(),
    seq=st.integers(0, 2**40),
    role=st.sampled_from(["client", "reply", "note", "draft", "facts"]),
    token=st.none() | st.uuids(),
)


@given(texts, places)
def test_what_was_sealed_opens_in_its_place(text: str, place: Place) -> None:
    assert open_sealed(seal(text, key=KEY, place=place), key=KEY, place=place) == text


@given(places, places)
def test_it_does_not_open_in_another_place(sealed_for: Place, tried: Place) -> None:
    # No token and the nil UUID are the same place; nothing is ever sealed to the nil UUID.
    assume(sealed_for != tried and UUID(int=0) not in (sealed_for.token, tried.token))
    sealed = seal("Mein Kind", key=KEY, place=sealed_for)
    with pytest.raises(SealBroken):
        open_sealed(sealed, key=KEY, place=tried)


@given(texts, st.data())
def test_a_flipped_bit_is_noticed(text: str, data: st.DataObject) -> None:
    place = Place(uuid4(), 1, "client")
    sealed = bytearray(seal(text, key=KEY, place=place))
    position = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[position // 8] ^= 1 << position % 8
    with pytest.raises(SealBroken):
        open_sealed(bytes(sealed), key=KEY, place=place)


@given(texts, st.data())
def test_a_shortened_text_is_noticed(text: str, data: st.DataObject) -> None:
    place = Place(uuid4(), 1, "client")
    sealed = seal(text, key=KEY, place=place)
    with pytest.raises(SealBroken):
        open_sealed(sealed[: data.draw(st.integers(0, len(sealed) - 1))], key=KEY, place=place)


def test_another_key_does_not_open_it() -> None:
    place = Place(uuid4(), 1, "client")
    with pytest.raises(SealBroken):
        open_sealed(seal("Hilfe", key=KEY, place=place), key=new_case_key(), place=place)


def test_the_length_of_a_short_text_does_not_show() -> None:
    place = Place(uuid4(), 1, "client")
    lengths = {len(seal("a" * n, key=KEY, place=place)) for n in range(PADDING_STEP - 1)}
    assert len(lengths) == 1


def test_the_same_text_never_looks_the_same() -> None:
    place = Place(uuid4(), 1, "client")
    assert seal("Hilfe", key=KEY, place=place) != seal("Hilfe", key=KEY, place=place)


def test_an_error_shows_nothing_of_the_text() -> None:
    with pytest.raises(SealBroken) as error:
        open_sealed(b"\x01geheim", key=KEY, place=Place(uuid4(), 1, "client"))
    assert "geheim" not in repr(error.value)
    assert error.value.__cause__ is None
