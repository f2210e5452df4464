"""The one writer of devices: which browsers unlock a person's keys, and how another one becomes one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from django.db import transaction

from accounts import queries
from accounts.device_cookie import DeviceCookie
from accounts.models import DeviceRequest, StaffDevice, User
from accounts.operations import keys, sessions
from accounts.operations.people import note
from accounts.strength import PASSWORD_ONLY, weakness
from vault import alerts, boxes, staff_keys
from vault.boxes import Binding, BoxBroken
from vault.codes import AccessCode
from vault.models import StaffKeyWrap
from vault.staff_keys import DoesNotUnlock, NoStaffKey, Stretched, Unlocked

Way = StaffKeyWrap.Way
REQUEST_LIFETIME = timedelta(minutes=15)
COMPARED_DIGITS = 6


class NoSuchDevice(Exception):
    """The person has no such device."""


class RequestClosed(Exception):
    """The request was answered, has run out, or is somebody else's."""


class NotYet(Exception):
    """No known device has answered so far."""


class Refused(Exception):
    """The person has said at a known device that this is not them."""


class KeysLocked(Exception):
    """This session holds no keys that could be handed on: sign in again on a known device."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a right password has opened, on this browser.

    unlocked: None where another device must help. stretched: where something has yet to be wrapped.
    device: the known device that this is. weak: too easy to guess to do without a device.
    """

    unlocked: Unlocked | None
    stretched: Stretched | None = None
    device: UUID | None = None
    weak: bool = False


def open_keys(*, user: User, password: str, cookie: DeviceCookie | None, at: datetime) -> Opened:
    """Unlock a person's keys with the password they have just shown, and this browser's key.

    Slow; call it outside a transaction. Raises stretching.Busy.
    """
    needs_device = queries.needs_device(user)
    weak = not needs_device and is_weak(user=user, password=password)
    if cookie is not None and queries.knows_device(user, cookie.device):
        try:
            unlocked = staff_keys.unlock(
                user=user.pk, password=password, device=cookie.device, device_key=cookie.key
            )
        except (NoStaffKey, DoesNotUnlock):
            alerts.note("staff-device", user.pk)
        else:
            alone = needs_device or weak or queries.opens_by_password(user)
            stretched = None if alone else staff_keys.stretched(password)
            return Opened(unlocked, stretched, cookie.device, weak)
    if needs_device and queries.has_devices(user):
        return Opened(None, staff_keys.stretched(password))
    opened = keys.unlock_or_create(user=user, password=password, at=at)
    if opened is None and queries.opens_by_password(user):
        return Opened(None)  # damaged: no device can help, and who comes in without keys sees so
    if needs_device or opened is None:
        return Opened(opened, staff_keys.stretched(password), None, weak)
    return Opened(opened, None, None, weak)


def is_weak(*, user: User, password: str) -> bool:
    """Say whether a password is too easy to guess to protect a person's keys by itself."""
    return weakness(password, about=queries.known_about(user), required=PASSWORD_ONLY) is not None


@transaction.atomic
def settle(
    *, user: User, opened: Opened, cookie: DeviceCookie, at: datetime
) -> DeviceCookie | None:
    """Bring a person's ways of unlocking in order, now that both factors were shown.

    The first browser of who needs devices becomes a known one, and from then on the password alone
    unlocks nothing. Returns the cookie that the browser is to keep, or None.
    """
    if opened.unlocked is None:
        return None
    staff_key = opened.unlocked.staff_key
    if opened.device is not None:
        StaffDevice.objects.filter(user=user, device=opened.device).update(used_at=at)
        if queries.needs_device(user):
            staff_keys.drop_way(staff_key=staff_key, way=Way.PASSWORD)
        elif opened.stretched is not None:
            staff_keys.add_password_only(unlocked=opened.unlocked, password=opened.stretched, at=at)
        return cookie
    if opened.stretched is None or not queries.needs_device(user):
        return None
    _add(user, opened.unlocked, opened.stretched, cookie, at)
    staff_keys.drop_way(staff_key=staff_key, way=Way.PASSWORD)
    return cookie


@transaction.atomic
def ask(*, user: User, at: datetime) -> tuple[DeviceRequest, bytes]:
    """Let a new browser ask a person's known devices for the keys.

    Returns the request and the secret half of its pair, which stays in the browser's session.
    """
    DeviceRequest.objects.filter(user=user, expires_at__lte=at).delete()
    secret, public = boxes.new_pair()
    request = DeviceRequest.objects.create(
        user=user, public=public, asked_at=at, expires_at=at + REQUEST_LIFETIME
    )
    note("device.asked", user=user, at=at)
    return request, secret


def compared(request: DeviceRequest) -> str:
    """Return the digits that both devices show: who sees the same on both lets the right one in."""
    digest = blake2b(bytes(request.public), key=request.pk.bytes, person=b"lotse-compare").digest()
    return f"{int.from_bytes(digest[:8]) % 10**COMPARED_DIGITS:0{COMPARED_DIGITS}d}"


