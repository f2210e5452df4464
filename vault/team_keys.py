"""The one writer of team keys: generations, and the seals by which people have them.

A generation's secret half exists bare only while it is being made or opened. Beginning one needs public
halves only, so that whoever removes a member need not be able to read the team's cases.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from vault import alerts, boxes
from vault.boxes import Binding, BoxBroken
from vault.models import EscrowKey, KeyWrap, StaffKey, TeamKey, TeamKeySeal
from vault.remembered import Remembered
from vault.staff_keys import Unlocked

Kind = TeamKeySeal.Kind
_remembered: Remembered[UUID, TeamKey] = Remembered()


class NoTeamKey(Exception):
    """The team has no key: nobody who may read its cases has one yet."""


class NotSealedForYou(Exception):
    """This generation is not sealed for the person (yet, or not any more)."""


class TeamSealBroken(Exception):
    """The seal is there but does not open, or opens to something else: somebody has altered it."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """For whom a team's key is sealed, and their public half."""

    kind: TeamKeySeal.Kind
    id: UUID
    public: bytes


def current(team: UUID) -> TeamKey:
    """Return the generation for which case keys are wrapped now. Raises NoTeamKey."""
    key = TeamKey.objects.filter(team=team, ended_at__isnull=True).first()
    if key is None:
        raise NoTeamKey
    return key


def remembered(team: UUID) -> TeamKey:
    """Return the current generation, as this process knew it two seconds ago at most.

    Every question begins with this. What is wrapped for a generation that has just ended is wrapped
    anew like everything else. Raises NoTeamKey.
    """
    return _remembered.still(team) or _remembered.keep(team, current(team))


def forget() -> None:
    """Forget what `remembered` knows in this process."""
    _remembered.forget()


def current_of(teams: Iterable[UUID]) -> list[TeamKey]:
    """Return the current generations of some teams; a team without one is left out."""
    return list(TeamKey.objects.filter(team__in=list(teams), ended_at__isnull=True))


def staff(users: Iterable[UUID]) -> list[Recipient]:
    """Return those of some people who have a key pair, as recipients."""
    return [
        Recipient(Kind.STAFF, row.pk, bytes(row.public))
        for row in StaffKey.objects.filter(user__in=list(users))
    ]


def escrow() -> list[Recipient]:
    """Return the escrow key as a recipient; nothing when none is set up."""
    return [
        Recipient(Kind.ESCROW, row.pk, bytes(row.public))
        for row in EscrowKey.objects.filter(is_current=True)
    ]


@transaction.atomic
def begin_first(*, team: UUID, for_: Sequence[Recipient], at: datetime) -> TeamKey | None:
    """Begin a team's key unless it has a current one. Returns it, or None when it had one already."""
    if TeamKey.objects.filter(team=team, ended_at__isnull=True).exists():
        return None
    try:
        with transaction.atomic():
            return _begin(team, for_, at)
    except IntegrityError:
        return None  # two came at the same moment; the other one's counts


@transaction.atomic
def renew(*, team: UUID, for_: Sequence[Recipient], at: datetime) -> TeamKey | None:
    """End the current generation and begin the next one for these recipients.

    Without recipients of the staff the team has no key until somebody comes. Returns the new one.
    """
    rows = TeamKey.objects.select_for_update().filter(team=team)
    list(rows)  # locked: two who remove members at once take turns
    rows.filter(ended_at__isnull=True).update(ended_at=at)
    forget()
    transaction.on_commit(forget)  # others may have looked meanwhile and found the old one
    # An invitation's link would open what its team no longer uses.
    TeamKeySeal.objects.filter(team_key__team=team, kind=Kind.INVITATION).delete()
    if not any(one.kind == Kind.STAFF for one in for_):
        return None
    return _begin(team, for_, at)


def secret_of(key: TeamKey, *, holder: Unlocked) -> bytes:
    """Return a generation's secret half. Raises NotSealedForYou or TeamSealBroken."""
    row = TeamKeySeal.objects.filter(team_key=key, recipient=holder.staff_key).first()
    if row is None:
        raise NotSealedForYou
    return opened(row, key=key, secret=holder.secret)


def opened(seal: TeamKeySeal, *, key: TeamKey, secret: bytes) -> bytes:
    """Open a seal with its recipient's secret half. Raises TeamSealBroken."""
    try:
        found = boxes.collect(
            bytes(seal.sealed), secret=secret, binding=_binding(key, seal.kind, seal.recipient)
        )
    except BoxBroken:
        found = b""
    return _checked(found, key)


@transaction.atomic
def give(*, key: TeamKey, secret: bytes, to: Iterable[Recipient], at: datetime) -> int:
    """Seal a generation for further recipients; who has it already keeps theirs. Returns how many."""
    has = set(TeamKeySeal.objects.filter(team_key=key).values_list("recipient", flat=True))
    missing = [one for one in to if one.id not in has]
    # Two who hand it on at the same moment are no error.
    TeamKeySeal.objects.bulk_create(_seals(key, secret, missing, at), ignore_conflicts=True)
    return len(missing)


