"""What is wrong with keys: each finding with how many, of which, and what to do. Reads only.

`manage.py vault_check` prints them, `manage.py check --deploy` knows them too.
"""

import binascii
import os
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from accounts.models import Invitation, Membership, Organisation, Role, Team
from accounts.queries import waiting_for_key
from counselling.models import Case, Claim, Consultation
from counselling.states import CaseState
from vault import stretching
from vault.models import EscrowKey, KeyWrap, StaffKey, StaffKeyWrap, TeamKey, TeamKeySeal

PATIENCE = timedelta(days=1)  # that wrapping anew may take before somebody should look
SHOWN = 3  # ids named per finding
SMALLEST_SEAL = 40  # bytes: nonce and tag
Kind = KeyWrap.Kind


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not in order.

    code: stable, for whoever watches. of: ids, at most three. is_serious: somebody cannot read, or
    somebody can who should not; otherwise it is a matter of prudence.
    """

    code: str
    count: int
    what: str
    remedy: str
    of: tuple[str, ...] = ()
    is_serious: bool = True


def find(*, at: datetime) -> list[Finding]:
    """Return everything that is not in order, in the order in which it should be looked at."""
    return [finding for check in CHECKS for finding in check(at)]


def _cases(at: datetime) -> Iterator[Finding]:
    wraps = KeyWrap.objects.filter(subject=OuterRef("pk"))
    yield from _found(
        "case-without-key",
        Case.objects.filter(~Exists(wraps)),
        "cases have no key at all: nobody opens them any more",
        "Restore vault_keywrap of these cases from the backup that has them, or delete the cases.",
    )
    yield from _found(
        "case-without-code",
        Case.objects.filter(Exists(wraps), ~Exists(wraps.filter(kind=Kind.CODE))),
        "cases are not wrapped for their access code: the client cannot come back",
        "Restore these rows of vault_keywrap (kind code) from a backup; nothing else can make them.",
    )
    of_team = wraps.filter(kind=Kind.TEAM, recipient=OuterRef("team"))
    yield from _found(
        "case-without-team",
        Case.objects.filter(Exists(wraps), ~Exists(of_team)),
        "cases are not wrapped for their team: nobody there can read them",
        "They are wrapped again when the client comes back with the code. Or restore these rows of "
        "vault_keywrap (kind team) from a backup.",
    )


def _wraps(at: datetime) -> Iterator[Finding]:
    case = Case.objects.filter(pk=OuterRef("subject"))
    yield from _found(
        "orphan-wrap",
        KeyWrap.objects.filter(~Exists(case)).exclude(kind__in=Kind.of_parcels()),
        "wraps belong to no case",
        "A case was deleted without its key, or restored without its rows. Delete these rows of "
        "vault_keywrap; nothing else uses them.",
    )
    yield from _found(
        "wrapped-twice",
        KeyWrap.objects.filter(
            Exists(case), ~Exists(case.filter(team=OuterRef("recipient"))), kind=Kind.TEAM
        ),
        "wraps are for a team that the case does not belong to (any more)",
        "That team can still read the case. Delete these rows of vault_keywrap.",
    )
    pair = StaffKey.objects.filter(pk=OuterRef(OuterRef("recipient")))
    borrower = Claim.objects.filter(
        case=OuterRef("subject"), ended_at__isnull=True, member__user__in=pair.values("user")
    )
    yield from _found(
        "lent-too-long",
        KeyWrap.objects.filter(~Exists(borrower), kind=Kind.STAFF),
        "wraps are for persons who do not hold the case (any more)",
        "They can still read it. Delete these rows of vault_keywrap.",
    )
    asked = Consultation.objects.filter(
        pk=OuterRef("subject"), ended_at__isnull=True, colleague__user__in=pair.values("user")
    )
    yield from _found(
        "asked-too-long",
        KeyWrap.objects.filter(~Exists(asked), kind=Kind.PEER),
        "wraps are for persons who were asked for advice and are not (any more)",
        "They can still read what they were asked. Delete these rows of vault_keywrap.",
    )


def _generations(at: datetime) -> Iterator[Finding]:
    same = TeamKey.objects.filter(team=OuterRef("recipient"), generation=OuterRef("generation"))
    of_teams = KeyWrap.objects.filter(kind__in=Kind.of_teams())
    yield from _found(
        "generation-gone",
        of_teams.filter(~Exists(same)),
        "wraps are for a generation of a team's key that is not there",
        "Restore vault_teamkey and vault_teamkeyseal of that team from a backup. Until then only the "
        "client's code opens these cases, and wraps them again.",
    )
    held = same.filter(seals__kind=TeamKeySeal.Kind.STAFF)
    yield from _found(
        "generation-without-holders",
        of_teams.filter(Exists(same), ~Exists(held)),
        "wraps are for a generation that no member has",
        "Give it to a member of that team: manage.py escrow_restore EMAIL.",
    )
    yield from _found(
        "not-wrapped-anew",
        of_teams.filter(Exists(held.filter(ended_at__lt=at - PATIENCE))),
        "wraps are still for a generation that ended more than a day ago",
        "Let a member of the team who had that generation sign in and stay on the queue for some "
        "minutes; their browser's requests wrap them anew. Nobody left: manage.py escrow_restore.",
    )


def _teams(at: datetime) -> Iterator[Finding]:
    current = TeamKey.objects.filter(team=OuterRef("pk"), ended_at__isnull=True)
    open_cases = Case.objects.filter(team=OuterRef("pk"), state__in=CaseState.open())
    readers = Membership.objects.filter(
        teams=OuterRef("pk"), role__in=Role.reading(), ended_at__isnull=True
    )
    yield from _found(
        "team-without-key",
        Team.objects.filter(~Exists(current), Exists(open_cases) | Exists(readers)),
        "teams have no current key: nobody can be asked there",
        "Let a member of the team (counsellor, trainee or supervisor) sign in once.",
    )
    yield from _found(
        "team-without-holders",
        Team.objects.filter(
            Exists(current), ~Exists(current.filter(seals__kind=TeamKeySeal.Kind.STAFF))
        ),
        "teams have a key that no member has: nobody there can read",
        "manage.py escrow_restore EMAIL, for a member of the team.",
    )
    waiting = [
        str(member)
        for organisation in Organisation.objects.all()
        for member in waiting_for_key(organisation)
    ]
    if waiting:
        yield Finding(
            "waiting-for-key",
            len(waiting),
            "members wait for the key of a team of theirs",
            "It comes by itself when a colleague who has it is signed in. One who never signed in "
            "has no key pair yet and must do so once.",
            tuple(waiting[:SHOWN]),
            is_serious=False,
        )


def _people(at: datetime) -> Iterator[Finding]:
    readers = Membership.objects.filter(
        user__in=StaffKey.objects.filter(pk=OuterRef(OuterRef("recipient"))).values("user"),
        teams=OuterRef("team_key__team"),
        role__in=Role.reading(),
        ended_at__isnull=True,
    )
    yield from _found(
        "sealed-for-stranger",
        TeamKeySeal.objects.filter(~Exists(readers), kind=TeamKeySeal.Kind.STAFF),
        "seals of team keys are for people who may not read that team's cases (any more)",
        "Delete these rows of vault_teamkeyseal, then end a membership of the team or make a new "
        "generation by ending and inviting again whoever they belong to.",
    )
    yield from _found(
        "pair-without-lock",
        StaffKey.objects.filter(~Exists(StaffKeyWrap.objects.filter(staff_key=OuterRef("pk")))),
        "key pairs have no way of unlocking them",
        "The person must be given a new pair: reset their access; a colleague hands the keys on.",
    )
    users = Membership.objects.filter(user=OuterRef("user"))
    yield from _found(
        "pair-of-nobody",
        StaffKey.objects.filter(~Exists(users)),
        "key pairs belong to nobody who ever was a member",
        "Delete these rows of vault_staffkey.",
    )
    closed = Invitation.objects.filter(pk=OuterRef("recipient")).filter(
        Q(accepted_at__isnull=False) | Q(revoked_at__isnull=False) | Q(expires_at__lt=at - PATIENCE)
    )
    enclosed = TeamKeySeal.objects.filter(kind=TeamKeySeal.Kind.INVITATION)
    yield from _found(
        "enclosed-too-long",
        enclosed.filter(Exists(closed)),
        "team keys lie in invitations that are closed",
        "Delete these rows of vault_teamkeyseal; sign in once, and it does not happen again.",
    )


def _escrow(at: datetime) -> Iterator[Finding]:
    escrow = EscrowKey.objects.filter(is_current=True).first()
    if escrow is None:
        if TeamKey.objects.exists():
            yield Finding(
                "no-escrow",
                1,
                "escrow key: none. If everybody of a team is gone, their cases are lost",
                "manage.py escrow_setup (docs/keys.md).",
                is_serious=False,
            )
        return
    sealed = TeamKeySeal.objects.filter(team_key=OuterRef("pk"), recipient=escrow.pk)
    wraps = KeyWrap.objects.filter(
        kind__in=Kind.of_teams(), recipient=OuterRef("team"), generation=OuterRef("generation")
    )
    yield from _found(
        "not-in-escrow",
        TeamKey.objects.filter(~Exists(sealed), Q(ended_at__isnull=True) | Exists(wraps)),
        "generations of team keys are not sealed for the escrow key",
        "Let a member of the team sign in; it happens by itself. Then manage.py escrow_drill.",
        is_serious=False,
    )


def _sessions(at: datetime) -> Iterator[Finding]:
    if settings.SESSION_ENGINE != "vault.sessions":
        yield Finding(
            "sessions-readable",
            1,
            "setting SESSION_ENGINE is not vault.sessions: keys would lie readable in sessions",
            "Remove what overrides it.",
        )
    open_rows = [
        row.pk[:8] + "…"
        for row in Session.objects.filter(expire_date__gt=at).iterator()
        if not _is_sealed(row.session_data)
    ]
    if open_rows:
        yield Finding(
            "session-not-sealed",
            len(open_rows),
            "sessions are not sealed",
            "Delete these rows of django_session; whoever they belong to signs in again.",
            tuple(open_rows[:SHOWN]),
        )


def _surroundings(at: datetime) -> Iterator[Finding]:
    if os.environ.get("LOTSE_VAULT_KEY"):
        yield Finding(
            "old-server-key",
            1,
            "environment variable LOTSE_VAULT_KEY is set; nothing uses it any more",
            "Remove it from the environment and from wherever it is kept.",
            is_serious=False,
        )
    cost = stretching.present_cost()
    if cost.memory_kib < stretching.MEMORY_KIB or cost.passes < stretching.PASSES:
        yield Finding(
            "cheap-passwords",
            1,
            "setting: passwords are stretched with less than 64 MiB and three passes",
            "Remove LOTSE_ARGON2_MEMORY_KIB and LOTSE_ARGON2_PASSES from the environment, then let "
            "everybody change their password.",
        )
    cheap = StaffKeyWrap.objects.exclude(way=StaffKeyWrap.Way.CARD).filter(
        Q(memory_kib__lt=stretching.MEMORY_KIB) | Q(passes__lt=stretching.PASSES)
    )
    yield from _found(
        "cheap-lock",
        cheap,
        "key pairs are locked by a password that was stretched too little",
        "Let these people change their password.",
    )


CHECKS: tuple[Callable[[datetime], Iterable[Finding]], ...] = (
    _cases,
    _wraps,
    _generations,
    _teams,
    _people,
    _escrow,
    _sessions,
    _surroundings,
)


def _found(
    code: str, rows: "QuerySet[Model]", what: str, remedy: str, *, is_serious: bool = True
) -> Iterator[Finding]:
    count = rows.count()
    if count:
        shown = tuple(str(_name(row)) for row in rows.order_by("pk")[:SHOWN])
        yield Finding(code, count, what, remedy, shown, is_serious)


def _name(row: Model) -> UUID | int | str:
    """Return what an operator looks a row up by."""
    return f"row {row.pk}" if isinstance(row, KeyWrap | TeamKeySeal | StaffKeyWrap) else row.pk


def _is_sealed(data: str) -> bool:
    """Say whether a session's data are bytes that nobody reads, as far as one can tell."""
    try:
        raw = urlsafe_b64decode(data)
    except (binascii.Error, ValueError):
        return False
    return len(raw) >= SMALLEST_SEAL and not raw.lstrip().startswith(b"{")
