"""The demo's partner: a local service with a desk, so that a handoff can be tried from both ends."""

from datetime import datetime, timedelta

from accounts.models import Membership, Role
from accounts.operations import staff
from accounts.queries import houses
from referrals.models import Service
from referrals.operations import desks

SERVICE = "Familienberatung am Alten Hafen"
NAME = "Frieke Janssen"
EMAIL = "frieke.janssen@familienberatung.example.org"


def let_in(*, password: str, totp_key: str, now: datetime) -> Membership:
    """Give one service a desk, and let its first person accept the invitation."""
    admin = Membership.objects.filter(
        organisation=houses().earliest("created_at"),
        role=Role.ADMIN,
    ).earliest("joined_at")
    _desk, invitation, token = desks.let_in(
        service=Service.objects.get(name=SERVICE), name=NAME, by=admin, at=now - timedelta(days=1)
    )
    member, _unlocked, _stretched = staff.accept_as_new(
        invitation=invitation,
        token=token,
        email=EMAIL,
        password=password,
        totp_key=totp_key,
        totp_step=-1,
        at=now - timedelta(days=1),
    )
    return member
