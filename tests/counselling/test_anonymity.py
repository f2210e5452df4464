"""The help for who makes an extract: what has the shape of a name, a place, a date or a number."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counselling.anonymity import pieces, traces


def kinds(text: str) -> list[tuple[str, str]]:
    return [(text[one.begin : one.end], one.kind) for one in traces(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seine Tochter Lena schläft nicht.", [("Lena", "name")]),
        ("Das sagt Frau Öztürk-Meyer.", [("Öztürk-Meyer", "name")]),
        ("Sie heißt Anna Maria.", [("Anna Maria", "name")]),
        ("Seit dem 12.3.2026 ist es so.", [("12.3.2026", "date")]),
        ("Am 4. März war das.", [("4. März", "date")]),
        ("Seit 2019 wohnen sie dort.", [("2019", "date")]),
        ("In der Hafenstraße 7b.", [("Hafenstraße 7b", "place")]),
        ("Sie wohnen in 27568 Bremerhaven.", [("27568 Bremerhaven", "place")]),
        ("Ruf an: 0471 123456.", [("0471 123456", "number")]),
        ("Schreib an lena@example.org!", [("lena@example.org", "address")]),
        ("Mehr unter https://example.org/lena", [("https://example.org/lena", "address")]),
        ("Ein Kind, 3 Jahre, wacht nachts 4 bis 5 Mal auf.", []),
        ("Das Kind schläft schlecht. Was hilft?", []),
        ("", []),
    ],
)
def test_what_it_marks(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


@given(st.text(alphabet=st.sampled_from("aZäß 0123456789.-/@\n\u200bFrau heißt"), max_size=200))
def test_the_pieces_are_the_text_and_the_places_never_overlap(text: str) -> None:
    found = traces(text)
    assert "".join(piece for piece, _kind in pieces(text, found)) == text
    assert all(one.begin < one.end for one in found)
    assert all(one.end <= other.begin for one, other in pairwise(found))
