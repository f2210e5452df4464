"""Files that belong to a message."""

import uuid

from django.db import models

from counselling.models.message import Message


class Attachment(models.Model):
    """One file of one message. The file lies sealed in the storage; here is its key, sealed too.

    `sealed`: what kind it is, its size and its key, under the case's key. `file`: a random name in the
    storage. A row is written only when its file is there; a file without a row is swept away.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    position = models.PositiveSmallIntegerField()  # from 1, as they were chosen
    file = models.CharField(max_length=100, unique=True)
    sealed = models.BinaryField()

    class Meta:
        ordering = ["message", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "position"], name="attachment_position_is_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(position__gte=1), name="attachment_positions_count_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"file {self.position} of {self.message}"
