"""The one writer of passkeys: adding, naming, removing one, and signing in with it."""

import json
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django_otp_webauthn.exceptions import OTPWebAuthnApiError
from django_otp_webauthn.models import WebAuthnCredential
from webauthn.helpers.exceptions import WebAuthnException

from accounts.models import User
from accounts.operations.people import note
from accounts.passkeys import Passkeys, Site

LONGEST_ANSWER = 20_000  # characters of JSON; a credential has about two thousand
Ceremony = dict[str, Any]  # what the session keeps between asking the browser and its answer


class PasskeyRefused(Exception):
    """The browser's answer does not fit what was asked, or is not of this person or site."""


class NoSuchPasskey(Exception):
    """The person has no such passkey."""


@transaction.atomic
def ask_to_add(*, user: User, site: Site) -> tuple[Ceremony, Ceremony]:
    """Return what the browser is asked for a new passkey, and what is kept until it answers."""
    options, ceremony = Passkeys(site).register_begin(user=user)
    return options, ceremony


@transaction.atomic
def add(
    *, user: User, site: Site, ceremony: Ceremony | None, answer: str, name: str, at: datetime
) -> WebAuthnCredential:
    """Add the passkey that a browser has made. Raises PasskeyRefused.

    ceremony: what `ask_to_add` left to be kept; it counts once. answer: the browser's JSON.
    """
    try:
        with transaction.atomic():
            passkey = Passkeys(site).register_complete(user, *_read(ceremony, answer))
            passkey.name = name
            passkey.save(update_fields=["name"])
    except (*_REFUSALS, IntegrityError):
        raise PasskeyRefused from None
    note("passkey.added", user=user, at=at)
    return passkey


def ask_to_sign_in(*, user: User, site: Site) -> tuple[Ceremony, Ceremony]:
    """Return what the browser is asked to prove, and what is kept until it answers."""
    options, ceremony = Passkeys(site).authenticate_begin(user, require_user_verification=False)
    return options, ceremony


@transaction.atomic
def check(*, user: User, site: Site, ceremony: Ceremony | None, answer: str) -> WebAuthnCredential:
    """Return the passkey that a browser has proved to have. Raises PasskeyRefused.

    ceremony: what `ask_to_sign_in` left to be kept; it counts once. answer: the browser's JSON.
    """
    try:
        with transaction.atomic():
            passkey = Passkeys(site).authenticate_complete(user, *_read(ceremony, answer))
    except _REFUSALS:
        raise PasskeyRefused from None
    if not passkey.confirmed:
        raise PasskeyRefused
    return passkey


@transaction.atomic
def rename(*, user: User, passkey: int, name: str) -> None:
    """Give a passkey another name. Raises NoSuchPasskey."""
    if not WebAuthnCredential.objects.filter(user=user, pk=passkey).update(name=name):
        raise NoSuchPasskey


@transaction.atomic
def remove(*, user: User, passkey: int, at: datetime) -> None:
    """Remove a passkey; who is signed in by it is out at the next request. Raises NoSuchPasskey."""
    if not WebAuthnCredential.objects.filter(user=user, pk=passkey).delete()[0]:
        raise NoSuchPasskey
    note("passkey.removed", user=user, at=at)


@transaction.atomic
def remove_all(*, user: User) -> None:
    """Remove every passkey of somebody who begins anew."""
    WebAuthnCredential.objects.filter(user=user).delete()


# What the libraries raise for an answer that is damaged, forged, or of another page.
_REFUSALS = (
    WebAuthnException,
    OTPWebAuthnApiError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
)


def _read(ceremony: Ceremony | None, answer: str) -> tuple[Ceremony, Ceremony]:
    if ceremony is None or len(answer) > LONGEST_ANSWER:
        raise ValueError("nothing was asked, or this is no answer")
    read = json.loads(answer)
    if not isinstance(read, dict):
        raise ValueError("not an object")
    return ceremony, read
