"""What is read about organisations and staff."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp_webauthn.models import WebAuthnCredential

from accounts.models import (
    CrisisLine,
    DeviceRequest,
    Invitation,
    Membership,
    Organisation,
    Recovery,
    Role,
    StaffDevice,
    StaffSession,
    Team,
    User,
)
from accounts.written import ID, Written, WrittenForMany
from vault.models import StaffKey, StaffKeyWrap, TeamKey, TeamKeySeal
from vault.remembered import Remembered

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

_organisations: Remembered[str, Organisation] = Remembered()

MEMBERSHIP_KEY = "membership"  # the session's choice among a person's memberships
STAFF_SESSION_KEY = "staff-session"  # the session's own entry in the list of sign-ins


def current_member(request: HttpRequest) -> Membership | None:
    """Return the membership in whose name the request acts.

    None when nobody is signed in, the second factor is missing, or the membership has ended.
    """
    user = signed_in_user(request)
    if user is None:
        return None
    return member_of_user(user.pk, request.session.get(MEMBERSHIP_KEY))


def signed_in_user(request: HttpRequest) -> User | None:
    """Return who is signed in with both factors, whether or not they belong anywhere."""
    user: User | AnonymousUser = request.user
    if not user.is_authenticated or not user.is_verified():  # type: ignore[attr-defined]
        return None
    return user


def active_user(user: str) -> User | None:
    """Return a person who may sign in at all, or None."""
    return User.objects.filter(pk=user, is_active=True).first()


def member_of_user(user: UUID, membership: str | None) -> Membership | None:
    """Return a user's current membership, the named one if it is theirs, else the first."""
    mine = _MINE.instances(user)
    named = (one for one in mine if str(one.pk) == membership)
    return next(named, None) or next(iter(mine), None)


_MINE = Written(
    lambda user: (
        Membership.objects.filter(user_id=user, user__is_active=True, ended_at__isnull=True)
        .select_related("organisation", "user")
        .order_by("joined_at")
    ),
    ID,
)


def current(member: UUID) -> Membership | None:
    """Return a member who still belongs to their organisation, or None."""
    return _MEMBER.first(member)


_MEMBER = Written(
    lambda member: still([member]).select_related("organisation", "user"),
    ID,
)


def current_among(members: set[UUID]) -> dict[UUID, Membership]:
    """Return those of some members who still belong to their organisations, by id."""
    return {one.pk: one for one in _CURRENT.instances(members)}


def still(members: Any) -> QuerySet[Membership]:
    """Return those of some members (ids, or a query for ids) who still belong to their organisations."""
    return Membership.objects.filter(pk__in=members, ended_at__isnull=True, user__is_active=True)


_CURRENT = WrittenForMany(still)


def ended(members: set[UUID]) -> set[UUID]:
    """Return which of these members have left or may not sign in any more."""
    return members - set(still(members).values_list("pk", flat=True))


def memberships_of(user: User) -> QuerySet[Membership]:
    """Return a person's current memberships, one per organisation."""
    return user.memberships.filter(ended_at__isnull=True).select_related("organisation")


def sessions_of(user: User, at: datetime) -> QuerySet[StaffSession]:
    """Return where a person is signed in now, the last seen first."""
    alive = Session.objects.filter(expire_date__gt=at).values("session_key")
    return user.staff_sessions.filter(row__in=alive)


def passkeys_of(user: User) -> "QuerySet[WebAuthnCredential]":
    """Return a person's passkeys, the oldest first."""
    found: QuerySet[WebAuthnCredential] = WebAuthnCredential.objects.filter(user=user)
    return found.order_by("created_at")


def app_of(user: User) -> TOTPDevice | None:
    """Return a person's authenticator app, or None."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    return found


def needs_device(user: User) -> bool:
    """Say whether a password alone is not to unlock a person's keys: one organisation suffices."""
    return user.memberships.filter(ended_at__isnull=True, organisation__device_keys=True).exists()


def has_devices(user: User) -> bool:
    """Say whether any device unlocks a person's keys."""
    return user.devices.exists()


def knows_device(user: User, device: UUID) -> bool:
    """Say whether a device unlocks a person's keys."""
    return user.devices.filter(device=device).exists()


def devices_of(user: User) -> QuerySet[StaffDevice]:
    """Return a person's known devices, the first added first."""
    return user.devices.all()


def opens_by_password(user: User) -> bool:
    """Say whether the password alone unlocks a person's keys."""
    return _opens(user, StaffKeyWrap.Way.PASSWORD)


