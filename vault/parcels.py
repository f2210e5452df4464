"""Parcels: what is handed to somebody outside a case, under a fresh key that is never the case's.

A parcel's key is wrapped under the key of the case that it was taken from, so that client and
counsellor see what was sent as long as they have the case; and for the partner, either sealed for the
partner's desk (a team, `vault/team_keys.py`) or for a link, which opens only with a code that took
another way. A consultation is a parcel too: for a team or a person of the house. Closing a parcel drops
the recipients' wraps; dropping it, all.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from stdnum import luhn

from vault import alerts, boxes, keyring, team_keys
from vault.boxes import Binding, BoxBroken
from vault.codes import ALPHABET, CodeInvalid, fold
from vault.keyring import Holder, KeyUnavailable, NoKeyYet, WrapBroken
from vault.models import KeyWrap, StaffKey
from vault.sealing import CaseKey, new_case_key
from vault.stretching import Cost, present_cost, stretch

Kind = KeyWrap.Kind
CODE_CHARACTERS = 8  # 40 bits, stretched by Argon2id and tried five times at most
SALT_SIZE = 16
PROGRAM_TOKEN = "lotse_"  # noqa: S105 - how a token begins, so that scanners for secrets know it


class Closed(KeyUnavailable):
    """The parcel is not open for this recipient: never was, was revoked, or has run out."""


class WrongCode(Exception):
    """The code does not open the link's wrap."""


@dataclass(frozen=True, slots=True)
class LinkSecret:
    """What a link opens with: the secret in its address, and a code that goes another way.

    salt, cost: with which the code is stretched.
    """

    token: str = field(repr=False)
    code: str = field(repr=False)
    salt: bytes
    cost: Cost


def new_link(code: str = "") -> LinkSecret:
    """Return a fresh link's secret. code: keep this one, whose owner has it already."""
    return LinkSecret(
        secrets.token_urlsafe(32),
        code or new_code(),
        secrets.token_bytes(SALT_SIZE),
        present_cost(),
    )


def new_code() -> str:
    """Return a short code to read out: eight characters and a check character."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARACTERS))
    return body + luhn.calc_check_digit(body, ALPHABET)


def read_code(typed: str) -> str:
    """Return a short code as a person types it. Raises CodeInvalid with the reason."""
    characters = fold(typed[:100])
    if not characters:
        raise CodeInvalid("empty")
    if any(c not in ALPHABET for c in characters):
        raise CodeInvalid("letter")
    if len(characters) != CODE_CHARACTERS + 1:
        raise CodeInvalid("length")
    if luhn.calc_check_digit(characters[:-1], ALPHABET) != characters[-1]:
        raise CodeInvalid("check")
    return characters


def shown_code(code: str) -> str:
    """Return a short code as it is printed and read out: `7KQ-M4X-W2P`."""
    return "-".join(code[i : i + 3] for i in range(0, len(code), 3))


def hash_of(token: str) -> bytes:
    """Return what is stored of a link's secret; it has 256 bits, so a plain hash serves."""
    return blake2b(token.encode(), digest_size=32, person=b"lotse-link-id").digest()


def create(*, parcel: UUID, case: UUID, holder: Holder, at: datetime) -> CaseKey:
    """Make a parcel's key, wrapped under the key of its case. Raises KeyUnavailable."""
    key = new_case_key()
    wrap = KeyWrap(subject=parcel, kind=Kind.CASE, recipient=case, created_at=at)
    wrap.sealed = boxes.lock(key, key=_case_subkey(case, holder), binding=_binding(wrap))
    wrap.save(force_insert=True)
    return key


def open_by_case(*, parcel: UUID, case: UUID, holder: Holder) -> CaseKey:
    """Open a parcel's key for who opens its case. Raises KeyUnavailable or WrapBroken."""
    wrap = KeyWrap.objects.filter(subject=parcel, kind=Kind.CASE, recipient=case).first()
    if wrap is None:
        raise Closed("no parcel")
    return _unlocked(wrap, _case_subkey(case, holder))


def open_all_by_case(
    *, parcels: Collection[UUID], case: UUID, holder: Holder
) -> dict[UUID, CaseKey]:
    """Open the keys of several parcels of one case at once. Raises as `open_by_case` does."""
    if not parcels:
        return {}
    found = KeyWrap.objects.filter(subject__in=parcels, kind=Kind.CASE, recipient=case)
    wraps = {wrap.subject: wrap for wrap in found}
    if len(wraps) < len(set(parcels)):
        raise Closed("no parcel")
    subkey = _case_subkey(case, holder)
    return {parcel: _unlocked(wrap, subkey) for parcel, wrap in wraps.items()}


def seal_for_desk(*, parcel: UUID, desk: UUID, key: CaseKey, at: datetime) -> None:
    """Seal a parcel's key for a partner's desk. Raises team_keys.NoTeamKey."""
    current = team_keys.current(desk)
    wrap = KeyWrap(
        subject=parcel,
        kind=Kind.DESK,
        recipient=desk,
        generation=current.generation,
        created_at=at,
    )
    wrap.sealed = boxes.post(key, to=bytes(current.public), binding=_binding(wrap))
    wrap.save(force_insert=True)


def open_by_desk(*, parcel: UUID, holder: Holder) -> CaseKey:
    """Open a parcel's key for a member of the desk. Raises Closed, NoKeyYet or WrapBroken."""
    if not KeyWrap.objects.filter(subject=parcel, kind=Kind.DESK).exists():
        raise Closed("not open for the desk")
    return keyring.open_case_key(subject=parcel, holder=holder)


