"""How a person who has lost their password or second factor comes in again."""

import uuid
from datetime import datetime

from django.db import models

from accounts.models.staff import Membership


class Recovery(models.Model):
    """A new beginning for somebody's account: one person starts it, another one confirms it.

    `token_hash`: of the secret in the link that confirming makes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="recoveries")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    token_hash = models.BinaryField(unique=True, max_length=32, null=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(started_at__isnull=False, started_by__isnull=False),
                name="recovery_started_at_and_by_together",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    confirmed_at__isnull=True, confirmed_by__isnull=True, token_hash__isnull=True
                )
                | models.Q(
                    confirmed_at__isnull=False,
                    confirmed_by__isnull=False,
                    token_hash__isnull=False,
                ),
                name="recovery_confirmed_at_and_by_together",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | models.Q(confirmed_at__isnull=False),
                name="recovery_is_used_after_confirmation",
            ),
            # Nobody does both steps, and nobody helps themselves.
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True)
                | ~models.Q(confirmed_by=models.F("started_by")),
                name="recovery_takes_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(started_by=models.F("member"))
                & (
                    models.Q(confirmed_by__isnull=True) | ~models.Q(confirmed_by=models.F("member"))
                ),
                name="recovery_is_done_by_others",
            ),
            models.UniqueConstraint(
                fields=["member"],
                condition=models.Q(used_at__isnull=True, cancelled_at__isnull=True),
                name="one_open_recovery_per_member",
            ),
        ]

    def __str__(self) -> str:
        return f"recovery of {self.member_id}"

    def is_open(self, at: datetime) -> bool:
        """Say whether it can still be confirmed or used."""
        return self.used_at is None and self.cancelled_at is None and at < self.expires_at