@transaction.atomic
def approve(*, user: User, request: UUID, unlocked: Unlocked | None, at: datetime) -> None:
    """Seal the keys to a waiting device, from one that has them. Raises RequestClosed or KeysLocked."""
    row = _locked(user, request, at)
    if unlocked is None:
        raise KeysLocked
    row.sealed = boxes.post(
        unlocked.secret, to=bytes(row.public), binding=_binding(unlocked.staff_key, row.pk)
    )
    row.save(update_fields=["sealed"])
    note("device.approved", user=user, at=at)


@transaction.atomic
def refuse(*, user: User, request: UUID, at: datetime) -> None:
    """Send a waiting device away. Raises RequestClosed."""
    row = _locked(user, request, at)
    row.refused_at = at
    row.save(update_fields=["refused_at"])
    note("device.refused", user=user, at=at)


@transaction.atomic
def collect(
    *,
    user: User,
    request: UUID,
    secret: bytes,
    stretched: Stretched,
    cookie: DeviceCookie,
    at: datetime,
) -> Unlocked:
    """Open what a known device has sealed for this new one, which thereby becomes a known one.

    Raises NotYet, Refused or RequestClosed.
    """
    row = DeviceRequest.objects.select_for_update().filter(user=user, pk=request).first()
    if row is None:
        raise RequestClosed
    if row.refused_at is not None:
        raise Refused
    if row.sealed is None:
        if at >= row.expires_at:
            raise RequestClosed
        raise NotYet
    pair = staff_keys.of_user(user.pk)
    if pair is None:
        raise RequestClosed
    try:
        opened = boxes.collect(bytes(row.sealed), secret=secret, binding=_binding(pair.pk, row.pk))
    except BoxBroken:
        alerts.note("device-request", user.pk)
        raise RequestClosed from None
    if boxes.public_half(opened) != bytes(pair.public):
        alerts.note("device-request", user.pk)
        raise RequestClosed
    row.delete()
    unlocked = Unlocked(pair.pk, opened)
    _add(user, unlocked, stretched, cookie, at)
    return unlocked


@transaction.atomic
def add_by_card(
    *, user: User, code: AccessCode, stretched: Stretched, cookie: DeviceCookie, at: datetime
) -> Unlocked:
    """Make a new browser a known device by the printed card. Raises DoesNotUnlock or NoStaffKey."""
    unlocked = staff_keys.unlock_by_card(user=user.pk, card_key=_card_key(code))
    _add(user, unlocked, stretched, cookie, at)
    DeviceRequest.objects.filter(user=user).delete()
    note("card.used", user=user, at=at)
    return unlocked


@transaction.atomic
def make_card(*, user: User, unlocked: Unlocked | None, at: datetime) -> AccessCode:
    """Make a recovery card; an older one opens nothing any more. Raises KeysLocked.

    The code is shown once and kept nowhere.
    """
    if unlocked is None:
        raise KeysLocked
    code = AccessCode.generate()
    staff_keys.add_card(unlocked=unlocked, card_key=_card_key(code), at=at)
    note("card.made", user=user, at=at)
    return code


@transaction.atomic
def revoke(*, user: User, device: UUID, at: datetime) -> None:
    """Let a device unlock nothing any more, and end what is signed in there. Raises NoSuchDevice."""
    pair = staff_keys.of_user(user.pk)
    if pair is not None:
        staff_keys.drop_way(staff_key=pair.pk, way=Way.DEVICE, device=device)
    if not StaffDevice.objects.filter(user=user, device=device).delete()[0]:
        raise NoSuchDevice
    sessions.end_on(user=user, device=device)
    note("device.revoked", user=user, at=at)


@transaction.atomic
def forget_all(*, user: User) -> None:
    """Forget every device and every waiting one, when a person begins anew."""
    StaffDevice.objects.filter(user=user).delete()
    DeviceRequest.objects.filter(user=user).delete()


def _add(
    user: User, unlocked: Unlocked, stretched: Stretched, cookie: DeviceCookie, at: datetime
) -> None:
    staff_keys.add_device(
        unlocked=unlocked,
        password=stretched,
        device=cookie.device,
        device_key=cookie.key,
        at=at,
    )
    StaffDevice.objects.update_or_create(
        user=user, device=cookie.device, defaults={"added_at": at, "used_at": at}
    )
    note("device.added", user=user, at=at)


def _locked(user: User, request: UUID, at: datetime) -> DeviceRequest:
    row = DeviceRequest.objects.select_for_update().filter(user=user, pk=request).first()
    if row is None or not row.is_open(at):
        raise RequestClosed
    return row


def _binding(staff_key: UUID, request: UUID) -> Binding:
    return Binding("device-request", staff_key, request)


def _card_key(code: AccessCode) -> bytes:
    return blake2b(
        code.characters.encode("ascii"), digest_size=boxes.KEY_SIZE, person=b"lotse-card"
    ).digest()
