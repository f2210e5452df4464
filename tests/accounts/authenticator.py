"""The authenticator app on a person's phone, and the two steps of signing in with it."""

import time

from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

from accounts.models import Membership
from tests.factories import PASSWORD, TOTP_KEY


def code_now(key: str = TOTP_KEY) -> str:
    """Return what the app shows now. key: 40 hexadecimal digits."""
    return f"{totp(bytes.fromhex(key)):06d}"


def wrong_code(key: str = TOTP_KEY) -> str:
    """Return six digits that are not those of now, nor of the neighbouring half minutes."""
    step = int(time.time()) // 30
    right = {totp(bytes.fromhex(key), drift=offset) for offset in (-2, -1, 0, 1, 2)}
    return f"{next(number for number in range(step % 1000, 10**6) if number not in right):06d}"


def show_password(client: Client, member: Membership, **data: str) -> None:
    """Take the first step, and land before the second."""
    response = client.post(
        reverse("login"), {"email": member.user.email, "password": PASSWORD, **data}
    )
    assert response.headers["Location"] == reverse("login-code")


def show_code(client: Client, code: str) -> str:
    """Take the second step; return where it leads, or nothing when the code is refused."""
    response = client.post(reverse("login-code"), {"code": code})
    return str(response.headers.get("Location", ""))


def sign_in(client: Client, member: Membership, **data: str) -> str:
    """Take both steps; return where they lead."""
    show_password(client, member, **data)
    return show_code(client, code_now())
