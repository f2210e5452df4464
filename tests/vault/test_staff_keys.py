"""Key pairs of people: what unlocks them, and what does not."""

import secrets
from uuid import uuid4

import pytest
from django.utils import timezone

from vault import staff_keys
from vault.models import StaffKey, StaffKeyWrap
from vault.staff_keys import DoesNotUnlock, NoStaffKey, Unlocked, stretched

pytestmark = pytest.mark.django_db
KATRIN, AYLIN = uuid4(), uuid4()
PASSWORD = "wolke-sieben-auf-stelzen"


def make(user: object = KATRIN, password: str = PASSWORD) -> Unlocked:
    return staff_keys.create(user=user, password=stretched(password), at=timezone.now())  # type: ignore[arg-type]


def test_the_password_unlocks_and_nothing_else_does() -> None:
    made = make()
    assert staff_keys.unlock(user=KATRIN, password=PASSWORD) == made
    with pytest.raises(DoesNotUnlock):
        staff_keys.unlock(user=KATRIN, password=PASSWORD + " ")
    with pytest.raises(DoesNotUnlock):
        staff_keys.unlock(user=KATRIN, password=PASSWORD, device_key=secrets.token_bytes(32))
    with pytest.raises(NoStaffKey):
        staff_keys.unlock(user=AYLIN, password=PASSWORD)


def test_the_secret_half_stands_nowhere_and_never_shows() -> None:
    made = make()
    assert made.secret.hex() not in repr(made)
    assert repr(made.secret) not in repr(made)
    for row in StaffKeyWrap.objects.values():
        assert made.secret not in bytes(row["sealed"])
    assert bytes(StaffKey.objects.get().public) != made.secret


def test_a_device_unlocks_together_with_the_password_only() -> None:
    made, device, key = make(), uuid4(), secrets.token_bytes(32)
    staff_keys.add_device(
        unlocked=made,
        password=stretched(PASSWORD),
        device=device,
        device_key=key,
        at=timezone.now(),
    )
    staff_keys.drop_way(staff_key=made.staff_key, way=StaffKeyWrap.Way.PASSWORD)

    assert staff_keys.unlock(user=KATRIN, password=PASSWORD, device=device, device_key=key) == made
    with pytest.raises(NoStaffKey):
        staff_keys.unlock(user=KATRIN, password=PASSWORD)
    with pytest.raises(DoesNotUnlock):
        staff_keys.unlock(user=KATRIN, password=PASSWORD, device=device)
    with pytest.raises(DoesNotUnlock):
        staff_keys.unlock(
            user=KATRIN, password=PASSWORD, device=device, device_key=secrets.token_bytes(32)
        )


def test_a_new_password_wraps_anew_for_devices_that_are_not_at_hand() -> None:
    made = make()
    devices = {uuid4(): secrets.token_bytes(32) for _device in range(3)}
    for device, key in devices.items():
        staff_keys.add_device(
            unlocked=made,
            password=stretched(PASSWORD),
            device=device,
            device_key=key,
            at=timezone.now(),
        )
    card = secrets.token_bytes(32)
    staff_keys.add_card(unlocked=made, card_key=card, at=timezone.now())

    staff_keys.set_password(
        unlocked=made, password=stretched("ein anderes zugangswort"), at=timezone.now()
    )

    for device, key in devices.items():
        opened = staff_keys.unlock(
            user=KATRIN, password="ein anderes zugangswort", device=device, device_key=key
        )
        assert opened == made
        with pytest.raises(DoesNotUnlock):
            staff_keys.unlock(user=KATRIN, password=PASSWORD, device=device, device_key=key)
    assert staff_keys.unlock_by_card(user=KATRIN, card_key=card) == made
    with pytest.raises(DoesNotUnlock):
        staff_keys.unlock_by_card(user=KATRIN, card_key=secrets.token_bytes(32))


def test_a_wrap_moved_to_somebody_else_does_not_unlock_them() -> None:
    make(KATRIN)
    make(AYLIN)
    katrins = StaffKeyWrap.objects.get(staff_key__user=KATRIN)
    StaffKeyWrap.objects.filter(staff_key__user=AYLIN).update(
        sealed=katrins.sealed, salt=katrins.salt
    )
    with pytest.raises(DoesNotUnlock):
        staff_keys.unlock(user=AYLIN, password=PASSWORD)


def test_a_public_half_that_somebody_exchanged_is_noticed() -> None:
    make(KATRIN)
    make(AYLIN)
    StaffKey.objects.filter(user=KATRIN).update(public=StaffKey.objects.get(user=AYLIN).public)
    with pytest.raises(DoesNotUnlock):
        staff_keys.unlock(user=KATRIN, password=PASSWORD)


def test_a_fresh_pair_replaces_the_old_one() -> None:
    old = make()
    new = make(password="neues zugangswort fuer katrin")
    assert new != old
    assert StaffKey.objects.filter(user=KATRIN).count() == 1
    with pytest.raises(DoesNotUnlock):
        staff_keys.unlock(user=KATRIN, password=PASSWORD)
