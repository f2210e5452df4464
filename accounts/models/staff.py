"""Staff: the person who signs in, and what they are in an organisation."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.organisation import Organisation, Team
from audit.models import TrailEntry
from audit.trail import Actor


class Role(models.TextChoices):
    """What a member may do is decided by role, in `accounts/rules.py` and `counselling/rules.py`."""

    COUNSELLOR = "counsellor", pgettext_lazy("role", "Beratung")
    TRAINEE = "trainee", _("in Ausbildung")
    SUPERVISOR = "supervisor", _("Leitung")
    ADMIN = "admin", _("Verwaltung")
    PLANNER = "planner", _("Planung")
    PARTNER = "partner", _("Fachstelle")

    @classmethod
    def counselling(cls) -> frozenset["Role"]:
        """Return the roles that may claim and answer cases."""
        return frozenset([cls.COUNSELLOR, cls.TRAINEE, cls.SUPERVISOR])

    @classmethod
    def reading(cls) -> frozenset["Role"]:
        """Return the roles that have their team's key: for cases, or for a partner's desk."""
        return cls.counselling() | {cls.PARTNER}

    @classmethod
    def of_the_house(cls) -> frozenset["Role"]:
        """Return the roles that an organisation that counsels gives its own people."""
        return frozenset(cls) - {cls.PARTNER}


class User(AbstractBaseUser):
    """A person of an organisation's staff who signs in. Clients have no user."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("E-Mail-Adresse"), unique=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = BaseUserManager["User"]()

    def __str__(self) -> str:
        return self.email


class Membership(models.Model):
    """A person's place in one organisation: role, display name, teams."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("Rolle"), max_length=12, choices=Role)
    name = models.CharField(_("Name, wie ihn Ratsuchende lesen"), max_length=60)
    teams = models.ManyToManyField(Team, related_name="members", blank=True)
    joined_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                condition=models.Q(ended_at__isnull=True),
                name="one_current_membership",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def actor(self) -> Actor:
        """Return the member as the trail names them."""
        return Actor(TrailEntry.ActorKind.STAFF, self.id)


class Invitation(models.Model):
    """An invitation to join, by a link whose secret is stored only as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.CharField(_("Rolle"), max_length=12, choices=Role)
    name = models.CharField(_("Name"), max_length=60)
    teams = models.ManyToManyField(Team, blank=True)
    token_hash = models.BinaryField(unique=True, max_length=32)
    invited_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_at_and_by_together",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"

    def is_open(self, at: datetime) -> bool:
        """Say whether the link still works at a moment."""
        return self.accepted_at is None and self.revoked_at is None and at < self.expires_at
