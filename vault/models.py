"""Wrapped keys."""

from django.db import models


class KeyWrap(models.Model):
    """A key, sealed for somebody who may open it.

    `subject` is the case whose key it is; `holder` names for whom it is wrapped. Today the only holder
    is the server; access codes and teams follow with "Nobody can read it".
    """

    SERVER = "server"

    subject = models.UUIDField()
    holder = models.CharField(max_length=64)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "holder"], name="one_wrap_per_holder")
        ]

    def __str__(self) -> str:
        return f"{self.subject} for {self.holder}"
