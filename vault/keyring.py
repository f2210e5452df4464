"""Where case keys come from: make one, open one, wrap it for somebody else, drop it.

Callers pass a `Holder`, the person on whose behalf a key is opened: a client who has shown the access
code, or a member of staff whose key pair is unlocked in their session. Nothing else opens a case.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from vault import alerts, boxes, team_keys
from vault.boxes import Binding, BoxBroken
from vault.codes import AccessCode
from vault.models import KeyWrap, StaffKey, TeamKey
from vault.sealing import CaseKey, new_case_key
from vault.staff_keys import Unlocked

Kind = KeyWrap.Kind


class KeyUnavailable(Exception):
    """The case's key is gone (deleted), or it does not open for this holder."""


class NoKeyYet(KeyUnavailable):
    """The case has a key, but this holder has none that opens it: not yet, or not any more."""


class WrapBroken(KeyUnavailable):
    """The key is wrapped for this holder, but does not open: somebody has altered it."""


class Rewrapped(NamedTuple):
    """What a batch came to: rows looked at, rows changed, and the id of the last one."""

    seen: int
    done: int
    last: int


class Holder:
    """On whose behalf a key is opened. This one holds nothing: a member whose key is not unlocked."""

    def case_key(self, subject: UUID) -> CaseKey:
        """Return the key of a case. Raises KeyUnavailable."""
        if not KeyWrap.objects.filter(subject=subject).exists():
            raise KeyUnavailable("no key")
        raise NoKeyYet("no key is unlocked")

    def kept_key(self, _subject: UUID) -> CaseKey | None:
        """Return the key of a case if it is at hand, without asking whether the case still has it."""
        return None

    def team_secret(self, key: TeamKey) -> bytes:
        """Return the secret half of a team's key. Raises team_keys.NotSealedForYou."""
        raise team_keys.NotSealedForYou


@dataclass(frozen=True, slots=True)
class ClientHolder(Holder):
    """A client who has shown the access code: the key of their case, kept in their sealed session."""

    subject: UUID
    key: CaseKey = field(repr=False)

    def case_key(self, subject: UUID) -> CaseKey:
        """Return the key of the client's own case, as long as the case has it."""
        if subject != self.subject:
            raise NoKeyYet("another case")
        if not KeyWrap.objects.filter(subject=subject).exists():
            raise KeyUnavailable("no key")
        return self.key

    def kept_key(self, subject: UUID) -> CaseKey | None:
        """Return the key of the client's own case."""
        return self.key if subject == self.subject else None


@dataclass(frozen=True, slots=True)
class StaffHolder(Holder):
    """A member of staff whose key pair is unlocked. Made for one request: what it opened it keeps."""

    unlocked: Unlocked
    _cases: dict[UUID, CaseKey] = field(default_factory=dict, repr=False)
    _teams: dict[UUID, bytes] = field(default_factory=dict, repr=False)

    def case_key(self, subject: UUID) -> CaseKey:
        """Return the key of a case of an own team, or of one that is wrapped for the person."""
        if subject not in self._cases:
            self._cases[subject] = self._open(subject)
        return self._cases[subject]

    def kept_key(self, subject: UUID) -> CaseKey | None:
        """Return the key of a case that was opened before."""
        return self._cases.get(subject)

    def team_secret(self, key: TeamKey) -> bytes:
        """Return the secret half of a team's key.

        Raises team_keys.NotSealedForYou or TeamSealBroken.
        """
        if key.pk not in self._teams:
            self._teams[key.pk] = team_keys.secret_of(key, holder=self.unlocked)
        return self._teams[key.pk]

    def _open(self, subject: UUID) -> CaseKey:
        wraps = list(KeyWrap.objects.filter(subject=subject))
        if not wraps:
            raise KeyUnavailable("no key")
        broken = False
        for wrap in wraps:
            try:
                secret = self._secret_for(wrap)
                if secret is not None:
                    return open_wrap(wrap, secret)
            except (WrapBroken, team_keys.TeamSealBroken):
                broken = True
        if broken:
            raise WrapBroken("no wrap opens")
        raise NoKeyYet("not wrapped for this person")

    def _secret_for(self, wrap: KeyWrap) -> bytes | None:
        if wrap.kind in Kind.of_persons() and wrap.recipient == self.unlocked.staff_key:
            return self.unlocked.secret
        if wrap.kind not in Kind.of_teams():
            return None
        key = TeamKey.objects.filter(
            team=wrap.recipient,
            generation=wrap.generation,
            seals__recipient=self.unlocked.staff_key,
        ).first()
        return self.team_secret(key) if key else None


