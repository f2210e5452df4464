"""The one writer of users, memberships, second factors and invitations."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import events, queries
from accounts.models import Invitation, Membership, Organisation, Role, Team, User
from accounts.operations import keys, sessions
from accounts.signals import membership_ending
from audit import trail
from outbox.operations import subscriptions
from vault import staff_keys, team_keys
from vault.keyring import Holder
from vault.staff_keys import Stretched, Unlocked

INVITATION_LIFETIME = timedelta(days=7)


class InvitationClosed(Exception):
    """The invitation was used, revoked or has expired."""


class AccountExists(Exception):
    """There is an account with this e-mail address: its owner signs in and then accepts."""


class AlreadyMember(Exception):
    """The person is a member of this organisation already."""


class NotCurrent(Exception):
    """The membership has ended already."""


class OwnMembership(Exception):
    """Nobody ends their own membership: a slip would lock them out."""


class LastAdmin(Exception):
    """Without this person nobody could change the organisation any more."""


def enrol(
    *,
    organisation: Organisation,
    name: str,
    email: str,
    password: str,
    role: Role,
    teams: Sequence[Team],
    totp_key: str,
    at: datetime,
    totp_step: int = -1,
) -> Membership:
    """Create a person with a key pair, a confirmed second factor and their first membership.

    totp_key: the TOTP secret, 40 hexadecimal digits. totp_step: the last time step whose code no
    longer counts, because it was shown already. Raises AccountExists or stretching.Busy.
    """
    member, _unlocked = _enrol(
        organisation=organisation,
        name=name,
        email=email,
        password=password,
        stretched=staff_keys.stretched(password),
        role=role,
        teams=teams,
        totp_key=totp_key,
        totp_step=totp_step,
        at=at,
    )
    return member


@transaction.atomic
def _enrol(
    *,
    organisation: Organisation,
    name: str,
    email: str,
    password: str,
    stretched: Stretched,
    role: Role,
    teams: Sequence[Team],
    totp_key: str,
    totp_step: int,
    at: datetime,
) -> tuple[Membership, Unlocked]:
    user = User(email=User.objects.normalize_email(email).lower())
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise AccountExists from None
    TOTPDevice.objects.create(
        user=user, name="TOTP", key=totp_key, last_t=totp_step, confirmed=True
    )
    unlocked = keys.create(user=user, password=stretched, at=at)
    member = _join(user=user, organisation=organisation, name=name, role=role, teams=teams, at=at)
    return member, unlocked


@transaction.atomic
def invite(
    *,
    organisation: Organisation,
    name: str,
    role: Role,
    teams: Sequence[Team],
    by: Membership | None,
    at: datetime,
    holder: Holder | None = None,
) -> tuple[Invitation, str]:
    """Invite somebody and return the invitation with the secret of its link, shown once.

    by: None for who runs the server (`founding`). holder: the inviting member's; the link then also
    opens the teams' keys that they hold.
    """
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organisation=organisation,
        name=name,
        role=role,
        token_hash=hash_token(token),
        invited_by=by,
        created_at=at,
        expires_at=at + INVITATION_LIFETIME,
    )
    invitation.teams.set(teams)
    if holder is not None and role in Role.reading():
        keys.enclose(invitation=invitation, teams=teams, token=token, holder=holder, at=at)
    trail.record(
        "staff.invited",
        by=by.actor if by else trail.SYSTEM,
        at=at,
        organisation=organisation.pk,
        role=role,
        invitation=str(invitation.pk),
    )
    return invitation, token


def accept_as_new(
    *,
    invitation: Invitation,
    token: str,
    email: str,
    password: str,
    totp_key: str,
    totp_step: int,
    at: datetime,
) -> tuple[Membership, Unlocked, Stretched]:
    """Accept an invitation with a new account; totp_key and totp_step as in `enrol`.

    token: the link's secret, which opens the keys that the invitation encloses. Returns the member,
    their key pair for the session that begins, and the password as it wraps. Slow; call it outside a
    transaction. Raises InvitationClosed, AccountExists or stretching.Busy.
    """
    stretched = staff_keys.stretched(password)
    with transaction.atomic():
        invitation = _locked(invitation, at)
        member, unlocked = _enrol(
            organisation=invitation.organisation,
            name=invitation.name,
            email=email,
            password=password,
            stretched=stretched,
            role=Role(invitation.role),
            teams=list(invitation.teams.all()),
            totp_key=totp_key,
            totp_step=totp_step,
            at=at,
        )
        _mark_accepted(invitation, member, at)
        keys.take_out(invitation=invitation, token=token, member=member, at=at)
    return member, unlocked, stretched


@transaction.atomic
def accept_as(*, invitation: Invitation, token: str, user: User, at: datetime) -> Membership:
    """Accept an invitation with an account that exists; token as in `accept_as_new`.

    Raises InvitationClosed or AlreadyMember.
    """
    invitation = _locked(invitation, at)
    member = _join(
        user=user,
        organisation=invitation.organisation,
        name=invitation.name,
        role=Role(invitation.role),
        teams=list(invitation.teams.all()),
        at=at,
    )
    _mark_accepted(invitation, member, at)
    keys.take_out(invitation=invitation, token=token, member=member, at=at)
    return member


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Membership, at: datetime) -> None:
    """Make an invitation's link useless. Raises InvitationClosed when it is already."""
    revoked = Invitation.objects.filter(
        pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True
    ).update(revoked_at=at)
    if not revoked:
        raise InvitationClosed
    team_keys.drop_enclosures([invitation.pk])
    trail.record(
        "invitation.revoked",
        by=by.actor,
        at=at,
        organisation=invitation.organisation_id,
        invitation=str(invitation.pk),
    )


