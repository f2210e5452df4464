"""The devices that a person signs in on, and those that ask to become one."""

import uuid
from datetime import datetime

from django.db import models

from accounts.models.staff import User


class StaffDevice(models.Model):
    """A browser whose key unlocks a person's keys, together with the password.

    `device`: what the browser's cookie calls itself; several people may share one. Its key is with the
    browser and, sealed to the person, in the vault.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    device = models.UUIDField()
    added_at = models.DateTimeField()
    used_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "device"], name="device_once_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.device} of {self.user_id}"


class DeviceRequest(models.Model):
    """A browser that somebody who has shown both factors waits at until a known device lets it in.

    `public`: the half of a pair whose secret half is in that browser's sealed session. `sealed`: the
    person's secret, sealed to it by the known device; dropped as soon as it has been collected.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="device_requests")
    public = models.BinaryField(max_length=32)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sealed = models.BinaryField(null=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at"]

    def __str__(self) -> str:
        return f"request of {self.user_id}"

    def is_open(self, at: datetime) -> bool:
        """Say whether it still waits for an answer."""
        return self.sealed is None and self.refused_at is None and at < self.expires_at