def create_case_key(
    *,
    subject: UUID,
    code: AccessCode,
    team: UUID,
    at: datetime,
    store: Callable[[Sequence[KeyWrap]], object] = KeyWrap.objects.bulk_create,
) -> ClientHolder:
    """Make a case's key, wrapped for its access code and for its team, and return the client's holder.

    store: how, for who has a quicker way. Raises team_keys.NoTeamKey when nobody in the team could open it.
    """
    key = new_case_key()
    recipient = team_keys.remembered(team)
    store([_code_wrap(subject, code, key, at), _team_wrap(subject, recipient, key, at)])
    return ClientHolder(subject, key)


def open_case_key(*, subject: UUID, holder: Holder) -> CaseKey:
    """Return a case's key. Raises KeyUnavailable, which is NoKeyYet or WrapBroken where that is why."""
    return holder.case_key(subject)


def has_key(subject: OuterRef) -> Exists:
    """Return what a query asks to learn with its rows whether cases still have their keys."""
    return Exists(KeyWrap.objects.filter(subject=subject))


def open_case_keys(
    wanted: Sequence[tuple[UUID, Holder]], *, there: Collection[UUID] | None = None
) -> list[CaseKey | KeyUnavailable]:
    """Return the keys of several cases, each for its holder, or why there is none.

    there: which of the cases still have their keys, as `has_key` has just said; None: it is asked here, once
    for all of them.
    """
    if there is None:
        subjects = {subject for subject, _holder in wanted}
        rows = KeyWrap.objects.filter(subject__in=subjects)
        there = set(rows.values_list("subject", flat=True))
    return [_key_of(subject, holder, is_there=subject in there) for subject, holder in wanted]


def _key_of(subject: UUID, holder: Holder, *, is_there: bool) -> CaseKey | KeyUnavailable:
    try:
        kept = holder.kept_key(subject) if is_there else None
        return kept or holder.case_key(subject)
    except KeyUnavailable as unavailable:
        return unavailable


def holder_by_code(*, subject: UUID, code: AccessCode) -> ClientHolder:
    """Open a case's key by its access code. Raises KeyUnavailable or WrapBroken."""
    wrap = KeyWrap.objects.filter(subject=subject, kind=Kind.CODE).first()
    if wrap is None:
        raise KeyUnavailable("no wrap for the code")
    return ClientHolder(subject, _by_code(wrap, code))


def open_wrap(wrap: KeyWrap, secret: bytes) -> CaseKey:
    """Open a wrap for a team or a person with their secret half. Raises WrapBroken."""
    try:
        return CaseKey(boxes.collect(bytes(wrap.sealed), secret=secret, binding=_binding(wrap)))
    except BoxBroken:
        alerts.note(f"case-{wrap.kind}", wrap.subject)
        raise WrapBroken("the wrap does not open") from None


def hand_on(*, subject: UUID, team: UUID, key: CaseKey, at: datetime) -> None:
    """Wrap a case's key for another team and for nobody else but the code.

    Raises team_keys.NoTeamKey when nobody in that team could open it.
    """
    made = _team_wrap(subject, team_keys.current(team), key, at)
    KeyWrap.objects.filter(subject=subject).exclude(kind=Kind.CODE).delete()
    made.save(force_insert=True)


def lend(*, subject: UUID, user: UUID, key: CaseKey, at: datetime) -> None:
    """Wrap a case's key for a person of another team who holds the case now.

    Raises NoKeyYet when they have no key pair.
    """
    person = StaffKey.objects.filter(user=user).first()
    if person is None:
        raise NoKeyYet("they have no key pair")
    wrap = KeyWrap(subject=subject, kind=Kind.STAFF, recipient=person.pk, created_at=at)
    wrap.sealed = boxes.post(key, to=bytes(person.public), binding=_binding(wrap))
    KeyWrap.objects.filter(subject=subject, recipient=person.pk).delete()
    wrap.save(force_insert=True)


