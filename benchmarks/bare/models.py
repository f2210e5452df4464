"""One row."""

from django.db import models


class Question(models.Model):
    """A question in plain text."""

    text = models.TextField(max_length=20_000)

    class Meta:
        app_label = "bare"

    def __str__(self) -> str:
        return str(self.pk)


class Said(models.Model):
    """A message in plain text."""

    room = models.CharField(max_length=50)
    text = models.TextField(max_length=4_000)

    class Meta:
        app_label = "bare"

    def __str__(self) -> str:
        return str(self.pk)