def withdraw(*, staff_key: UUID, teams: Iterable[UUID]) -> int:
    """Take every generation of some teams away from a person. Returns how many seals went."""
    return TeamKeySeal.objects.filter(recipient=staff_key, team_key__team__in=list(teams)).delete()[
        0
    ]


def enclose(
    *, key: TeamKey, secret: bytes, invitation: UUID, token: str, at: datetime
) -> TeamKeySeal:
    """Seal a generation for who opens an invitation's link. token: the link's secret."""
    return TeamKeySeal.objects.create(
        team_key=key,
        kind=Kind.INVITATION,
        recipient=invitation,
        sealed=boxes.lock(
            secret, key=_token_key(token), binding=_binding(key, Kind.INVITATION, invitation)
        ),
        created_at=at,
    )


@transaction.atomic
def take_out(*, invitation: UUID, token: str, to: Recipient, at: datetime) -> list[TeamKey]:
    """Hand on to a person what an invitation encloses, and drop the enclosures.

    Returns the generations that the person now has. A broken enclosure is left out and noted.
    """
    given = []
    for row in TeamKeySeal.objects.filter(
        kind=Kind.INVITATION, recipient=invitation
    ).select_related("team_key"):
        key = row.team_key
        try:
            found = boxes.unlock(
                bytes(row.sealed),
                key=_token_key(token),
                binding=_binding(key, Kind.INVITATION, invitation),
            )
            secret = _checked(found, key)
        except (BoxBroken, TeamSealBroken):
            alerts.note("team-invitation", key.team, key.generation)
            continue
        give(key=key, secret=secret, to=[to], at=at)
        given.append(key)
    drop_enclosures([invitation])
    return given


def drop_enclosures(invitations: Iterable[UUID]) -> int:
    """Drop what invitations enclose: they were used, taken back, or have expired."""
    return TeamKeySeal.objects.filter(
        kind=Kind.INVITATION, recipient__in=list(invitations)
    ).delete()[0]


def held_by(staff_key: UUID, teams: Iterable[UUID]) -> list[TeamKey]:
    """Return the generations of some teams, current and older, that are sealed for a person."""
    return list(
        TeamKey.objects.filter(
            team__in=list(teams), seals__recipient=staff_key, seals__kind=Kind.STAFF
        ).order_by("team", "generation")
    )


def without(staff_keys: Iterable[UUID], key: TeamKey) -> set[UUID]:
    """Return which of some people's pairs do not have a generation."""
    wanted = set(staff_keys)
    has = TeamKeySeal.objects.filter(team_key=key, recipient__in=wanted)
    return wanted - set(has.values_list("recipient", flat=True))


def drop_unused(*, ended_before: datetime) -> int:
    """Drop ended generations for which nothing is wrapped any more. Returns how many.

    ended_before: far enough back that nobody who read the current one before it ended still writes.
    """
    wraps = KeyWrap.objects.filter(
        kind__in=KeyWrap.Kind.of_teams(),
        recipient=OuterRef("team"),
        generation=OuterRef("generation"),
    )
    unused: QuerySet[TeamKey] = TeamKey.objects.filter(~Exists(wraps), ended_at__lt=ended_before)
    dropped = list(unused.values_list("pk", flat=True))
    TeamKey.objects.filter(pk__in=dropped).delete()
    return len(dropped)


def _begin(team: UUID, recipients: Sequence[Recipient], at: datetime) -> TeamKey:
    last = TeamKey.objects.filter(team=team).order_by("-generation").first()
    secret, public = boxes.new_pair()
    key = TeamKey.objects.create(
        team=team, generation=last.generation + 1 if last else 1, public=public, created_at=at
    )
    TeamKeySeal.objects.bulk_create(_seals(key, secret, recipients, at))
    return key


def _seals(
    key: TeamKey, secret: bytes, recipients: Iterable[Recipient], at: datetime
) -> list[TeamKeySeal]:
    return [
        TeamKeySeal(
            team_key=key,
            kind=one.kind,
            recipient=one.id,
            sealed=boxes.post(secret, to=one.public, binding=_binding(key, one.kind, one.id)),
            created_at=at,
        )
        for one in recipients
    ]


def _checked(secret: bytes, key: TeamKey) -> bytes:
    """Return the secret half if it is the one of this generation. Raises TeamSealBroken."""
    if len(secret) != boxes.KEY_SIZE or boxes.public_half(secret) != bytes(key.public):
        alerts.note("team-key", key.team, key.generation)
        raise TeamSealBroken
    return secret


def _binding(key: TeamKey, kind: str, recipient: UUID) -> Binding:
    return Binding(f"team-{kind}", key.team, recipient, key.generation)


def _token_key(token: str) -> bytes:
    return blake2b(token.encode(), digest_size=boxes.KEY_SIZE, person=b"lotse-invite").digest()