def take_back(*, subject: UUID) -> int:
    """Drop what is wrapped for single persons: they do not hold the case any more."""
    return KeyWrap.objects.filter(subject=subject, kind=Kind.STAFF).delete()[0]


def bring_up_to_date(*, subject: UUID, team: UUID, key: CaseKey, at: datetime) -> bool:
    """Wrap a case's key for its team's current generation, unless it is. Says whether it did.

    A client who comes back helps a team that lost its keys: only the code opened the case meanwhile.
    """
    newest = TeamKey.objects.filter(
        team=OuterRef("recipient"), generation=OuterRef("generation"), ended_at__isnull=True
    )
    if KeyWrap.objects.filter(Exists(newest), subject=subject, recipient=team).exists():
        return False
    try:
        made = _team_wrap(subject, team_keys.current(team), key, at)
    except team_keys.NoTeamKey:
        return False
    KeyWrap.objects.filter(subject=subject, recipient=team).delete()
    made.save(force_insert=True)
    return True


def rewrap(*, team: UUID, holder: StaffHolder, at: datetime, below: int, most: int) -> Rewrapped:
    """Wrap some case keys anew that are wrapped for an older generation of a team, newest first.

    below: only wraps with a smaller id (the last one of the batch before). Safe to repeat and to run
    twice at once: each row is changed only as it was read.
    """
    try:
        newest = team_keys.current(team)
    except team_keys.NoTeamKey:
        return Rewrapped(0, 0, 0)
    rows = list(
        KeyWrap.objects.filter(
            Q(id__lt=below) if below else Q(),
            kind__in=Kind.of_teams(),
            recipient=team,
            generation__lt=newest.generation,
        ).order_by("-id")[:most]
    )
    keys = {key.generation: key for key in team_keys.held_by(holder.unlocked.staff_key, [team])}
    done = 0
    for row in rows:
        key = keys.get(row.generation)
        if key is None:
            continue
        try:
            case_key = open_wrap(row, holder.team_secret(key))
        except (WrapBroken, team_keys.TeamSealBroken, team_keys.NotSealedForYou):
            continue
        made = _team_wrap(row.subject, newest, case_key, at, kind=Kind(row.kind))
        done += KeyWrap.objects.filter(pk=row.pk, generation=row.generation).update(
            generation=made.generation, sealed=made.sealed
        )
    return Rewrapped(len(rows), done, rows[-1].pk if rows else 0)


def drop_case_key(*, subject: UUID) -> int:
    """Delete every wrap of a case's key, so that nothing sealed under it opens again.

    Returns the number of wraps dropped.
    """
    return KeyWrap.objects.filter(subject=subject).delete()[0]


def _by_code(wrap: KeyWrap, code: AccessCode) -> CaseKey:
    try:
        return CaseKey(
            boxes.unlock(bytes(wrap.sealed), key=code.wrap_key(), binding=_binding(wrap))
        )
    except BoxBroken:
        alerts.note("case-code", wrap.subject)
        raise WrapBroken("the wrap does not open") from None


def _code_wrap(subject: UUID, code: AccessCode, key: CaseKey, at: datetime) -> KeyWrap:
    wrap = KeyWrap(subject=subject, kind=Kind.CODE, recipient=subject, created_at=at)
    wrap.sealed = boxes.lock(key, key=code.wrap_key(), binding=_binding(wrap))
    return wrap


def _team_wrap(
    subject: UUID, team_key: TeamKey, key: CaseKey, at: datetime, *, kind: KeyWrap.Kind = Kind.TEAM
) -> KeyWrap:
    wrap = KeyWrap(
        subject=subject,
        kind=kind,
        recipient=team_key.team,
        generation=team_key.generation,
        created_at=at,
    )
    wrap.sealed = boxes.post(key, to=bytes(team_key.public), binding=_binding(wrap))
    return wrap


def _binding(wrap: KeyWrap) -> Binding:
    return Binding(f"case-{wrap.kind}", wrap.subject, wrap.recipient, wrap.generation)
