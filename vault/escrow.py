"""The key for the day when nobody of a team is left: two halves on paper, only the public half here.

Both halves together are the secret half (exclusive or); one alone says nothing. They are printed once and
typed back: groups of four characters of Crockford's base32, each with a check character of its own, so
that a slip of the pen is found where it is.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from django.db import transaction
from stdnum import luhn

from vault import boxes
from vault.codes import ALPHABET, fold
from vault.models import EscrowKey, TeamKey, TeamKeySeal
from vault.team_keys import TeamSealBroken, opened

_GROUP = 4  # characters; a check character follows each group
_MARK_SIZE = 2  # bytes that tell which two shares belong together
_SIZE = 1 + boxes.KEY_SIZE + _MARK_SIZE  # 35 bytes: 56 characters, 14 groups


class AlreadySetUp(Exception):
    """There is an escrow key; a new one must be asked for in so many words."""


class ShareInvalid(ValueError):
    """What was typed is no share. `group`: which group of five is wrong, from 1; 0: their number."""

    def __init__(self, group: int) -> None:
        super().__init__(f"group {group} is wrong" if group else "not 14 groups")
        self.group = group


class SharesDoNotMatch(ValueError):
    """Twice the same share, or shares of another key than the one in use."""


@dataclass(frozen=True, slots=True)
class Share:
    """One of the two halves. It never shows itself in `repr`."""

    number: int
    half: bytes = field(repr=False)
    mark: bytes

    def display(self) -> str:
        """Return the share as it is printed: 14 groups of five characters."""
        data = int.from_bytes(bytes([self.number]) + self.half + self.mark)
        characters = ""
        for _ in range(_SIZE * 8 // 5):
            data, digit = divmod(data, 32)
            characters = ALPHABET[digit] + characters
        groups = [characters[i : i + _GROUP] for i in range(0, len(characters), _GROUP)]
        return " ".join(group + luhn.calc_check_digit(group, ALPHABET) for group in groups)

    @classmethod
    def parse(cls, typed: str) -> "Share":
        """Read a share as a person types it. Raises ShareInvalid."""
        characters = fold(typed[:1000])
        if len(characters) != _SIZE * 8 // 5 // _GROUP * (_GROUP + 1):
            raise ShareInvalid(0)
        data = 0
        for start in range(0, len(characters), _GROUP + 1):
            group = characters[start : start + _GROUP + 1]
            is_known = all(c in ALPHABET for c in group)
            if not is_known or luhn.calc_check_digit(group[:-1], ALPHABET) != group[-1]:
                raise ShareInvalid(start // (_GROUP + 1) + 1)
            for character in group[:-1]:
                data = data * 32 + ALPHABET.index(character)
        raw = data.to_bytes(_SIZE)
        return cls(raw[0], raw[1:-_MARK_SIZE], raw[-_MARK_SIZE:])


@dataclass(frozen=True, slots=True)
class Opened:
    """The escrow key with its secret half, for as long as a command runs."""

    key: EscrowKey
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the escrow key opens a generation. `state`: `opens`, `broken` or `missing`."""

    team_key: TeamKey
    state: str
    secret: bytes = field(repr=False, default=b"")


def current() -> EscrowKey | None:
    """Return the escrow key in use, the public half only, or None."""
    return EscrowKey.objects.filter(is_current=True).first()


@transaction.atomic
def set_up(*, at: datetime, replace: bool = False) -> tuple[EscrowKey, list[Share]]:
    """Make an escrow key and return its two shares, which are stored nowhere.

    replace: put it in the place of the one in use; the old shares open what was sealed for them until
    members have sealed it for the new one. Raises AlreadySetUp.
    """
    in_use = EscrowKey.objects.filter(is_current=True)
    if in_use.exists() and not replace:
        raise AlreadySetUp
    in_use.update(is_current=False)
    secret, public = boxes.new_pair()
    first = secrets.token_bytes(boxes.KEY_SIZE)
    halves = (first, _xor(first, secret))
    row = EscrowKey.objects.create(public=public, created_at=at)
    return row, [Share(number, half, _mark(public)) for number, half in enumerate(halves, 1)]


def combine(first: Share, second: Share) -> Opened:
    """Put two shares together. Raises SharesDoNotMatch."""
    secret = _xor(first.half, second.half)
    if {first.number, second.number} != {1, 2}:
        raise SharesDoNotMatch
    public = boxes.public_half(secret)
    # Also a key that was replaced: what is sealed for it only is still there.
    row = EscrowKey.objects.filter(public=public).first()
    if row is None:
        raise SharesDoNotMatch
    return Opened(row, secret)


def proofs(escrow: Opened) -> Iterator[Proof]:
    """Say of every generation of every team whether the escrow key opens it; nothing is changed."""
    seals = {
        seal.team_key_id: seal
        for seal in TeamKeySeal.objects.filter(
            kind=TeamKeySeal.Kind.ESCROW, recipient=escrow.key.pk
        )
    }
    for key in TeamKey.objects.order_by("team", "generation"):
        seal = seals.get(key.pk)
        if seal is None:
            yield Proof(key, "missing")
            continue
        try:
            yield Proof(key, "opens", opened(seal, key=key, secret=escrow.secret))
        except TeamSealBroken:
            yield Proof(key, "broken")


def drop_replaced(key: TeamKey) -> int:
    """Drop a generation's seals for escrow keys that were replaced, once it has the new one's."""
    current_key = current()
    if current_key is None:
        return 0
    if not TeamKeySeal.objects.filter(team_key=key, recipient=current_key.pk).exists():
        return 0
    return (
        TeamKeySeal.objects.filter(team_key=key, kind=TeamKeySeal.Kind.ESCROW)
        .exclude(recipient=current_key.pk)
        .delete()[0]
    )


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _mark(public: bytes) -> bytes:
    return blake2b(public, digest_size=_MARK_SIZE, person=b"lotse-escrow").digest()
