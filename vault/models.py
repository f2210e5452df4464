"""Wrapped keys. Nothing in these tables opens anything without a person: a code or a password.

The vault knows cases, teams and people by their ids only; what they are is known above it.
"""

import uuid

from django.db import models


class StaffKey(models.Model):
    """A person's key pair: the public half. The secret half is in `StaffKeyWrap`.

    `user`: whose. A new pair replaces an old one, which then opens nothing more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.UUIDField(unique=True)
    public = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"key of {self.user}"


class StaffKeyWrap(models.Model):
    """The secret half of a person's pair, sealed for one way of unlocking it.

    Its key is BLAKE2b(device key or nothing, Argon2id(password)), or derived from the printed card.
    `device`: which device's key it needs; None for the others. `device_key`: that key, sealed to the
    person's own public half, so that a new password can wrap anew for devices that are not at hand.
    `salt`, `memory_kib`, `passes`: of Argon2id; the card needs none.
    """

    class Way(models.TextChoices):
        PASSWORD = "password"  # noqa: S105 - the name of a way, no password
        DEVICE = "device"
        CARD = "card"

    staff_key = models.ForeignKey(StaffKey, on_delete=models.CASCADE, related_name="wraps")
    way = models.CharField(max_length=8, choices=Way)
    device = models.UUIDField(null=True)
    device_key = models.BinaryField(null=True)
    salt = models.BinaryField(max_length=16, default=bytes)
    memory_kib = models.PositiveIntegerField(default=0)
    passes = models.PositiveSmallIntegerField(default=0)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff_key", "way"],
                condition=models.Q(device__isnull=True),
                name="one_wrap_without_device_per_way",
            ),
            models.UniqueConstraint(fields=["staff_key", "device"], name="one_wrap_per_device"),
            models.CheckConstraint(
                condition=models.Q(way="device", device__isnull=False, device_key__isnull=False)
                | (
                    ~models.Q(way="device") & models.Q(device__isnull=True, device_key__isnull=True)
                ),
                name="wrap_for_a_device_names_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.way} of {self.staff_key_id}"


class TeamKey(models.Model):
    """One generation of a team's key pair: the public half. Case keys are wrapped for the current one.

    `ended_at`: since when no case key is wrapped for it any more. What was is wrapped anew for the
    generation after it; until then it is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.UUIDField()
    generation = models.PositiveIntegerField()
    public = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "generation"], name="generation_is_unique"),
            models.UniqueConstraint(
                fields=["team"],
                condition=models.Q(ended_at__isnull=True),
                name="one_current_generation",
            ),
        ]

    def __str__(self) -> str:
        return f"key {self.generation} of {self.team}"


class TeamKeySeal(models.Model):
    """The secret half of a team's pair, sealed for one recipient.

    `recipient`: a StaffKey, an EscrowKey, or an invitation whose link opens it.
    """

    class Kind(models.TextChoices):
        STAFF = "staff"
        ESCROW = "escrow"
        INVITATION = "invitation"

    team_key = models.ForeignKey(TeamKey, on_delete=models.CASCADE, related_name="seals")
    kind = models.CharField(max_length=10, choices=Kind)
    recipient = models.UUIDField()
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team_key", "recipient"], name="one_seal_per_recipient")
        ]
        indexes = [models.Index(fields=["recipient"], name="seals_of_recipient")]

    def __str__(self) -> str:
        return f"{self.team_key_id} for {self.recipient}"


class EscrowKey(models.Model):
    """The public half of the key that opens teams of which nobody is left. The secret half is offline."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    public = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"],
                condition=models.Q(is_current=True),
                name="one_current_escrow_key",
            )
        ]

    def __str__(self) -> str:
        return f"escrow key of {self.created_at:%Y-%m-%d}"


class KeyWrap(models.Model):
    """A case's key or a parcel's, wrapped for somebody who may open it.

    `subject`: the case. `recipient`: the case itself for its access code; a team; or a person's
    StaffKey, for who holds a case of a team they are not in. `generation`: of the team's key.
    A parcel (`vault/parcels.py`) is wrapped under the key of the case that it was taken from, for a
    partner's desk or a team of the house, for a person of the house, or for a link.
    """

    class Kind(models.TextChoices):
        CODE = "code"
        TEAM = "team"
        STAFF = "staff"
        CASE = "case"
        DESK = "desk"
        LINK = "link"
        PEER = "peer"

        @classmethod
        def of_teams(cls) -> list["KeyWrap.Kind"]:
            """Return the kinds that are sealed for a generation of a team's key."""
            return [cls.TEAM, cls.DESK]

        @classmethod
        def of_persons(cls) -> list["KeyWrap.Kind"]:
            """Return the kinds that are sealed for one member of the staff."""
            return [cls.STAFF, cls.PEER]

        @classmethod
        def of_parcels(cls) -> list["KeyWrap.Kind"]:
            """Return the kinds whose subject is no case but a parcel taken from one."""
            return [cls.CASE, cls.DESK, cls.LINK, cls.PEER]

    subject = models.UUIDField()
    kind = models.CharField(max_length=5, choices=Kind)
    recipient = models.UUIDField()
    generation = models.PositiveIntegerField(default=0)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "recipient"], name="one_wrap_per_recipient"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["team", "desk"], generation__gte=1)
                | (~models.Q(kind__in=["team", "desk"]) & models.Q(generation=0)),
                name="a_team_wrap_has_a_generation",
            ),
        ]
        indexes = [
            # What is wrapped for an older generation, newest first.
            models.Index(
                fields=["recipient", "generation", "-id"],
                condition=~models.Q(kind="code"),
                name="wraps_of_recipient",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} for {self.kind} {self.recipient}"