def seal_for_person(*, parcel: UUID, user: UUID, key: CaseKey, at: datetime) -> None:
    """Seal a parcel's key for one member of the staff. Raises NoKeyYet when they have no key pair."""
    person = StaffKey.objects.filter(user=user).first()
    if person is None:
        raise NoKeyYet("they have no key pair")
    wrap = KeyWrap(subject=parcel, kind=Kind.PEER, recipient=person.pk, created_at=at)
    wrap.sealed = boxes.post(key, to=bytes(person.public), binding=_binding(wrap))
    wrap.save(force_insert=True)


def open_by_colleague(*, parcel: UUID, holder: Holder) -> CaseKey:
    """Open a parcel's key for a person or a team of the house. Raises Closed, NoKeyYet or WrapBroken."""
    if not KeyWrap.objects.filter(subject=parcel, kind__in=[Kind.DESK, Kind.PEER]).exists():
        raise Closed("not open for colleagues")
    return keyring.open_case_key(subject=parcel, holder=holder)


def seal_for_link(
    *, parcel: UUID, link: UUID, secret: LinkSecret, key: CaseKey, at: datetime
) -> None:
    """Wrap a parcel's key for a link and its code. Slow: the code is stretched."""
    wrap = KeyWrap(subject=parcel, kind=Kind.LINK, recipient=link, created_at=at)
    wrap.sealed = boxes.lock(key, key=_link_key(secret), binding=_binding(wrap))
    wrap.save(force_insert=True)


def open_by_link(*, parcel: UUID, link: UUID, secret: LinkSecret) -> CaseKey:
    """Open a parcel's key by a link and its code. Slow. Raises Closed or WrongCode."""
    wrap = KeyWrap.objects.filter(subject=parcel, kind=Kind.LINK, recipient=link).first()
    if wrap is None:
        raise Closed("not open for this link")
    try:
        return CaseKey(
            boxes.unlock(bytes(wrap.sealed), key=_link_key(secret), binding=_binding(wrap))
        )
    except BoxBroken:
        raise WrongCode from None


def new_program_token() -> str:
    """Return a fresh token for a program of a desk; a key pair is derived from it."""
    return f"{PROGRAM_TOKEN}{secrets.token_urlsafe(32)}"


def program_public(token: str) -> bytes:
    """Return the public half of a program's pair; what is sealed to it opens with the token only."""
    return boxes.public_half(_program_secret(token))


def seal_for_program(*, parcel: UUID, program: UUID, public: bytes, key: CaseKey) -> bytes:
    """Seal a parcel's key for a program, which opens it with its token."""
    return boxes.post(key, to=public, binding=_program_binding(parcel, program))


def open_by_program(*, parcel: UUID, program: UUID, token: str, sealed: bytes) -> CaseKey:
    """Open a parcel's key by a program's token. Raises WrapBroken."""
    binding = _program_binding(parcel, program)
    try:
        return CaseKey(boxes.collect(sealed, secret=_program_secret(token), binding=binding))
    except BoxBroken:
        alerts.note("parcel-program", parcel)
        raise WrapBroken("the wrap does not open") from None


def is_open_for_partner(parcel: UUID) -> bool:
    """Say whether the partner has any way left to open a parcel."""
    return KeyWrap.objects.filter(subject=parcel, kind__in=[Kind.DESK, Kind.LINK]).exists()


def close_links(parcel: UUID) -> int:
    """Drop what is wrapped for links, so that none of them opens any more."""
    return KeyWrap.objects.filter(subject=parcel, kind=Kind.LINK).delete()[0]


def close(parcel: UUID) -> int:
    """Drop every recipient's wraps; who opens the case keeps theirs. Returns how many."""
    recipients = [Kind.DESK, Kind.LINK, Kind.PEER]
    return KeyWrap.objects.filter(subject=parcel, kind__in=recipients).delete()[0]


def drop(parcel: UUID) -> int:
    """Drop every wrap, so that nothing sealed under the parcel's key opens again."""
    return keyring.drop_case_key(subject=parcel)


def digest(text: str, *, key: CaseKey) -> bytes:
    """Return 32 bytes that stand for a text; without the key nobody can try texts against them."""
    return blake2b(text.encode(), key=key, digest_size=32, person=b"lotse-consent").digest()


def _unlocked(wrap: KeyWrap, key: bytes) -> CaseKey:
    try:
        return CaseKey(boxes.unlock(bytes(wrap.sealed), key=key, binding=_binding(wrap)))
    except BoxBroken:
        alerts.note(f"parcel-{wrap.kind}", wrap.subject)
        raise WrapBroken("the wrap does not open") from None


def _case_subkey(case: UUID, holder: Holder) -> bytes:
    key = keyring.open_case_key(subject=case, holder=holder)
    return blake2b(key=key, digest_size=boxes.KEY_SIZE, person=b"lotse-parcel").digest()


def _link_key(secret: LinkSecret) -> bytes:
    code = stretch(secret.code, salt=secret.salt, cost=secret.cost)
    return blake2b(
        secret.token.encode(), key=code, digest_size=boxes.KEY_SIZE, person=b"lotse-link-key"
    ).digest()


def _program_secret(token: str) -> bytes:
    # The token has 256 bits by chance, so no stretching is needed.
    return blake2b(token.encode(), digest_size=boxes.KEY_SIZE, person=b"lotse-program").digest()


def _program_binding(parcel: UUID, program: UUID) -> Binding:
    return Binding("case-program", parcel, program)


def _binding(wrap: KeyWrap) -> Binding:
    # As keyring binds what is sealed for teams, so that a desk's wraps are wrapped anew with the rest.
    return Binding(f"case-{wrap.kind}", wrap.subject, wrap.recipient, wrap.generation)
