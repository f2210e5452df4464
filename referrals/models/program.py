"""Programs of a partner's desk: what reads referrals as FHIR with a token in place of a person."""

import uuid
from datetime import datetime

from django.db import models

from accounts.models import Membership
from referrals.models.partner import PartnerDesk
from referrals.models.referral import Referral


class DeskProgram(models.Model):
    """A program that reads what lies at a desk. Nothing here opens anything: the token is not kept.

    `token_hash`: keyed with the pepper. `public`: of the pair that is derived from the token; parcels are
    sealed to it. Its access ends with `revoked_at`, with `expires_at`, and with its maker's place at the
    desk. `used_at`: when it last asked, by the day.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(PartnerDesk, on_delete=models.CASCADE, related_name="programs")
    name = models.CharField(max_length=60)
    token_hash = models.BinaryField(unique=True, max_length=32)
    public = models.BinaryField(max_length=32)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["made_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(made_at__isnull=False, made_by__isnull=False),
                name="program_made_at_and_by_together",
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="program_revoked_at_and_by_together",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def holds(self, at: datetime) -> bool:
        """Say whether its time is not over and nobody has ended it; of its maker see the queries."""
        return self.revoked_at is None and at < self.expires_at


class ProgramWrap(models.Model):
    """A parcel's key, sealed for a program. Goes with the partner's other wraps.

    `read_at`: when the program first read the referral.
    """

    program = models.ForeignKey(DeskProgram, on_delete=models.CASCADE, related_name="wraps")
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="program_wraps")
    sealed = models.BinaryField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "referral"], name="one_wrap_per_program_and_referral"
            )
        ]

    def __str__(self) -> str:
        return f"{self.referral_id} for {self.program_id}"
