"""Known devices: only on them the password opens cases; a new one is let in by a known one or a card."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import DeviceRequest, Membership, StaffDevice, StaffSession
from accounts.operations import organisations
from audit.models import TrailEntry
from tests.accounts.authenticator import code_now, show_password
from tests.counselling.house import House
from tests.factories import PASSWORD, ask
from vault import staff_keys
from vault.models import StaffKeyWrap
from vault.staff_keys import DoesNotUnlock, NoStaffKey

MONDAY = datetime(2026, 11, 23, 9, 0, 5, tzinfo=UTC)
WAIT = reverse("login-device")
DEVICES = reverse("devices")
TEXT = "Mein Sohn schläft nicht. Was kann ich tun?"


@pytest.fixture
def house_with_devices(house: House) -> House:
    """Nordhafen, where cases open on known devices only."""
    house.nordhafen.device_keys = True
    organisations.change(organisation=house.nordhafen, by=house.ada, at=MONDAY)
    return house


class Moments:
    """A clock that each sign-in moves on, since a code counts once."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self.traveller = traveller

    def sign_in(self, browser: Client, member: Membership, password: str = PASSWORD) -> str:
        """Take both steps in a browser; return where they lead."""
        self.traveller.shift(31)
        response = browser.post(
            reverse("login"), {"email": member.user.email, "password": password}
        )
        assert response.headers.get("Location") == reverse("login-code")
        response = browser.post(reverse("login-code"), {"code": code_now()})
        return str(response.headers["Location"])


@pytest.fixture
def moments() -> Iterator[Moments]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield Moments(traveller)


def case_opens(browser: Client, house: House) -> bool:
    asked = ask(house.nordhafen, TEXT)
    return TEXT in browser.get(reverse("case", args=[asked.pk])).content.decode()


def digits_on(page: str) -> str:
    found = re.search(r'class="compare"[^>]*>(.*?)</p>', page, re.DOTALL)
    return "".join(re.findall(r"<span>(\d{3})</span>", found.group(1))) if found else ""


def known_device(moments: Moments, member: Membership) -> Client:
    """Let a member sign in on their first device."""
    browser = Client()
    assert moments.sign_in(browser, member) == reverse("desk")
    return browser


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


# --- The card ---------------------------------------------------------------------------------


def made_card(browser: Client) -> str:
    page = browser.post(reverse("recovery-card"), {"password": PASSWORD}).content.decode()
    found = re.search(r'data-copy="([0-9A-Z-]{29})"', page)
    assert found, "no card was made"
    return found.group(1)


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


# --- Another password -------------------------------------------------------------------------

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
