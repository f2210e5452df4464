"""What stays of a deleted case: that it is deleted, and counts without a person."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation

# First answers are counted by how long they took at most.
FIRST_ANSWER = (
    (timedelta(hours=4), "4h"),
    (timedelta(hours=24), "24h"),
    (timedelta(hours=48), "48h"),
)


class Deletion(models.Model):
    """A case that is deleted and must stay so, also when a backup brings it back.

    Rows go with the database when a backup is restored; so each is also written to the deletion list
    (`LOTSE_DELETION_LIST`), a file kept apart from the backups. `listed_at`: when that was done.
    """

    case = models.UUIDField(primary_key=True)
    deleted_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["deleted_at"],
                condition=models.Q(listed_at__isnull=True),
                name="deletion_to_list",
            )
        ]

    def __str__(self) -> str:
        return str(self.case)


class Tally(models.Model):
    """How many deleted cases of a month had something in common.

    One row for each single thing (`what` and `value`), never for a combination: combinations would
    soon be about one person.
    """

    class What(models.TextChoices):
        ASKED = "asked", _("Gespräche")
        URGENCY = "urgency", _("Dringlichkeit")
        TOPIC = "topic", _("Thema")
        AGE_BAND = "age_band", _("Alter des Kindes")
        ANSWERED = "answered", _("Erste Antwort")
        STARS = "stars", _("Bewertung")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()  # its first day
    what = models.CharField(max_length=8, choices=What)
    value = models.CharField(max_length=80, blank=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "month", "what", "value"], name="one_tally_for_each_thing"
            ),
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="tally_month_is_its_first_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.what} {self.value}: {self.count}"
