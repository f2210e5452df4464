"""Browsers that members sign in with in the tests of known devices, and what opens on them."""

import re
from datetime import UTC, datetime

import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from tests.accounts.authenticator import code_now
from tests.counselling.house import House
from tests.factories import PASSWORD, ask

MONDAY = datetime(2026, 11, 23, 9, 0, 5, tzinfo=UTC)
WAIT = reverse("login-device")
DEVICES = reverse("devices")
TEXT = "Mein Sohn schläft nicht. Was kann ich tun?"


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


def case_opens(browser: Client, house: House) -> bool:
    """Say whether the text of a new case is read in a browser."""
    asked = ask(house.nordhafen, TEXT)
    return TEXT in browser.get(reverse("case", args=[asked.pk])).content.decode()


def known_device(moments: Moments, member: Membership) -> Client:
    """Let a member sign in on their first device."""
    browser = Client()
    assert moments.sign_in(browser, member) == reverse("desk")
    return browser


def made_card(browser: Client) -> str:
    """Make a recovery card in a browser; return its code."""
    page = browser.post(reverse("recovery-card"), {"password": PASSWORD}).content.decode()
    found = re.search(r'data-copy="([0-9A-Z-]{29})"', page)
    assert found, "no card was made"
    return found.group(1)
