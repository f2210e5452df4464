"""Signing in: password, then a code that works once, then an organisation."""

from datetime import datetime

from django.contrib.auth import authenticate
from django.db import transaction
from django_otp import devices_for_user, match_token
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import Membership, User
from audit import trail

# As django-otp's devices: half a minute for a code, one neighbour on either side for clocks that
# are a little off.
STEP_SECONDS = 30
TOLERANCE = 1


class PasswordWrong(Exception):
    """There is no active person with this e-mail address and password."""


class CodeWrong(Exception):
    """The code is not the one of now, or it was used before."""


class TooManyTries(Exception):
    """The last codes were wrong; the next one counts after `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("too many wrong codes")
        self.until = until


def check_password(*, email: str, password: str) -> User:
    """Return the person who has this e-mail address and password.

    An unknown address takes as long as a wrong password: Django's backend hashes there too. Raises
    PasswordWrong, the same for an unknown, a wrong and an inactive one.
    """
    user = authenticate(username=email.lower(), password=password)
    if not isinstance(user, User):
        raise PasswordWrong
    return user


def check_code(*, user: User, code: str) -> TOTPDevice:
    """Return the device that the six digits come from, and let them never count again.

    django-otp reads the clock itself. Raises CodeWrong or TooManyTries.
    """
    until = _locked_until(user)
    if until is not None:
        raise TooManyTries(until)
    device = match_token(user, code)
    if device is None:
        raise CodeWrong
    return device


def step_of_code(*, key: str, code: str, at: datetime) -> int:
    """Return the time step of a code for a secret that no device has yet.

    key: 40 hexadecimal digits. The device starts from this step, so that the code does not count a
    second time. Raises CodeWrong.
    """
    totp = TOTP(bytes.fromhex(key), step=STEP_SECONDS)
    totp.time = at.timestamp()
    if not totp.verify(int(code), tolerance=TOLERANCE):
        raise CodeWrong
    return int(totp.t())


@transaction.atomic
def enter(*, member: Membership, at: datetime) -> None:
    """Note that a person now acts in an organisation: after signing in, or after switching."""
    trail.record("staff.entered", by=member.actor, at=at, organisation=member.organisation_id)


def _locked_until(user: User) -> datetime | None:
    for device in devices_for_user(user):
        allowed, why = device.verify_is_allowed()
        if not allowed and why and "locked_until" in why:
            until: datetime = why["locked_until"]
            return until
    return None
