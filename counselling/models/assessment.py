"""How urgent the machine and the humans found what a client wrote. No text, never."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from counselling.models.case import Case
from counselling.sla import Urgency


class Review(models.Model):
    """A human's confirmation or correction of a case's urgency."""

    class Reason(models.TextChoices):
        """Why a human rates a case as they do."""

        RIGHT = "right", _("Die Einstufung passt.")
        HIDDEN = "hidden", _("Steht zwischen den Zeilen.")
        OVERLOOKED = "overlooked", _("Steht im Text, wurde aber übersehen.")
        TOLD = "told", _("Aus dem Gespräch oder von anderen bekannt.")
        WORDING = "wording", _("Nur eine Redensart oder ein Missverständnis.")
        PAST = "past", _("Liegt zurück und ist vorbei.")
        OTHER_PERSON = "other_person", _("Betrifft andere, die schon versorgt sind.")
        RESOLVED = "resolved", _("Die Gefahr ist abgewendet.")
        ENQUIRY = "enquiry", _("Fachliche oder allgemeine Anfrage.")
        OTHER = "other", _("Anderer Grund.")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reviews")
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    seq = models.PositiveIntegerField()  # what had been written until then is what was judged
    old = models.PositiveSmallIntegerField(choices=Case.UrgencyLevel)
    new = models.PositiveSmallIntegerField(choices=Case.UrgencyLevel)
    # The most urgent that the machine had found by itself until then; None where it never rated.
    machine = models.PositiveSmallIntegerField(choices=Case.UrgencyLevel, null=True)
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    note = models.BinaryField(null=True)  # sealed

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(old__in=sorted(Urgency), new__in=sorted(Urgency)),
                name="review_levels_are_known",
            ),
            models.CheckConstraint(
                condition=models.Q(new__lte=models.F("old")) | ~models.Q(reason=""),
                name="lowering_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "-seq"], name="review_of_case"),
            # What the machine missed, the latest first.
            models.Index(
                fields=["-at"],
                condition=models.Q(new__lt=models.F("machine")),
                name="review_missed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} up to #{self.seq}: {self.old} to {self.new}"


class Assessment(models.Model):
    """One automatic rating of one message, against the conversation so far.

    `signals` are codes; `reasons` are `[code, seq, start, end]`: which characters of which message.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="assessments")
    seq = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField(choices=Case.UrgencyLevel)
    score = models.FloatField()  # for ordering and comparison; no probability
    signals = models.JSONField(default=list)
    reasons = models.JSONField(default=list)
    language = models.CharField(max_length=8, blank=True)
    unrated = models.CharField(max_length=12, blank=True)  # why a human must look first, a code
    model = models.CharField(max_length=16)
    shadow = models.BooleanField(default=False)  # of a model on trial: it moves nothing
    duration_ms = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    review = models.ForeignKey(
        Review, on_delete=models.SET_NULL, null=True, related_name="assessments"
    )

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "seq", "shadow"], name="a_message_is_rated_once"
            ),
            models.CheckConstraint(
                condition=models.Q(level__in=sorted(Urgency)), name="assessment_level_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(unrated="") | models.Q(level__lt=Urgency.NORMAL),
                name="unrated_is_never_normal",
            ),
        ]
        indexes = [
            models.Index(
                fields=["case"],
                condition=models.Q(level__lt=Urgency.NORMAL, shadow=False, review__isnull=True),
                name="assessment_to_review",
            ),
            models.Index(
                fields=["case"], condition=models.Q(shadow=True), name="assessment_on_trial"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} #{self.seq}: {self.level}"
