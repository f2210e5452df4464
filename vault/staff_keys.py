"""The one writer of staff key pairs: make one, unlock it, and keep its ways of unlocking in order.

Nobody but the person can unlock theirs: the key is BLAKE2b(device key or nothing, Argon2id(password)).
Only `stretch` and `unlock` are slow; call them outside a transaction.
"""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from django.db import models, transaction

from vault import alerts, boxes
from vault.boxes import Binding, BoxBroken
from vault.models import KeyWrap, StaffKey, StaffKeyWrap, TeamKeySeal
from vault.stretching import Cost, new_salt, present_cost, stretch

Way = StaffKeyWrap.Way
NOBODY = UUID(int=0)


class NoStaffKey(Exception):
    """The person has no key pair, or none that can be unlocked in this way."""


class DoesNotUnlock(Exception):
    """The wrap does not open: another password or device key, or somebody has altered it."""


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A person's key pair, unlocked: id of the pair, and the secret half (32 bytes)."""

    staff_key: UUID
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stretched:
    """A password after Argon2id, ready to wrap with or to unlock with."""

    salt: bytes
    cost: Cost
    key: bytes = field(repr=False)


def stretched(password: str) -> Stretched:
    """Stretch a password under a fresh salt. Slow; raises stretching.Busy."""
    salt, cost = new_salt(), present_cost()
    return Stretched(salt, cost, stretch(password, salt=salt, cost=cost))


@transaction.atomic
def create(*, user: UUID, password: Stretched, at: datetime) -> Unlocked:
    """Give a person a fresh pair, unlocked by the password; an older pair opens nothing any more."""
    for old in StaffKey.objects.filter(user=user):
        # Whoever still has it unlocked, in a session or otherwise, opens nothing with it from now on.
        TeamKeySeal.objects.filter(recipient=old.pk).delete()
        KeyWrap.objects.filter(recipient=old.pk).delete()
        old.delete()
    secret, public = boxes.new_pair()
    row = StaffKey.objects.create(user=user, public=public, created_at=at)
    unlocked = Unlocked(row.pk, secret)
    _wrap(unlocked, Way.PASSWORD, password, at=at)
    return unlocked


def unlock(
    *, user: UUID, password: str, device: UUID | None = None, device_key: bytes = b""
) -> Unlocked:
    """Unlock a person's pair by the password, or by the password and a device's key (32 bytes).

    Slow. Raises NoStaffKey, DoesNotUnlock or stretching.Busy.
    """
    row = (
        StaffKeyWrap.objects.filter(
            staff_key__user=user, way=Way.DEVICE if device else Way.PASSWORD, device=device
        )
        .select_related("staff_key")
        .first()
    )
    if row is None:
        raise NoStaffKey
    cost = Cost(row.memory_kib, row.passes)
    kek = _kek(stretch(password, salt=bytes(row.salt), cost=cost), device_key)
    return _unlocked(row, kek)


@transaction.atomic
def set_password(*, unlocked: Unlocked, password: Stretched, at: datetime) -> None:
    """Wrap the pair anew under a new password, for every device; the printed card stays as it is."""
    for row in _wraps(unlocked).exclude(way=Way.CARD):
        device_key = _device_key(unlocked, row) if row.device else b""
        _wrap(unlocked, Way(row.way), password, device=row.device, device_key=device_key, at=at)


@transaction.atomic
def add_device(
    *, unlocked: Unlocked, password: Stretched, device: UUID, device_key: bytes, at: datetime
) -> None:
    """Let a device unlock the pair, together with the password. device_key: 32 random bytes."""
    _wrap(unlocked, Way.DEVICE, password, device=device, device_key=device_key, at=at)


@transaction.atomic
def add_password_only(*, unlocked: Unlocked, password: Stretched, at: datetime) -> None:
    """Let the password alone unlock the pair, as organisations without device keys do."""
    _wrap(unlocked, Way.PASSWORD, password, at=at)


@transaction.atomic
def add_card(*, unlocked: Unlocked, card_key: bytes, at: datetime) -> None:
    """Let a printed card unlock the pair. card_key: 32 bytes derived from what is printed."""
    _store(unlocked, Way.CARD, _kek(card_key, b""), at=at)


