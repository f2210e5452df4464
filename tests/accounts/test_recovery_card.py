"""The recovery card: made with the password, printed once, and lets a new device in."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import DeviceRequest
from tests.accounts.devices import WAIT, Moments, case_opens, known_device, made_card
from tests.counselling.house import House
from vault.models import StaffKeyWrap


def test_the_printed_card_lets_a_new_device_in(house_with_devices: House, moments: Moments) -> None:
    code = made_card(known_device(moments, house_with_devices.katrin))
    new = Client()
    assert moments.sign_in(new, house_with_devices.katrin) == WAIT

    assert new.post(WAIT, {"code": code.lower()}).headers["Location"] == reverse("desk")
    assert case_opens(new, house_with_devices)
    assert not DeviceRequest.objects.exists()


def test_the_card_is_shown_once_and_kept_nowhere(
    house_with_devices: House, moments: Moments
) -> None:
    browser = known_device(moments, house_with_devices.katrin)
    code = made_card(browser)

    assert code not in browser.get(reverse("recovery-card")).content.decode()
    assert "gilt die alte nicht mehr" in browser.get(reverse("recovery-card")).content.decode()


def test_a_new_card_replaces_the_old_one(house_with_devices: House, moments: Moments) -> None:
    browser = known_device(moments, house_with_devices.katrin)
    old, _new = made_card(browser), made_card(browser)
    elsewhere = Client()
    moments.sign_in(elsewhere, house_with_devices.katrin)

    page = elsewhere.post(WAIT, {"code": old}).content.decode()

    assert "öffnet Ihr Konto nicht" in page


def test_aylins_card_opens_nothing_of_katrins(house_with_devices: House, moments: Moments) -> None:
    made_card(known_device(moments, house_with_devices.katrin))
    aylins = made_card(known_device(moments, house_with_devices.aylin))
    new = Client()
    moments.sign_in(new, house_with_devices.katrin)

    assert "öffnet Ihr Konto nicht" in new.post(WAIT, {"code": aylins}).content.decode()


@pytest.mark.parametrize("typed", ["", "x", "7KQ4M-XW2PA", "\x00", "ü" * 500, "<script>"])
def test_what_is_no_card_is_answered_beside_the_field(
    house_with_devices: House, moments: Moments, typed: str
) -> None:
    made_card(known_device(moments, house_with_devices.katrin))
    new = Client()
    moments.sign_in(new, house_with_devices.katrin)

    response = new.post(WAIT, {"code": typed})

    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()


def test_making_a_card_takes_the_password(house_with_devices: House, moments: Moments) -> None:
    browser = known_device(moments, house_with_devices.katrin)

    page = browser.post(reverse("recovery-card"), {"password": "falsch"}).content.decode()

    assert "Dieses Passwort stimmt nicht." in page
    assert not StaffKeyWrap.objects.filter(way="card").exists()
