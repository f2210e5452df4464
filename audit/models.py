"""The trail's rows. The database itself refuses to change or delete them (migration 0002)."""

from typing import Any, NoReturn

from django.db import models


class TrailEntry(models.Model):
    """One thing that somebody did. Ids and codes only, never content.

    `actor`: the membership's id for staff and for a partner with an account, None for everybody else.
    `old` and `new`: the state before and after, where a state changed. `detail`: codes and counts.
    """

    class ActorKind(models.TextChoices):
        STAFF = "staff"
        CLIENT = "client"
        SYSTEM = "system"
        PARTNER = "partner"

    at = models.DateTimeField()
    organisation = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor = models.UUIDField(null=True)
    action = models.CharField(max_length=40)
    case = models.UUIDField(null=True)
    old = models.CharField(max_length=20, blank=True)
    new = models.CharField(max_length=20, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["case", "at"]),
            models.Index(fields=["organisation", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert a new entry. Raises TypeError for one that exists: the trail is append-only."""
        if not self._state.adding:
            raise TypeError("a trail entry is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise TypeError: the trail is append-only."""
        raise TypeError("a trail entry is never deleted")