def has_card(user: User) -> bool:
    """Say whether a printed card unlocks a person's keys."""
    return _opens(user, StaffKeyWrap.Way.CARD)


def _opens(user: User, way: StaffKeyWrap.Way) -> bool:
    return StaffKeyWrap.objects.filter(staff_key__user=user.pk, way=way).exists()


def waiting_devices(user: User, at: datetime) -> QuerySet[DeviceRequest]:
    """Return the browsers that wait for one of a person's known devices to let them in."""
    return user.device_requests.filter(
        expires_at__gt=at, sealed__isnull=True, refused_at__isnull=True
    )


def open_recovery(member: Membership, at: datetime) -> Recovery | None:
    """Return the new beginning that is under way for a member, or None."""
    return (
        member.recoveries.filter(used_at__isnull=True, cancelled_at__isnull=True, expires_at__gt=at)
        .select_related("started_by", "confirmed_by")
        .first()
    )


def open_recoveries(organisation: Organisation, at: datetime) -> QuerySet[Recovery]:
    """Return the new beginnings that wait for a second person or for their link to be used."""
    return Recovery.objects.filter(
        member__organisation=organisation,
        member__ended_at__isnull=True,
        used_at__isnull=True,
        cancelled_at__isnull=True,
        expires_at__gt=at,
    ).select_related("member", "started_by")


def recovery_by_hash(token_hash: bytes) -> Recovery | None:
    """Return the new beginning that a link leads to, open or not, or None."""
    return (
        Recovery.objects.filter(token_hash=token_hash)
        .select_related("member__organisation", "member__user")
        .first()
    )


def opened_only_by(staff_key: UUID, teams: Iterable[UUID]) -> QuerySet[TeamKey]:
    """Return the current keys of some teams that nobody but one person's pair opens."""
    seals = TeamKeySeal.objects.filter(team_key=OuterRef("pk"), kind=TeamKeySeal.Kind.STAFF)
    return TeamKey.objects.filter(
        Exists(seals.filter(recipient=staff_key)),
        ~Exists(seals.exclude(recipient=staff_key)),
        team__in=list(teams),
        ended_at__isnull=True,
    )


def teams_opened_only_by(member: Membership) -> list[Team]:
    """Return the teams whose cases nobody could read without a member's keys."""
    pair = StaffKey.objects.filter(user=member.user_id).first()
    if pair is None:
        return []
    by_id = {team.pk: team for team in teams(member.organisation)}
    return [by_id[key.team] for key in opened_only_by(pair.pk, by_id)]


def known_about(user: User) -> list[str]:
    """Return what others know of a person and might try as their password."""
    places = memberships_of(user).values_list("name", "organisation__name")
    return [user.email, *(text for place in places for text in place)]


def own_session(request: HttpRequest) -> UUID | None:
    """Return which entry of the list of sign-ins a request belongs to."""
    mark = request.session.get(STAFF_SESSION_KEY)
    return UUID(mark["id"]) if mark else None


def colleagues(member: Membership) -> QuerySet[Membership]:
    """Return the other current members of the organisation who may take a case."""
    return (
        Membership.objects.filter(
            organisation=member.organisation_id,
            ended_at__isnull=True,
            role__in=Role.counselling(),
        )
        .exclude(pk=member.pk)
        .prefetch_related("teams")
    )


def team_ids(member: Membership) -> list[UUID]:
    """Return the ids of the member's teams."""
    return list(member.teams.values_list("pk", flat=True))


def teams(organisation: Organisation) -> QuerySet[Team]:
    """Return the organisation's teams in their order."""
    return Team.objects.filter(organisation=organisation)


def team_names() -> dict[UUID, str]:
    """Return how every team is called, with its organisation, by the team's id."""
    rows = Team.objects.select_related("organisation")
    return {team.pk: f"{team.organisation.name}: {team.name}" for team in rows}


def members_by_email(email: str, slug: str = "") -> list[Membership]:
    """Return the current memberships of a person. slug: only in this organisation."""
    found = Membership.objects.filter(user__email=email.lower(), ended_at__isnull=True)
    if slug:
        found = found.filter(organisation__slug=slug)
    return list(found.select_related("user", "organisation"))


def staff_of(organisation: Organisation) -> QuerySet[Membership]:
    """Return the organisation's current members with their teams."""
    return (
        Membership.objects.filter(organisation=organisation, ended_at__isnull=True)
        .select_related("user")
        .prefetch_related("teams")
    )


