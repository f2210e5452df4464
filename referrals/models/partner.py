"""The partner's side: its desk, links for who has no account, appointments."""

import uuid
from datetime import datetime

from django.db import models

from accounts.models import Membership, Organisation, Team
from referrals.models.referral import Referral
from referrals.models.service import Service


class PartnerDesk(models.Model):
    """A service's own desk in Lotse: an organisation of its own, whose people sign in and have keys.

    `team`: whose key referrals are sealed for. `made_by`: the editor who let the service in; whoever
    reads what is sent there was invited by them or by a colleague of the desk.
    """

    organisation = models.OneToOneField(
        Organisation, on_delete=models.CASCADE, related_name="partner_desk"
    )
    team = models.OneToOneField(Team, on_delete=models.PROTECT, related_name="partner_desk")
    services = models.ManyToManyField(Service, related_name="desks")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(made_at__isnull=False, made_by__isnull=False),
                name="desk_made_at_and_by_together",
            )
        ]

    def __str__(self) -> str:
        return str(self.organisation_id)


class HandoffLink(models.Model):
    """A link that opens a referral once, together with a code that went another way.

    `token_hash`: of the secret in its address. `salt`, `memory_kib`, `passes`: with which the code is
    stretched. `tries`: wrong codes; after five the link is closed. `email`: where it was sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="links")
    token_hash = models.BinaryField(unique=True, max_length=32)
    salt = models.BinaryField(max_length=16)
    memory_kib = models.PositiveIntegerField()
    passes = models.PositiveSmallIntegerField()
    email = models.CharField(max_length=254)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"link to {self.referral_id}"

    def is_open(self, at: datetime) -> bool:
        """Say whether the link still opens at a moment."""
        return self.used_at is None and self.closed_at is None and at < self.expires_at


class Appointment(models.Model):
    """An appointment that a service offers; the client picks one.

    The time is readable, so that reminders come; place and words are sealed under the referral's key.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="appointments")
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=60)
    sealed = models.BinaryField(null=True)
    offered_at = models.DateTimeField()
    picked_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral"],
                condition=models.Q(picked_at__isnull=False, dropped_at__isnull=True),
                name="one_picked_appointment",
            )
        ]
        indexes = [
            models.Index(
                fields=["starts_at"],
                condition=models.Q(
                    picked_at__isnull=False, dropped_at__isnull=True, reminded_at__isnull=True
                ),
                name="appointment_to_remind_of",
            )
        ]

    def __str__(self) -> str:
        return f"{self.referral_id} {self.starts_at:%Y-%m-%d %H:%M}"
