"""Known devices: only on them the password opens cases; a new one is let in by a known one or a card."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import DeviceRequest, StaffDevice, StaffSession
from accounts.operations import organisations
from audit.models import TrailEntry
from tests.accounts.authenticator import show_password
from tests.accounts.devices import DEVICES, MONDAY, WAIT, Moments, case_opens, known_device
from tests.counselling.house import House
from tests.factories import PASSWORD
from vault import staff_keys
from vault.models import StaffKeyWrap
from vault.staff_keys import NoStaffKey


def digits_on(page: str) -> str:
    found = re.search(r'class="compare"[^>]*>(.*?)</p>', page, re.DOTALL)
    return "".join(re.findall(r"<span>(\d{3})</span>", found.group(1))) if found else ""


def test_the_first_browser_becomes_a_known_device_and_the_password_alone_opens_nothing(
    house_with_devices: House, moments: Moments
) -> None:
    katrin = house_with_devices.katrin
    browser = known_device(moments, katrin)

    assert case_opens(browser, house_with_devices)
    cookie = browser.cookies[settings.DEVICE_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    with pytest.raises(NoStaffKey):
        staff_keys.unlock(user=katrin.user_id, password=PASSWORD)
    assert [wrap.way for wrap in StaffKeyWrap.objects.filter(staff_key__user=katrin.user_id)] == [
        "device"
    ]


def test_on_the_known_device_signing_in_again_takes_password_and_code_only(
    house_with_devices: House, moments: Moments
) -> None:
    browser = known_device(moments, house_with_devices.katrin)
    browser.post(reverse("logout"))

    assert moments.sign_in(browser, house_with_devices.katrin) == reverse("desk")
    assert case_opens(browser, house_with_devices)


def test_a_new_device_is_let_in_by_the_known_one(
    house_with_devices: House, moments: Moments
) -> None:
    old, new = known_device(moments, house_with_devices.katrin), Client()
    assert moments.sign_in(new, house_with_devices.katrin) == WAIT
    page = new.get(WAIT).content.decode()
    assert new.get(reverse("queue")).headers["Location"].startswith(reverse("login"))
    assert new.get(WAIT, headers={"HX-Request": "true"}).status_code == 204

    assert "Ein neues Gerät wartet" in old.get(reverse("queue")).content.decode()
    answer_page = old.get(DEVICES).content.decode()
    assert digits_on(answer_page) == digits_on(page)
    assert len(digits_on(page)) == 6
    old.post(DEVICES, {"approve": DeviceRequest.objects.get().pk})

    moved = new.get(WAIT, headers={"HX-Request": "true"})
    assert moved.headers["HX-Redirect"] == reverse("desk")
    assert case_opens(new, house_with_devices)
    assert not DeviceRequest.objects.exists()
    assert StaffDevice.objects.filter(user=house_with_devices.katrin.user).count() == 2

    new.post(reverse("logout"))
    assert moments.sign_in(new, house_with_devices.katrin) == reverse("desk")
    actions = list(TrailEntry.objects.values_list("action", flat=True))
    assert actions.count("device.asked") == actions.count("device.approved") == 1


def test_it_works_with_the_reload_button_without_scripts(
    house_with_devices: House, moments: Moments
) -> None:
    old, new = known_device(moments, house_with_devices.katrin), Client()
    moments.sign_in(new, house_with_devices.katrin)
    assert f'href="{WAIT}"' in new.get(WAIT).content.decode()
    old.post(DEVICES, {"approve": DeviceRequest.objects.get().pk})

    assert new.get(WAIT).headers["Location"] == reverse("desk")


def test_who_is_sent_away_is_out_and_reads_what_to_do(
    house_with_devices: House, moments: Moments
) -> None:
    old, new = known_device(moments, house_with_devices.katrin), Client()
    moments.sign_in(new, house_with_devices.katrin)

    page = old.post(
        DEVICES, {"refuse": DeviceRequest.objects.get().pk}, follow=True
    ).content.decode()

    assert "ändern Sie jetzt Ihr Passwort" in page
    assert "abgelehnt" in new.get(WAIT, follow=True).content.decode()
    assert moments.sign_in(new, house_with_devices.katrin) == WAIT


def test_nobody_lets_in_somebody_elses_device(house_with_devices: House, moments: Moments) -> None:
    known_device(moments, house_with_devices.katrin)
    aylins = known_device(moments, house_with_devices.aylin)
    new = Client()
    moments.sign_in(new, house_with_devices.katrin)
    request = DeviceRequest.objects.get()

    assert digits_on(aylins.get(DEVICES).content.decode()) == ""
    for answer in ("approve", "refuse"):
        page = aylins.post(DEVICES, {answer: request.pk}, follow=True).content.decode()
        assert "schon erledigt" in page
    request.refresh_from_db()
    assert request.is_open(request.asked_at)


def test_after_a_quarter_of_an_hour_nobody_waits_any_more(
    house_with_devices: House, moments: Moments
) -> None:
    old, new = known_device(moments, house_with_devices.katrin), Client()
    moments.sign_in(new, house_with_devices.katrin)
    request = DeviceRequest.objects.get()
    moments.traveller.shift(timedelta(minutes=16))

    assert new.get(WAIT).headers["Location"] == reverse("login")
    assert "Ein neues Gerät wartet" not in old.get(DEVICES).content.decode()
    old.post(DEVICES, {"approve": request.pk})
    request.refresh_from_db()
    assert request.sealed is None


def test_without_both_factors_nobody_waits(house_with_devices: House, moments: Moments) -> None:
    known_device(moments, house_with_devices.katrin)
    browser = Client()
    assert browser.get(WAIT).headers["Location"] == reverse("login")
    show_password(browser, house_with_devices.katrin)

    assert browser.get(WAIT).headers["Location"] == reverse("login")
    assert browser.post(WAIT, {"code": "x"}).headers["Location"] == reverse("login")
    assert not DeviceRequest.objects.exists()


def test_another_digit_pair_for_every_request(house_with_devices: House, moments: Moments) -> None:
    known_device(moments, house_with_devices.katrin)
    shown = set()
    for _browser in range(5):
        new = Client()
        moments.sign_in(new, house_with_devices.katrin)
        shown.add(digits_on(new.get(WAIT).content.decode()))

    assert len(shown) == 5


@pytest.mark.parametrize("cookie", ["", "x", ".", "a" * 32 + ".AAAA", "ü.ü", "\x00", "a" * 5000])
def test_a_damaged_device_cookie_is_none(
    house_with_devices: House, moments: Moments, cookie: str
) -> None:
    browser = known_device(moments, house_with_devices.katrin)
    browser.post(reverse("logout"))
    browser.cookies[settings.DEVICE_COOKIE_NAME] = cookie

    assert moments.sign_in(browser, house_with_devices.katrin) == WAIT


def test_two_colleagues_share_a_computer_and_neither_opens_the_others_keys(
    house_with_devices: House, moments: Moments
) -> None:
    browser = known_device(moments, house_with_devices.katrin)
    browser.post(reverse("logout"))
    assert moments.sign_in(browser, house_with_devices.aylin) == reverse("desk")
    browser.post(reverse("logout"))
    assert moments.sign_in(browser, house_with_devices.katrin) == reverse("desk")

    katrins = StaffDevice.objects.get(user=house_with_devices.katrin.user)
    aylins = StaffDevice.objects.get(user=house_with_devices.aylin.user)
    assert katrins.device == aylins.device


# --- The list, and revoking -------------------------------------------------------------------


def test_a_revoked_device_is_out_and_unlocks_nothing(
    house_with_devices: House, moments: Moments
) -> None:
    katrin = house_with_devices.katrin
    old, lost = known_device(moments, katrin), Client()
    moments.sign_in(lost, katrin)
    old.post(DEVICES, {"approve": DeviceRequest.objects.get().pk})
    lost.get(WAIT)
    device = StaffDevice.objects.filter(user=katrin.user).latest("added_at")
    page = old.get(DEVICES).content.decode()
    assert page.count("dieses Gerät</span>") == 1
    assert page.count('name="revoke"') == 1

    old.post(DEVICES, {"revoke": device.device})

    assert lost.get(reverse("queue")).headers["Location"].startswith(reverse("login"))
    assert not StaffSession.objects.filter(device=device.device).exists()
    assert moments.sign_in(lost, katrin) == WAIT
    assert case_opens(old, house_with_devices)


@pytest.mark.parametrize("what", ["", "x", "00000000-0000-0000-0000-000000000000", "\x00"])
def test_revoking_what_is_not_there_changes_nothing(
    house_with_devices: House, moments: Moments, what: str
) -> None:
    browser = known_device(moments, house_with_devices.katrin)

    for answer in ("revoke", "approve", "refuse"):
        page = browser.post(DEVICES, {answer: what}, follow=True).content.decode()
        assert "schon erledigt" in page
    assert StaffDevice.objects.count() == 1


# --- Without device keys ----------------------------------------------------------------------


def test_without_device_keys_the_password_opens_on_every_device(
    house: House, moments: Moments
) -> None:
    for _browser in range(2):
        browser = Client()
        assert moments.sign_in(browser, house.katrin) == reverse("desk")
        assert case_opens(browser, house)
    assert not StaffDevice.objects.exists()


def test_switching_device_keys_off_lets_the_password_alone_open_again(
    house_with_devices: House, moments: Moments
) -> None:
    house = house_with_devices
    browser = known_device(moments, house.katrin)
    house.nordhafen.device_keys = False
    organisations.change(organisation=house.nordhafen, by=house.ada, at=MONDAY)
    moments.sign_in(browser, house.katrin)

    other = Client()
    assert moments.sign_in(other, house.katrin) == reverse("desk")
    assert case_opens(other, house)


def test_the_cookie_is_a_host_cookie_where_there_is_https(
    house_with_devices: House, moments: Moments, settings: Settings
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    settings.DEVICE_COOKIE_NAME = "__Host-lotse-device"
    browser = Client()
    moments.sign_in(browser, house_with_devices.katrin)
    cookie = browser.cookies["__Host-lotse-device"]

    assert cookie["secure"]
    assert cookie["path"] == "/"
    assert not cookie["domain"]
