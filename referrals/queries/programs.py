"""Which programs may read at a desk."""

import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet

from referrals.models import DeskProgram, PartnerDesk, ProgramWrap, Referral


def hash_of(token: str) -> bytes:
    """Return what is stored of a program's token."""
    return hmac.digest(settings.CODE_PEPPER.encode(), b"program" + token.encode(), hashlib.sha256)


def all_of(desk: PartnerDesk) -> QuerySet[DeskProgram]:
    """Return every program that a desk has or had, the newest first."""
    return DeskProgram.objects.filter(desk=desk).select_related("made_by").order_by("-made_at")


def valid(at: datetime) -> QuerySet[DeskProgram]:
    """Return the programs whose access holds: not ended, not too old, their maker still at the desk."""
    return DeskProgram.objects.filter(
        revoked_at__isnull=True,
        expires_at__gt=at,
        made_by__ended_at__isnull=True,
        made_by__user__is_active=True,
        made_by__teams=F("desk__team"),
    )


def by_token(token: str, *, at: datetime) -> DeskProgram | None:
    """Return the program that a token belongs to, if its access holds."""
    return (
        valid(at)
        .filter(token_hash=hash_of(token))
        .select_related("desk__organisation", "desk__team")
        .first()
    )


def referral_at(desk: PartnerDesk, referral: UUID) -> Referral | None:
    """Return a referral that lies at a desk, or None."""
    return (
        Referral.objects.filter(pk=referral, desk=desk.team_id)
        .select_related("service__provider", "consent", "organisation")
        .first()
    )


def wrap_for(program: DeskProgram, referral: UUID) -> ProgramWrap | None:
    """Return what is sealed of a referral for a program, or None."""
    return ProgramWrap.objects.filter(program=program, referral=referral).first()
