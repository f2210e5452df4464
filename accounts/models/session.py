"""Where a person is signed in."""

import uuid

from django.db import models

from accounts.models.staff import User


class StaffSession(models.Model):
    """One browser in which a person is signed in, so that it can be listed and ended.

    `device`: which known device it is, if any. `row`: the primary key of the sealed session
    (vault/sessions.py), a hash that opens nothing. Neither an address nor a browser's name is kept: when
    it began tells one from another.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="staff_sessions")
    row = models.CharField(max_length=40, unique=True)
    device = models.UUIDField(null=True)
    signed_in_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.user_id} since {self.signed_in_at:%Y-%m-%d %H:%M}"
