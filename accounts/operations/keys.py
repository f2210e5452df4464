"""The one writer of who has which key: pairs of people, seals of teams, generations.

Who may read a team's cases has its key: current members of the team in a role that reads
(`counselling/rules.py`; leads are members of the teams they lead). Everything else is `vault`'s.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from accounts import queries
from accounts.models import Invitation, Membership, Team, User
from audit import trail
from vault import alerts, escrow, staff_keys, team_keys
from vault.keyring import Holder, StaffHolder, rewrap
from vault.models import TeamKey
from vault.staff_keys import DoesNotUnlock, NoStaffKey, Stretched, Unlocked
from vault.team_keys import NotSealedForYou, Recipient, TeamSealBroken

BATCH = 50  # case keys wrapped anew in one transaction
# How long an ended generation stays although nothing is wrapped for it: a question that was being
# stored when it ended may still come.
KEPT = timedelta(days=1)


def unlock_or_create(*, user: User, password: str, at: datetime) -> Unlocked | None:
    """Unlock a person's pair with the password they have just shown; make one if they have none.

    Slow; raises stretching.Busy. None: there is a pair, but this password alone does not unlock it.
    """
    try:
        return staff_keys.unlock(user=user.pk, password=password)
    except DoesNotUnlock:
        alerts.note("staff-password", user.pk)
        return None
    except NoStaffKey:
        if staff_keys.of_user(user.pk) is not None:
            return None
    return create(user=user, password=staff_keys.stretched(password), at=at)


@transaction.atomic
def create(*, user: User, password: Stretched, at: datetime) -> Unlocked:
    """Give a person a fresh pair; teams without a key that they may read begin one."""
    unlocked = staff_keys.create(user=user.pk, password=password, at=at)
    for member in queries.memberships_of(user):
        trail.record("keys.made", by=member.actor, at=at, organisation=member.organisation_id)
        begin_for(member=member, at=at)
    return unlocked


@transaction.atomic
def begin_for(*, member: Membership, at: datetime) -> None:
    """Begin the keys of those of a member's teams that have none, for all who may read there."""
    for team in queries.teams_with_keys_for(member):
        recipients = _recipients(team)
        if not recipients:
            continue
        key = team_keys.begin_first(team=team.pk, for_=[*recipients, *team_keys.escrow()], at=at)
        if key is not None:
            _note_generation(key, team, by=member.actor, at=at)


@transaction.atomic
def hand_on(*, member: Membership, holder: StaffHolder, at: datetime) -> int:
    """Seal what a member holds for those who may have it and do not yet. Returns how many seals.

    That is every current generation of their teams, for colleagues and for the escrow key.
    """
    given = 0
    teams = {team.pk: team for team in queries.teams_with_keys_for(member)}
    for key in team_keys.current_of(teams):
        team = teams[key.team]
        recipients = [*_recipients(team), *team_keys.escrow()]
        missing = team_keys.without([one.id for one in recipients], key)
        if not missing:
            escrow.drop_replaced(key)
            continue
        try:
            secret = holder.team_secret(key)
        except (NotSealedForYou, TeamSealBroken):
            continue
        count = team_keys.give(
            key=key, secret=secret, to=[one for one in recipients if one.id in missing], at=at
        )
        trail.record(
            "keys.handed_on",
            by=member.actor,
            at=at,
            organisation=team.organisation_id,
            team=str(team.pk),
            generation=key.generation,
            count=count,
        )
        given += count
    return given


def wrap_anew(*, member: Membership, holder: StaffHolder, at: datetime) -> int:
    """Wrap what older generations of a member's teams still hold for the current ones.

    In batches, each a transaction of its own: a kill in between loses nothing, since what is left
    stands in the rows. Returns how many case keys.
    """
    done = 0
    for team in queries.teams_with_keys_for(member):
        of_team, below = 0, 0
        while True:
            with transaction.atomic():
                batch = rewrap(team=team.pk, holder=holder, at=at, below=below, most=BATCH)
            of_team += batch.done
            below = batch.last
            if batch.seen < BATCH:
                break
        if of_team:
            trail.record(
                "keys.wrapped_anew",
                by=member.actor,
                at=at,
                organisation=team.organisation_id,
                team=str(team.pk),
                count=of_team,
            )
        done += of_team
    return done


def clear_away(*, at: datetime) -> None:
    """Drop generations that nothing is wrapped for, and what closed invitations enclosed."""
    team_keys.drop_unused(ended_before=at - KEPT)
    team_keys.drop_enclosures(
        Invitation.objects.filter(expires_at__lt=at, accepted_at__isnull=True).values_list(
            "pk", flat=True
        )
    )


@transaction.atomic
def withdraw(*, member: Membership, by: Membership, at: datetime) -> None:
    """Take the keys of an organisation's teams from a leaving member, and renew what they had.

    The next generation needs public halves only: whoever removes somebody need not be able to read.
    """
    person = staff_keys.of_user(member.user_id)
    if person is None:
        return
    teams = {team.pk: team for team in queries.teams(member.organisation)}
    had = {key.team for key in team_keys.held_by(person.pk, teams)}
    team_keys.withdraw(staff_key=person.pk, teams=teams)
    for pk in had:
        renew(team=teams[pk], by=by, at=at)


@transaction.atomic
def renew(*, team: Team, by: Membership, at: datetime) -> None:
    """Begin the next generation of a team's key for who may read its cases now."""
    key = team_keys.renew(team=team.pk, for_=[*_recipients(team), *team_keys.escrow()], at=at)
    if key is None:
        trail.record(
            "keys.team_without",
            by=by.actor,
            at=at,
            organisation=team.organisation_id,
            team=str(team.pk),
        )
        return
    _note_generation(key, team, by=by.actor, at=at)


@transaction.atomic
def enclose(
    *, invitation: Invitation, teams: Iterable[Team], token: str, holder: Holder, at: datetime
) -> None:
    """Put into an invitation what its maker holds of its teams' keys.

    The link then opens them for the new member at once; what the maker does not hold comes later.
    """
    by_id = {team.pk for team in teams}
    for key in team_keys.current_of(by_id):
        try:
            secret = holder.team_secret(key)
        except (NotSealedForYou, TeamSealBroken):
            continue
        team_keys.enclose(key=key, secret=secret, invitation=invitation.pk, token=token, at=at)


@transaction.atomic
def take_out(*, invitation: Invitation, token: str, member: Membership, at: datetime) -> None:
    """Hand a new member what their invitation encloses, as far as they may have it."""
    recipients = team_keys.staff([member.user_id])
    allowed = {team.pk for team in queries.teams_with_keys_for(member)}
    if not recipients or not allowed:
        team_keys.drop_enclosures([invitation.pk])
        return
    for key in team_keys.take_out(invitation=invitation.pk, token=token, to=recipients[0], at=at):
        trail.record(
            "keys.taken_from_invitation",
            by=member.actor,
            at=at,
            organisation=member.organisation_id,
            team=str(key.team),
            generation=key.generation,
        )


def _recipients(team: Team) -> list[Recipient]:
    return team_keys.staff(queries.may_have_key(team).values_list("user", flat=True))


def _note_generation(key: TeamKey, team: Team, *, by: trail.Actor, at: datetime) -> None:
    trail.record(
        "keys.generation_begun",
        by=by,
        at=at,
        organisation=team.organisation_id,
        team=str(team.pk),
        generation=key.generation,
    )