def may_have_key(team: Team) -> QuerySet[Membership]:
    """Return the current members who may read a team's cases, and so have its key."""
    return Membership.objects.filter(
        teams=team,
        organisation=team.organisation_id,
        role__in=Role.reading(),
        ended_at__isnull=True,
        user__is_active=True,
    )


def teams_with_keys_for(member: Membership) -> list[Team]:
    """Return the teams whose key a member may have."""
    if member.role not in Role.reading() or member.ended_at is not None:
        return []
    return list(member.teams.filter(organisation=member.organisation_id))


def waiting_for_key(organisation: Organisation) -> dict[UUID, list[Team]]:
    """Return which members still wait for the key of which of their teams, by the member's id."""
    of_team = {
        team.pk: team
        for team in Team.objects.filter(organisation=organisation).order_by("position")
    }
    wanted = Membership.teams.through.objects.filter(
        team__in=of_team,
        membership__role__in=Role.reading(),
        membership__ended_at__isnull=True,
        membership__user__is_active=True,
    ).values_list("membership", "membership__user", "team")
    pairs = dict(
        StaffKey.objects.filter(user__in=[user for _member, user, _team in wanted]).values_list(
            "user", "pk"
        )
    )
    has = set(
        TeamKeySeal.objects.filter(
            team_key__team__in=of_team,
            team_key__ended_at__isnull=True,
            kind=TeamKeySeal.Kind.STAFF,
        ).values_list("recipient", "team_key__team")
    )
    waiting: dict[UUID, list[Team]] = {}
    for member, user, team in wanted:
        if (pairs.get(user), team) not in has:
            waiting.setdefault(member, []).append(of_team[team])
    return waiting


def only_key_holder_of(member: Membership) -> list[Team]:
    """Return the teams whose key nobody but this member has."""
    person = StaffKey.objects.filter(user=member.user_id).first()
    if person is None:
        return []
    held = TeamKeySeal.objects.filter(team_key__ended_at__isnull=True, kind=TeamKeySeal.Kind.STAFF)
    own = held.filter(recipient=person.pk).values_list("team_key__team", flat=True)
    others = held.exclude(recipient=person.pk).values_list("team_key__team", flat=True)
    alone = set(own) - set(others)
    return list(Team.objects.filter(pk__in=alone, organisation=member.organisation_id))


def open_invitations(organisation: Organisation, at: datetime) -> QuerySet[Invitation]:
    """Return the invitations whose links still work."""
    return Invitation.objects.filter(
        organisation=organisation,
        accepted_at__isnull=True,
        revoked_at__isnull=True,
        expires_at__gt=at,
    ).prefetch_related("teams")


def crisis_lines(organisation: Organisation) -> list[CrisisLine]:
    """Return the organisation's crisis lines in their order."""
    return list(organisation.crisis_lines.all())


def member_of(organisation: Organisation, member: UUID) -> Membership | None:
    """Return one current member of the organisation, or None."""
    return staff_of(organisation).filter(pk=member).first()


def invitation_of(organisation: Organisation, invitation: UUID) -> Invitation | None:
    """Return one invitation of the organisation, open or not, or None."""
    return Invitation.objects.filter(organisation=organisation, pk=invitation).first()


def invitation_by_hash(token_hash: bytes) -> Invitation | None:
    """Return the invitation that a link leads to, open or not, or None."""
    return (
        Invitation.objects.filter(token_hash=token_hash)
        .select_related("organisation", "invited_by")
        .first()
    )


def houses() -> QuerySet[Organisation]:
    """Return the organisations that counsel; a partner's desk is one too, and none of these."""
    return Organisation.objects.filter(is_partner=False)


def only_organisation() -> Organisation | None:
    """Return the organisation that counsels if there is exactly one, else None."""
    first = list(houses().order_by("created_at")[:2])
    return first[0] if len(first) == 1 else None


def organisation_at(slug: str) -> Organisation | None:
    """Return the organisation whose pages lie at an address, or None.

    Every page of a client begins with this. It is remembered for a moment in each process, so that a
    changed setting shows within two seconds; nobody may change the row that is returned.
    """
    known = _organisations.still(slug)
    if known is None:
        known = Organisation.objects.filter(slug=slug).first()
        if known is not None:
            _organisations.keep(slug, known)
    return known


def forget_organisations() -> None:
    """Forget what `organisation_at` remembers in this process."""
    _organisations.forget()
