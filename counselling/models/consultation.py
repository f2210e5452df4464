"""Consultations: a colleague or a team is asked for advice inside a case, and answers."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Team
from counselling.models.case import Case
from counselling.states import ConsultationState


class Consultation(models.Model):
    """What a counsellor asks of one colleague or one team, under a key of its own.

    The id is also the parcel's (`vault/parcels.py`). `sealed`: the question, for who is not of the
    case's team without anything that could tell whose case it is. `asked_at` and `ended_at` are
    moments; whoever ended it stands in the trail.
    """

    class State(models.TextChoices):
        ASKED = ConsultationState.ASKED, _("gefragt")
        ANSWERED = ConsultationState.ANSWERED, _("beantwortet")
        CLOSED = ConsultationState.CLOSED, _("abgeschlossen")
        WITHDRAWN = ConsultationState.WITHDRAWN, _("zurückgezogen")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="consultations")
    asker = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    colleague = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    # Of the form: the same one sent twice asks once.
    client_msg_id = models.UUIDField()
    sealed = models.BinaryField()
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "client_msg_id"], name="consultation_is_asked_once"
            ),
            models.CheckConstraint(
                condition=models.Q(colleague__isnull=False, team__isnull=True)
                | models.Q(colleague__isnull=True, team__isnull=False),
                name="consultation_asks_a_colleague_or_a_team",
            ),
            models.CheckConstraint(
                condition=models.Q(colleague__isnull=True) | ~models.Q(colleague=models.F("asker")),
                name="consultation_asks_somebody_else",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=sorted(ConsultationState.open()), ended_at__isnull=True
                )
                | models.Q(state__in=["closed", "withdrawn"], ended_at__isnull=False),
                name="consultation_ended_at_when_ended",
            ),
        ]
        indexes = [
            # The list of who is asked reads what is open, and no more.
            models.Index(
                fields=["colleague", "asked_at"],
                condition=models.Q(ended_at__isnull=True, colleague__isnull=False),
                name="consultation_of_colleague",
            ),
            models.Index(
                fields=["team", "asked_at"],
                condition=models.Q(ended_at__isnull=True, team__isnull=False),
                name="consultation_of_team",
            ),
            models.Index(
                fields=["asker", "asked_at"],
                condition=models.Q(ended_at__isnull=True),
                name="consultation_of_asker",
            ),
        ]

    def __str__(self) -> str:
        return f"consultation {self.pk}: {self.state}"

    @property
    def to(self) -> str:
        """Return whom it asks, by name: with `colleague` or `team` loaded."""
        if self.colleague is not None:
            return self.colleague.name
        return self.team.name if self.team is not None else ""


class ConsultationAnswer(models.Model):
    """One answer to a consultation; never changed afterwards."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="answers")
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    client_msg_id = models.UUIDField()
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "client_msg_id"], name="consultation_answer_is_sent_once"
            )
        ]

    def __str__(self) -> str:
        return f"answer of {self.author_id} in {self.consultation_id}"
