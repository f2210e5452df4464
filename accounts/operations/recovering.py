"""The one writer of new beginnings: two people together let a third one in again.

Neither can do it alone, nobody does it for themselves, and whoever comes in again has a new key pair:
what the old one opened comes back only through colleagues who hold the teams' keys.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts import queries
from accounts.models import Membership, Recovery, User
from accounts.operations import devices, keys, passkeys, sessions, signing_in
from accounts.operations.staff import hash_token
from audit import trail
from vault import staff_keys, team_keys
from vault.staff_keys import Stretched, Unlocked

LIFETIME = timedelta(days=2)


class OwnAccount(Exception):
    """Nobody begins or confirms this for themselves."""


class SamePerson(Exception):
    """Who has started it cannot confirm it as well."""


class ElsewhereToo(Exception):
    """The person belongs to another organisation too, whose cases these two must not reach."""


class AlreadyStarted(Exception):
    """A new beginning for this person is under way."""


class RecoveryClosed(Exception):
    """It was used, cancelled or confirmed already, or has run out."""


@transaction.atomic
def start(*, member: Membership, by: Membership, at: datetime) -> Recovery:
    """Start a new beginning for a colleague. Raises OwnAccount, ElsewhereToo or AlreadyStarted."""
    if member.user_id == by.user_id:
        raise OwnAccount
    if queries.memberships_of(member.user).exclude(pk=member.pk).exists():
        raise ElsewhereToo
    Recovery.objects.filter(
        member=member, used_at__isnull=True, cancelled_at__isnull=True, expires_at__lte=at
    ).update(cancelled_at=at)
    try:
        with transaction.atomic():
            recovery = Recovery.objects.create(
                member=member, started_by=by, started_at=at, expires_at=at + LIFETIME
            )
    except IntegrityError:
        raise AlreadyStarted from None
    _note("recovery.started", recovery, by, at)
    return recovery


@transaction.atomic
def confirm(*, recovery: Recovery, by: Membership, at: datetime) -> str:
    """Confirm what a colleague has started; return the secret of the link, shown once.

    Raises OwnAccount, SamePerson, ElsewhereToo or RecoveryClosed.
    """
    row = _locked(recovery.pk, at)
    if row.member.user_id == by.user_id:
        raise OwnAccount
    if row.started_by_id == by.pk:
        raise SamePerson
    if queries.memberships_of(row.member.user).exclude(pk=row.member_id).exists():
        raise ElsewhereToo
    if row.confirmed_at is not None:
        raise RecoveryClosed
    token = secrets.token_urlsafe(32)
    row.confirmed_at, row.confirmed_by, row.token_hash = at, by, hash_token(token)
    row.save(update_fields=["confirmed_at", "confirmed_by", "token_hash"])
    _note("recovery.confirmed", row, by, at)
    return token


@transaction.atomic
def cancel(*, recovery: Recovery, by: Membership, at: datetime) -> None:
    """Stop a new beginning; a link that was made leads nowhere. Raises RecoveryClosed."""
    row = _locked(recovery.pk, at)
    row.cancelled_at = at
    row.save(update_fields=["cancelled_at"])
    _note("recovery.cancelled", row, by, at)


def use(
    *, recovery: Recovery, password: str, totp_key: str, totp_step: int, at: datetime
) -> tuple[User, Unlocked, Stretched]:
    """Begin anew: another password, another app, a new key pair, and nothing of the old ones.

    totp_key, totp_step: as for `staff.enrol`. Returns the person, their pair, and the password as it
    wraps. Slow; call it outside a transaction. Raises RecoveryClosed or stretching.Busy.
    """
    stretched = staff_keys.stretched(password)
    with transaction.atomic():
        row = _locked(recovery.pk, at)
        user = row.member.user
        elsewhere = queries.memberships_of(user).exclude(pk=row.member_id).exists()
        if row.confirmed_at is None or row.member.ended_at is not None or elsewhere:
            raise RecoveryClosed
        user.set_password(password)
        user.save(update_fields=["password"])
        signing_in.replace_app(user=user, key=totp_key, step=totp_step, at=at)
        passkeys.remove_all(user=user)
        devices.forget_all(user=user)
        sessions.end_all(user=user, at=at)
        unlocked = _renew_keys(row.member, stretched, at)
        row.used_at = at
        row.save(update_fields=["used_at"])
        _note("recovery.used", row, row.member, at)
    return user, unlocked, stretched


def _renew_keys(member: Membership, stretched: Stretched, at: datetime) -> Unlocked:
    """Replace a person's pair; a team that only the old one opened begins a new generation."""
    old = staff_keys.of_user(member.user_id)
    teams = {team.pk: team for team in queries.teams(member.organisation)}
    lonely: list[UUID] = []
    if old is not None:
        lonely = [key.team for key in queries.opened_only_by(old.pk, teams)]
        team_keys.withdraw(staff_key=old.pk, teams=teams)
    unlocked = keys.create(user=member.user, password=stretched, at=at)
    for pk in lonely:
        keys.renew(team=teams[pk], by=member, at=at)
    return unlocked


def _locked(recovery: UUID, at: datetime) -> Recovery:
    row = (
        Recovery.objects.select_for_update(of=("self",))
        .select_related("member__user")
        .get(pk=recovery)
    )
    if not row.is_open(at):
        raise RecoveryClosed
    return row


def _note(action: str, recovery: Recovery, by: Membership, at: datetime) -> None:
    trail.record(
        action,
        by=by.actor,
        at=at,
        organisation=by.organisation_id,
        member=str(recovery.member_id),
        recovery=str(recovery.pk),
    )