def unlock_by_card(*, user: UUID, card_key: bytes) -> Unlocked:
    """Unlock a person's pair by the printed card. Raises NoStaffKey or DoesNotUnlock."""
    row = (
        StaffKeyWrap.objects.filter(staff_key__user=user, way=Way.CARD)
        .select_related("staff_key")
        .first()
    )
    if row is None:
        raise NoStaffKey
    return _unlocked(row, _kek(card_key, b""))


def drop_way(*, staff_key: UUID, way: StaffKeyWrap.Way, device: UUID | None = None) -> int:
    """Take a way of unlocking away. Returns how many there were."""
    return StaffKeyWrap.objects.filter(staff_key=staff_key, way=way, device=device).delete()[0]


def of_user(user: UUID) -> StaffKey | None:
    """Return a person's pair, the public half only, or None."""
    return StaffKey.objects.filter(user=user).first()


def _wrap(
    unlocked: Unlocked,
    way: StaffKeyWrap.Way,
    password: Stretched,
    *,
    device: UUID | None = None,
    device_key: bytes = b"",
    at: datetime,
) -> None:
    sealed_device_key = None
    if device is not None:
        public = bytes(StaffKey.objects.get(pk=unlocked.staff_key).public)
        sealed_device_key = boxes.post(
            device_key, to=public, binding=_device_binding(unlocked.staff_key, device)
        )
    _store(
        unlocked,
        way,
        _kek(password.key, device_key),
        at=at,
        device=device,
        device_key=sealed_device_key,
        salt=password.salt,
        memory_kib=password.cost.memory_kib,
        passes=password.cost.passes,
    )


def _store(
    unlocked: Unlocked,
    way: StaffKeyWrap.Way,
    kek: bytes,
    *,
    at: datetime,
    device: UUID | None = None,
    **fields: object,
) -> None:
    binding = _binding(unlocked.staff_key, way, device)
    StaffKeyWrap.objects.update_or_create(
        staff_key_id=unlocked.staff_key,
        way=way,
        device=device,
        defaults={
            "sealed": boxes.lock(unlocked.secret, key=kek, binding=binding),
            "created_at": at,
            **fields,
        },
    )


def _unlocked(row: StaffKeyWrap, kek: bytes) -> Unlocked:
    binding = _binding(row.staff_key_id, Way(row.way), row.device)
    try:
        secret = boxes.unlock(bytes(row.sealed), key=kek, binding=binding)
    except BoxBroken:
        raise DoesNotUnlock from None
    if boxes.public_half(secret) != bytes(row.staff_key.public):
        # Somebody put another public half there, to have keys sealed to themselves.
        alerts.note("staff-key", row.staff_key.user)
        raise DoesNotUnlock
    return Unlocked(row.staff_key_id, secret)


def _wraps(unlocked: Unlocked) -> models.QuerySet[StaffKeyWrap]:
    return StaffKeyWrap.objects.filter(staff_key=unlocked.staff_key)


def _device_key(unlocked: Unlocked, row: StaffKeyWrap) -> bytes:
    assert row.device is not None
    assert row.device_key is not None  # a constraint binds them together
    try:
        return boxes.collect(
            bytes(row.device_key),
            secret=unlocked.secret,
            binding=_device_binding(row.staff_key_id, row.device),
        )
    except BoxBroken:
        alerts.note("device-key", row.staff_key_id)
        raise DoesNotUnlock from None


def _binding(staff_key: UUID, way: StaffKeyWrap.Way, device: UUID | None) -> Binding:
    return Binding(f"staff-{way.value}", staff_key, device or NOBODY)


def _device_binding(staff_key: UUID, device: UUID) -> Binding:
    return Binding("device-key", staff_key, device)


def _kek(stretched_password: bytes, device_key: bytes) -> bytes:
    return blake2b(
        stretched_password, key=device_key, digest_size=boxes.KEY_SIZE, person=b"lotse-staff-kek"
    ).digest()
