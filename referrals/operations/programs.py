"""The one writer of a desk's programs: made with a token that is shown once, and ended."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction

from accounts.models import Membership
from audit import trail
from referrals.models import DeskProgram, PartnerDesk, ProgramWrap, Referral
from referrals.queries import programs as queries
from referrals.states import ReferralState
from vault import parcels
from vault.keyring import Holder, KeyUnavailable
from vault.sealing import CaseKey

LASTS = timedelta(days=365)
MOST = 5  # at one desk
USED_EVERY = timedelta(days=1)  # being used is written no more often


class TooManyPrograms(Exception):
    """The desk has as many programs as it may have; one must end first."""


class NoSuchProgram(Exception):
    """The desk has no such program, or it has ended already."""


@transaction.atomic
def make(
    *, desk: PartnerDesk, name: str, by: Membership, holder: Holder, at: datetime
) -> tuple[DeskProgram, str]:
    """Let a program read what lies at a desk and what comes; return its token, shown once.

    holder: opens what lies there already, so that it is sealed for the program too. Raises
    TooManyPrograms.
    """
    PartnerDesk.objects.select_for_update().get(pk=desk.pk)
    if queries.valid(at).filter(desk=desk).count() >= MOST:
        raise TooManyPrograms
    token = parcels.new_program_token()
    program = DeskProgram.objects.create(
        id=uuid4(),
        desk=desk,
        name=name,
        token_hash=queries.hash_of(token),
        public=parcels.program_public(token),
        made_at=at,
        made_by=by,
        expires_at=at + LASTS,
    )
    lying = Referral.objects.filter(desk=desk.team_id, state__in=ReferralState.with_partner())
    for row in lying:
        try:
            key = parcels.open_by_desk(parcel=row.pk, holder=holder)
        except KeyUnavailable:
            continue  # the maker cannot read it either
        _seal(row, program, key)
    _note("program.made", program, by, at)
    return program, token


@transaction.atomic
def end(*, desk: PartnerDesk, program: UUID, by: Membership, at: datetime) -> None:
    """End a program's access at once, and drop what was sealed for it. Raises NoSuchProgram."""
    ended = DeskProgram.objects.filter(pk=program, desk=desk, revoked_at__isnull=True).update(
        revoked_at=at, revoked_by=by
    )
    if not ended:
        raise NoSuchProgram
    ProgramWrap.objects.filter(program=program).delete()
    _note("program.ended", DeskProgram.objects.get(pk=program), by, at)


def seal_for_programs(row: Referral, desk: PartnerDesk, *, key: CaseKey, at: datetime) -> int:
    """Seal a referral that goes to a desk for its programs, too. Returns how many."""
    found = list(queries.valid(at).filter(desk=desk))
    for program in found:
        _seal(row, program, key)
    return len(found)


@transaction.atomic
def note_used(*, program: DeskProgram, at: datetime) -> None:
    """Note that a program asked, once a day at most."""
    if program.used_at is None or at - program.used_at >= USED_EVERY:
        DeskProgram.objects.filter(pk=program.pk).update(used_at=at)


def _seal(row: Referral, program: DeskProgram, key: CaseKey) -> None:
    ProgramWrap.objects.create(
        program=program,
        referral=row,
        sealed=parcels.seal_for_program(
            parcel=row.pk, program=program.pk, public=bytes(program.public), key=key
        ),
    )


def _note(action: str, program: DeskProgram, by: Membership, at: datetime) -> None:
    trail.record(
        action,
        by=by.actor,
        at=at,
        organisation=by.organisation_id,
        program=str(program.pk),
    )