@transaction.atomic
def end_membership(*, member: Membership, by: Membership, at: datetime) -> None:
    """End a membership: the person is out at once, their keys are drawn in, nothing stays with them.

    Raises OwnMembership, LastAdmin, or NotCurrent when it has ended already.
    """
    if member.pk == by.pk:
        raise OwnMembership
    if member.role == Role.ADMIN:
        _keep_an_admin(member)
    ended = Membership.objects.filter(pk=member.pk, ended_at__isnull=True).update(ended_at=at)
    if not ended:
        raise NotCurrent
    trail.record(
        "staff.ended",
        by=by.actor,
        at=at,
        organisation=member.organisation_id,
        member=str(member.pk),
    )
    keys.withdraw(member=member, by=by, at=at)
    membership_ending.send(sender=Membership, member=member, by=by, at=at)
    if not queries.memberships_of(member.user).exists():
        sessions.end_all(user=member.user, at=at)
        # Nobody wakes somebody who works nowhere in this house any more.
        subscriptions.forget_all_of(owner=member.user_id)
    events.membership_ended(member.pk)


def hash_token(token: str) -> bytes:
    """Return what is stored of an invitation's secret: it has 256 bits, so a plain hash serves."""
    return hashlib.sha256(token.encode()).digest()


def _join(
    *,
    user: User,
    organisation: Organisation,
    name: str,
    role: Role,
    teams: Sequence[Team],
    at: datetime,
) -> Membership:
    try:
        with transaction.atomic():
            member = Membership.objects.create(
                user=user, organisation=organisation, name=name, role=role, joined_at=at
            )
    except IntegrityError:
        raise AlreadyMember from None
    member.teams.set(teams)
    keys.begin_for(member=member, at=at)
    trail.record("staff.joined", by=member.actor, at=at, organisation=organisation.pk, role=role)
    return member


def _keep_an_admin(member: Membership) -> None:
    # Locked, so that two admins who end each other at the same moment do not both succeed.
    admins = Membership.objects.select_for_update().filter(
        organisation=member.organisation_id, role=Role.ADMIN, ended_at__isnull=True
    )
    if not any(admin.pk != member.pk for admin in admins):
        raise LastAdmin


def _locked(invitation: Invitation, at: datetime) -> Invitation:
    locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not locked.is_open(at):
        raise InvitationClosed
    return locked


def _mark_accepted(invitation: Invitation, member: Membership, at: datetime) -> None:
    invitation.accepted_at = at
    invitation.accepted_by = member
    invitation.save(update_fields=["accepted_at", "accepted_by"])
