"""Browsers in which somebody is signed in, second factor included."""

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.holders import STAFF_KEY, packed
from accounts.models import Membership
from accounts.queries import MEMBERSHIP_KEY
from tests.factories.people import holder_of


def signed_in(member: Membership) -> Client:
    """Return a client of Django's in which a member is signed in, past the second factor, keys unlocked."""
    client = Client()
    client.force_login(member.user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = TOTPDevice.objects.get(user=member.user).persistent_id
    session[MEMBERSHIP_KEY] = str(member.pk)
    session[STAFF_KEY] = packed(holder_of(member).unlocked)
    session.save()
    return client
