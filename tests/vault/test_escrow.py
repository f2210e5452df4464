"""The escrow key: two shares on paper, typed back by people who slip."""

import random
import secrets

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from vault import escrow
from vault.codes import ALPHABET
from vault.escrow import Share, ShareInvalid, SharesDoNotMatch
from vault.models import EscrowKey

SHARES = st.builds(
    Share,
    number=st.sampled_from([1, 2]),
    half=st.binary(min_size=32, max_size=32),
    mark=st.binary(min_size=2, max_size=2),
)


@given(SHARES)
def test_a_share_is_read_as_people_type_it(share: Share) -> None:
    shown = share.display()
    groups = shown.split(" ")
    assert len(groups) == 14
    assert {len(group) for group in groups} == {5}
    for typed in (
        shown,
        shown.lower(),
        shown.replace(" ", ""),
        "-".join(groups),
        shown.replace("0", "O").replace("1", "l"),
        f"  {shown}\n",
    ):
        assert Share.parse(typed) == share


@given(SHARES, st.integers(0, 69), st.data())
def test_a_slip_is_found_in_its_group(share: Share, place: int, data: st.DataObject) -> None:
    typed = list(share.display().replace(" ", ""))
    other = data.draw(st.sampled_from([c for c in ALPHABET if c != typed[place]]))
    typed[place] = other
    with pytest.raises(ShareInvalid) as slip:
        Share.parse("".join(typed))
    assert slip.value.group == place // 5 + 1


@pytest.mark.parametrize("typed", ["", "  ", "ABCDE", "x" * 5000, "ä" * 70, "\x00" * 70])
def test_what_is_no_share_is_refused(typed: str) -> None:
    with pytest.raises(ShareInvalid):
        Share.parse(typed)


def test_a_share_does_not_show_its_half() -> None:
    share = Share(1, secrets.token_bytes(32), b"xx")
    assert repr(share.half) not in repr(share)


@pytest.mark.django_db
def test_both_shares_are_the_key_and_one_is_nothing() -> None:
    row, (first, second) = escrow.set_up(at=timezone.now())
    assert escrow.combine(first, second).key == row
    assert escrow.combine(second, first).key == row
    for wrong in ((first, first), (second, second)):
        with pytest.raises(SharesDoNotMatch):
            escrow.combine(*wrong)
    with pytest.raises(SharesDoNotMatch):
        escrow.combine(first, Share(2, random.randbytes(32), second.mark))


@pytest.mark.django_db
def test_a_second_key_must_be_asked_for_in_so_many_words() -> None:
    _row, (first, second) = escrow.set_up(at=timezone.now())
    with pytest.raises(escrow.AlreadySetUp):
        escrow.set_up(at=timezone.now())
    new, shares = escrow.set_up(at=timezone.now(), replace=True)
    assert escrow.current() == new
    with pytest.raises(SharesDoNotMatch):
        escrow.combine(first, shares[1])
    # The replaced one still opens what only it was given.
    assert not escrow.combine(first, second).key.is_current
    assert EscrowKey.objects.filter(is_current=True).count() == 1
