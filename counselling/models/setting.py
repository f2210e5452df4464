"""What an organisation sets up for its counselling: topics and text modules."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, Team


class Topic(models.Model):
    """A subject that a client may choose, and the team that answers it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="topics")
    name = models.CharField(_("Thema"), max_length=80)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="topics")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="topic_name_is_unique")
        ]

    def __str__(self) -> str:
        return self.name


class TextModule(models.Model):
    """A ready piece of text for replies, in Markdown, with placeholders in double braces."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="text_modules"
    )
    title = models.CharField(_("Titel"), max_length=80)
    body = models.TextField(_("Text"), max_length=4000)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title
