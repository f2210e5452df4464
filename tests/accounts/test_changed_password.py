"""Another password: it opens what the old one opened, on every device, and the old one nothing more."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import DeviceRequest
from accounts.operations import organisations
from tests.accounts.devices import (
    DEVICES,
    MONDAY,
    WAIT,
    Moments,
    case_opens,
    known_device,
    made_card,
)
from tests.counselling.house import House
from tests.factories import PASSWORD
from vault import staff_keys
from vault.models import StaffKeyWrap
from vault.staff_keys import DoesNotUnlock

NEW_PASSWORD = "sechs Laternen über dem Kai"


def change(browser: Client, **changes: str) -> str:
    form = {"old": PASSWORD, "password": NEW_PASSWORD, "password_again": NEW_PASSWORD} | changes
    return str(browser.post(reverse("password"), form, follow=True).content.decode())


def test_a_new_password_opens_the_keys_on_every_device_and_the_old_one_on_none(
    house_with_devices: House, moments: Moments
) -> None:
    katrin = house_with_devices.katrin
    here, away = known_device(moments, katrin), Client()
    moments.sign_in(away, katrin)
    here.post(DEVICES, {"approve": DeviceRequest.objects.get().pk})
    away.get(WAIT)
    code = made_card(here)

    assert "Das Passwort ist geändert." in change(here)

    assert case_opens(here, house_with_devices)
    assert away.get(reverse("queue")).status_code == 302
    assert moments.sign_in(away, katrin, NEW_PASSWORD) == reverse("desk")
    assert case_opens(away, house_with_devices)
    third = Client()
    moments.sign_in(third, katrin, NEW_PASSWORD)
    assert third.post(WAIT, {"code": code}).headers["Location"] == reverse("desk")
    for wrap in StaffKeyWrap.objects.filter(way="device", staff_key__user=katrin.user_id):
        with pytest.raises(DoesNotUnlock):
            staff_keys.unlock(
                user=katrin.user_id, password=PASSWORD, device=wrap.device, device_key=bytes(32)
            )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"old": "falsch"}, "Dieses Passwort stimmt nicht."),
        ({"old": ""}, "Bitte geben Sie Ihr bisheriges Passwort ein."),
        ({"password_again": "anders"}, "Die beiden Passwörter sind nicht gleich."),
        ({"password": "kurz", "password_again": "kurz"}, "Dieses Passwort ist zu kurz."),
        (
            {"password": "katrin.petersen", "password_again": "katrin.petersen"},
            "zu leicht zu erraten",
        ),
    ],
)
def test_what_is_wrong_with_a_new_password_is_said(
    house_with_devices: House, moments: Moments, changes: dict[str, str], sentence: str
) -> None:
    browser = known_device(moments, house_with_devices.katrin)

    assert sentence in change(browser, **changes)
    assert case_opens(browser, house_with_devices)


def test_a_weak_password_does_not_open_alone_and_its_owner_is_led_to_a_better_one(
    house_with_devices: House, moments: Moments
) -> None:
    house, weak = house_with_devices, "teller-tasse"
    browser = known_device(moments, house.katrin)
    assert "Das Passwort ist geändert." in change(browser, password=weak, password_again=weak)
    house.nordhafen.device_keys = False
    organisations.change(organisation=house.nordhafen, by=house.ada, at=MONDAY)

    assert moments.sign_in(Client(), house.katrin, weak) == WAIT
    assert moments.sign_in(browser, house.katrin, weak) == reverse("password")
    assert "besonders schwer zu erraten" in browser.get(reverse("password")).content.decode()
    assert "zu leicht zu erraten" in change(browser, old=weak, password=weak, password_again=weak)

    change(browser, old=weak)
    assert moments.sign_in(Client(), house.katrin, NEW_PASSWORD) == reverse("desk")
