"""What was promised to somebody outside, and where it goes. Texts are neutral and soon wiped."""

import secrets
import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """Over what something is sent."""

    MAIL = "mail", _("E-Mail")
    PUSH = "push", _("Meldung aufs Gerät")
    WEBHOOK = "webhook", _("SMS oder Rufgerät")


class Delivery(models.Model):
    """One message to one recipient over one channel, promised inside the transaction that wants it.

    `key`: its name in the world of who promised it; the same key is the same delivery. `to`: a mail
    address, the id of a push subscription, or a number for the gateway. `due_at`: when the sweep looks
    at it next; while it is being sent, when the claim on it expires. `touched_at`: when it was last
    changed, so that a clock that was set back is noticed.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("wartet")
        SENDING = "sending", _("wird gesendet")
        SENT = "sent", _("gesendet")
        DEAD = "dead", _("nicht zustellbar")  # a human may try again
        DROPPED = "dropped", _("aufgegeben")
        WITHDRAWN = "withdrawn", _("zurückgezogen")

        @classmethod
        def open(cls) -> list["Delivery.State"]:
            """Return the states in which the sweep still looks at a delivery."""
            return [cls.WAITING, cls.SENDING]

        @classmethod
        def with_text(cls) -> list["Delivery.State"]:
            """Return the states in which the text is still needed."""
            return [cls.WAITING, cls.SENDING, cls.DEAD]

    class Failure(models.TextChoices):
        """Why the last try failed."""

        NOT_SET_UP = "not_set_up", _("Dieser Weg ist nicht eingerichtet.")
        UNREACHABLE = "unreachable", _("Die Gegenstelle ist nicht erreichbar.")
        TOO_SLOW = "too_slow", _("Die Gegenstelle hat zu lange gebraucht.")
        ANSWER = "answer", _("Die Gegenstelle hat keine brauchbare Antwort gegeben.")
        REFUSED = "refused", _("Die Gegenstelle hat abgelehnt.")
        GONE = "gone", _("Das Gerät ist abgemeldet.")
        ADDRESS = "address", _("Die Adresse ist nicht erlaubt.")
        BROKEN = "broken", _("Beim Senden ist ein Fehler aufgetreten.")

        @classmethod
        def way_is_closed(cls) -> list["Delivery.Failure"]:
            """Return the failures of the way, for which the delivery itself can do nothing."""
            return [cls.UNREACHABLE, cls.TOO_SLOW]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200, unique=True)
    organisation = models.UUIDField(null=True)
    channel = models.CharField(max_length=8, choices=Channel)
    to = models.CharField(max_length=320)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=12, choices=Failure, blank=True)
    promised_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    touched_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sending"], due_at__isnull=False)
                | (~models.Q(state__in=["waiting", "sending"]) & models.Q(due_at__isnull=True)),
                name="delivery_is_due_while_open",
            ),
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False)
                | (~models.Q(state="sent") & models.Q(sent_at__isnull=True)),
                name="delivery_sent_at_when_sent",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sending", "dead"])
                | models.Q(subject="", body=""),
                name="delivery_text_is_wiped",
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=["mail", "push", "webhook"]),
                name="delivery_channel_is_known",
            ),
        ]
        indexes = [
            # The sweep reads what is due and no more.
            models.Index(
                fields=["channel", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="delivery_due",
            ),
            models.Index(
                fields=["touched_at"],
                condition=models.Q(due_at__isnull=False),
                name="delivery_touched",
            ),
            models.Index(
                fields=["organisation", "touched_at"],
                condition=models.Q(state="dead"),
                name="delivery_dead",
            ),
            models.Index(
                fields=["touched_at"],
                condition=models.Q(due_at__isnull=True),
                name="delivery_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.id}: {self.state}"


class PushSubscription(models.Model):
    """A browser that may be woken. `owner`: the person's id. Address and keys come from the browser."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.UUIDField(db_index=True)
    endpoint = models.URLField(max_length=1000, unique=True)
    public_key = models.BinaryField(max_length=65)
    secret = models.BinaryField(max_length=16)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"browser of {self.owner} since {self.created_at:%Y-%m-%d}"


def _salt() -> bytes:
    return secrets.token_bytes(16)


class Gateway(models.Model):
    """Where an organisation's SMS or paging gateway takes calls. `salt`: changes with its secret."""

    organisation = models.UUIDField(primary_key=True)
    address = models.URLField(_("Adresse"), max_length=500)
    salt = models.BinaryField(max_length=16, default=_salt)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"gateway of {self.organisation}"
