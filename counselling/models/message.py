"""What is written in a case; every text is sealed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from counselling.models.case import Case


class Message(models.Model):
    """One entry of a case, never changed: a correction is a new message."""

    class Role(models.TextChoices):
        CLIENT = "client", _("Ratsuchende")
        REPLY = "reply", _("Antwort")
        NOTE = "note", _("interne Notiz")
        SYSTEM = "system", _("Hinweis")

        @classmethod
        def for_client(cls) -> list["Message.Role"]:
            """Return the roles that a client sees: everything but notes."""
            return [cls.CLIENT, cls.REPLY, cls.SYSTEM]

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="messages")
    seq = models.PositiveIntegerField()
    role = models.CharField(max_length=6, choices=Role)
    # From the sender: the same id and text again is the same message (delivery contract).
    client_msg_id = models.UUIDField()
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["case", "seq"], name="seq_is_unique_in_case"),
            models.UniqueConstraint(
                fields=["case", "role", "client_msg_id"], name="message_is_sent_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["client", "system"], author__isnull=True)
                | models.Q(role__in=["reply", "note"], author__isnull=False),
                name="staff_messages_have_an_author",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} #{self.seq} ({self.role})"


class Draft(models.Model):
    """The reply that is being written in a case. It goes with the case when it is handed over."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="draft")
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"draft in {self.case_id}"


class Rating(models.Model):
    """What the client thinks of the counselling: one to five, and a sealed text."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="rating")
    stars = models.PositiveSmallIntegerField()
    sealed = models.BinaryField(null=True)
    rated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(stars__gte=1, stars__lte=5), name="rating_is_one_to_five"
            )
        ]

    def __str__(self) -> str:
        return f"{self.stars} of 5 for {self.case_id}"
