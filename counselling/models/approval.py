"""Four eyes: a reply that a second person reads before the client does."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from counselling.models.case import Case


class Approval(models.Model):
    """A reply that waits for a second person, and what they said to it; never changed afterwards.

    `sealed`: the text as it was handed in; `edited`: as it was sent, where the second person changed
    it; `comment`: their words to the author. `due_at`: by when somebody should have looked.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("wartet auf Freigabe")
        APPROVED = "approved", _("freigegeben")
        RETURNED = "returned", _("zurückgegeben")
        WITHDRAWN = "withdrawn", _("zurückgezogen")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="approvals")
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    # Of the reply that it becomes: the same form sent twice is handed in once.
    client_msg_id = models.UUIDField()
    sealed = models.BinaryField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    submitted_at = models.DateTimeField()
    due_at = models.DateTimeField()
    overdue_noted_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    edited = models.BinaryField(null=True)
    comment = models.BinaryField(null=True)

    class Meta:
        ordering = ["submitted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(state="waiting"), name="one_waiting_approval"
            ),
            models.UniqueConstraint(
                fields=["case", "client_msg_id"], name="reply_is_handed_in_once"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_at__isnull=True, decided_by__isnull=True)
                | models.Q(decided_at__isnull=False, decided_by__isnull=False),
                name="approval_decided_at_and_by_together",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["approved", "returned"], decided_at__isnull=False)
                | models.Q(state__in=["waiting", "withdrawn"], decided_at__isnull=True),
                name="approval_is_decided_by_somebody",
            ),
            # The whole point of it.
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(decided_by=models.F("author")),
                name="approval_takes_two_people",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="waiting", overdue_noted_at__isnull=True),
                name="approval_due",
            )
        ]

    def __str__(self) -> str:
        return f"reply of {self.author_id} in {self.case_id}"
