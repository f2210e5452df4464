"""Signing in: password, then a code that works once, then an organisation."""

from datetime import datetime

from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import QuerySet
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import Membership, User
from accounts.operations.people import note
from accounts.throttle import Brake, name_of
from audit import trail

# As django-otp's devices: half a minute for a code, one neighbour on either side for clocks that
# are a little off.
STEP_SECONDS = 30
TOLERANCE = 1

# Wrong passwords: by person and place together, by place, and by person from everywhere. Each brake
# lets a try through once a minute at the least, so nobody is locked out for longer.
PAIR = Brake("sign-in", free=5, first=2, longest=60, memory=3600)
PLACE = Brake("sign-in-place", free=40, first=2, longest=60, memory=3600)
PERSON = Brake("sign-in-person", free=20, first=2, longest=60, memory=3600)
CARD = Brake("card", free=5, first=2, longest=60, memory=3600)
# Who has not yet failed so often from where they are does not wait for what others tried elsewhere:
# otherwise a stranger could keep a counsellor out.
OWN_FREE = 3
NOBODY = "nobody@invalid"  # no address: RFC 2606
# Wrong codes: django-otp doubles the wait without end. From here on it stays at four minutes.
MOST_CODE_FAILURES = 9


class PasswordWrong(Exception):
    """There is no active person with this e-mail address and password."""


class CodeWrong(Exception):
    """The code is not the one of now, or it was used before."""


class TooManyTries(Exception):
    """The last codes were wrong; the next one counts after `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("too many wrong codes")
        self.until = until


def check_password(*, email: str, password: str, client: str | None) -> User:
    """Return the person who has this e-mail address and password.

    client: where the try comes from, by `accounts.throttle.client_of`. Raises PasswordWrong, the same
    for an unknown address, a wrong password, an inactive person and a try that came too early. All of
    them take as long: Django's backend hashes for an unknown address too, and a try that came too early
    is made for an address that nobody has.
    """
    email = email.lower()
    person = name_of("person", email)
    place = client or "nowhere"
    pair = f"{person}:{place}"
    if not _may_try(person, client, pair):
        authenticate(username=NOBODY, password=password)
        raise PasswordWrong
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        raise PasswordWrong
    PAIR.forget(pair)
    PERSON.give_back(person)
    PLACE.give_back(place)
    return user


def _may_try(person: str, client: str | None, pair: str) -> bool:
    """Count a try in every brake that it concerns, and say whether all let it through."""
    if not PAIR.take(pair):
        return False
    if client is None or PLACE.take(client):
        # Counted for everybody, but it holds up only those who have failed from here as well.
        if PERSON.take(person) or PAIR.tried(pair) <= OWN_FREE:
            return True
        PLACE.give_back(client or "")
    PAIR.give_back(pair)
    return False


def check_code(*, user: User, code: str) -> TOTPDevice:
    """Return the device that the six digits come from, and let them never count again.

    django-otp reads the clock itself. Raises CodeWrong or TooManyTries.
    """
    TOTPDevice.objects.filter(user=user, throttling_failure_count__gt=MOST_CODE_FAILURES).update(
        throttling_failure_count=MOST_CODE_FAILURES
    )
    until = _locked_until(user)
    if until is not None:
        raise TooManyTries(until)
    with transaction.atomic():
        # Locked: of the same code shown twice at once, the second is read after the first has counted.
        for device in _apps(user).select_for_update():
            if device.verify_token(code):
                return device
    raise CodeWrong


def confirm(*, user: User, password: str, client: str | None) -> None:
    """Have a signed-in person show their password again, as a browser left open cannot.

    client: as for `check_password`. Raises PasswordWrong.
    """
    check_password(email=user.email, password=password, client=client)


@transaction.atomic
def replace_app(*, user: User, key: str, step: int, at: datetime) -> None:
    """Give a person another authenticator app; the old one's codes count no more.

    key: 40 hexadecimal digits. step: of the code that the new app has shown, from `step_of_code`.
    """
    # The row stays, so that who is signed in by it remains so; other browsers are for the caller to end.
    changed = TOTPDevice.objects.filter(user=user, confirmed=True).update(
        key=key, last_t=step, drift=0, throttling_failure_count=0, throttling_failure_timestamp=None
    )
    if not changed:
        TOTPDevice.objects.create(user=user, name="TOTP", key=key, last_t=step, confirmed=True)
    note("app.replaced", user=user, at=at)


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


def _apps(user: User) -> "QuerySet[TOTPDevice]":
    devices: QuerySet[TOTPDevice] = TOTPDevice.objects.devices_for_user(user, confirmed=True)
    return devices


def _locked_until(user: User) -> datetime | None:
    for device in _apps(user):
        allowed, why = device.verify_is_allowed()
        if not allowed and why and "locked_until" in why:
            until: datetime = why["locked_until"]
            return until
    return None
