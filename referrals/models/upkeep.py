"""How entries stay true: versions, requests to confirm, findings of checks, imports."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from referrals.models.service import Service


class Version(models.Model):
    """One change to an entry, with the whole entry as it was before (None: it did not exist).

    `by`: the member who changed it; None for an import from the command line, a confirmation by mail
    or a member who is gone. HSDS `metadata` are read out of these rows.
    """

    class Action(models.TextChoices):
        CREATED = "created", _("angelegt")
        CHANGED = "changed", _("geändert")
        IMPORTED = "imported", _("durch Einlesen geändert")
        CONFIRMED = "confirmed", _("bestätigt")
        CAPACITY = "capacity", _("Plätze gemeldet")
        UNDONE = "undone", _("Änderung zurückgenommen")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    action = models.CharField(max_length=12, choices=Action)
    before = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["service", "number"], name="version_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.number}"


class AssuranceRequest(models.Model):
    """A mail that asks whether an entry is still true; its link's secret is stored as a hash only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(
        Service, on_delete=models.CASCADE, related_name="assurance_requests"
    )
    email = models.CharField(max_length=254)
    token_hash = models.BinaryField(unique=True, max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["service", "created_at"], name="assurance_by_service")]

    def __str__(self) -> str:
        return f"{self.service_id} {self.created_at:%Y-%m-%d}"

    def is_open(self, at: datetime) -> bool:
        """Say whether the link still works at a moment."""
        return self.used_at is None and at < self.expires_at


class Finding(models.Model):
    """What the last check of links and numbers found wrong with an entry."""

    class Kind(models.TextChoices):
        LINK = "link", _("Link")
        PHONE = "phone", _("Telefonnummer")
        EMAIL = "email", _("E-Mail-Adresse")

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=8, choices=Kind)
    value = models.CharField(max_length=500)
    problem = models.CharField(max_length=40)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["kind", "value"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.problem}"


class ImportRun(models.Model):
    """A file that was handed in: checked first, taken over on a second click, then forgotten.

    `content` is emptied as soon as the run is over.
    """

    class State(models.TextChoices):
        CHECKED = "checked", _("geprüft")
        DONE = "done", _("eingelesen")
        DROPPED = "dropped", _("verworfen")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    filename = models.CharField(max_length=200)
    format = models.CharField(max_length=20)
    source = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=State, default=State.CHECKED)
    content = models.BinaryField()
    report = models.JSONField(default=dict)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.filename
