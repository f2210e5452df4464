"""The chat's own rows: where it stands and whose turn it is. What is said in it is in its case."""

import uuid
from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from chat.states import ChatState
from counselling.models import Case


class Chat(models.Model):
    """A live conversation in a case. Who sits in it is who holds the case.

    kept_until: until when the client keeps their place; put off while they are connected.
    seat_until: until when its counsellor counts as there; put off likewise. client_read, team_read: up
    to which entry of the case each side has looked. quiet_until: when it ends by itself unless somebody
    writes; that holds while `quiet_seq` is the case's newest entry. here_at: when the client last said
    without words that they are there.
    """

    class State(models.TextChoices):
        WAITING = ChatState.WAITING, _("wartet")
        ACTIVE = ChatState.ACTIVE, _("läuft")
        INTERRUPTED = ChatState.INTERRUPTED, _("unterbrochen")
        ENDED = ChatState.ENDED, _("beendet")
        MAIL = ChatState.MAIL, _("als Nachricht weiter")
        LEFT = ChatState.LEFT, _("verlassen")

    class Why(models.TextChoices):
        """Why a chat is over."""

        CLIENT = "client"
        COUNSELLOR = "counsellor"
        GONE = "gone"  # the client's connection was gone for too long
        CLOSING = "closing"  # nobody could come before the chat closed
        CLOSED = "closed"  # the case was closed
        QUIET = "quiet"  # nobody wrote for too long, and a warning had been shown

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="chats")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="chats")
    state = models.CharField(max_length=11, choices=State, default=State.WAITING)
    entered_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=10, choices=Why, blank=True)
    kept_until = models.DateTimeField()
    seat_until = models.DateTimeField(null=True)
    client_read = models.PositiveIntegerField(default=0)
    team_read = models.PositiveIntegerField(default=0)
    quiet_seq = models.PositiveIntegerField(null=True)
    quiet_until = models.DateTimeField(null=True)
    here_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["entered_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(ChatState)), name="chat_state_is_known"
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(state__in=sorted(ChatState.open())),
                name="one_open_chat_per_case",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(ChatState.open()), over_at__isnull=True, why="")
                | (
                    ~models.Q(state__in=sorted(ChatState.open()))
                    & models.Q(over_at__isnull=False)
                    & ~models.Q(why="")
                ),
                name="chat_over_at_and_why_when_over",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=sorted(ChatState.seated()),
                    seat_until__isnull=False,
                    taken_at__isnull=False,
                )
                | (
                    ~models.Q(state__in=sorted(ChatState.seated()))
                    & models.Q(seat_until__isnull=True)
                ),
                name="chat_seat_until_when_seated",
            ),
            models.CheckConstraint(
                condition=models.Q(quiet_seq__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_seq__isnull=False, quiet_until__isnull=False),
                name="chat_quiet_seq_and_until_together",
            ),
        ]
        indexes = [
            # The sweeps and the desk read the chats that go on, and no more.
            models.Index(
                fields=["organisation", "state", "entered_at"],
                condition=models.Q(over_at__isnull=True),
                name="chat_open",
            ),
            # How long the latest chats lasted.
            models.Index(
                fields=["organisation", "-over_at"],
                condition=models.Q(over_at__isnull=False, taken_at__isnull=False),
                name="chat_lengths",
            ),
        ]

    def __str__(self) -> str:
        return f"chat in {self.case_id} ({self.state})"

    @property
    def ends_by_itself_at(self) -> datetime | None:
        """Return when the chat ends unless somebody writes, or None. Wants the case as it is now."""
        return self.quiet_until if self.quiet_seq == self.case.last_seq else None


class Companion(models.Model):
    """A colleague who has joined a chat openly, beside the counsellor who sits in it."""

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="companions")
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["joined_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["chat", "member"],
                condition=models.Q(left_at__isnull=True),
                name="one_place_beside_a_chat_each",
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True)
                | models.Q(left_at__gte=models.F("joined_at")),
                name="companion_leaves_after_joining",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} beside {self.chat_id}"


class ChatRules(models.Model):
    """Whether and how an organisation chats; without a row it does not."""

    organisation = models.OneToOneField(
        Organisation, on_delete=models.CASCADE, primary_key=True, related_name="chat_rules"
    )
    offered = models.BooleanField(_("Wir bieten Chat an"), default=False)
    most_waiting = models.PositiveSmallIntegerField(
        _("So viele dürfen auf jeden freien oder besetzten Platz warten"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    keep_minutes = models.PositiveSmallIntegerField(
        _("So lange bleibt ein Platz ohne Verbindung frei, in Minuten"),
        default=5,
        validators=[MinValueValidator(2), MaxValueValidator(60)],
    )
    last_entry_minutes = models.PositiveSmallIntegerField(
        _("Kein Einlass mehr vor dem Ende, in Minuten"),
        default=15,
        validators=[MinValueValidator(0), MaxValueValidator(120)],
    )
    quiet_minutes = models.PositiveSmallIntegerField(
        _("So lange darf es still sein, bevor wir nachfragen, in Minuten"),
        default=15,
        validators=[MinValueValidator(2), MaxValueValidator(120)],
    )
    quiet_end_minutes = models.PositiveSmallIntegerField(
        _("So lange nach der Nachfrage endet der Chat, in Minuten"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )

    silent_reading = models.BooleanField(
        _("Kolleginnen und Kollegen aus dem Team dürfen still mitlesen"), default=False
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    most_waiting__range=(1, 20),
                    keep_minutes__range=(2, 60),
                    last_entry_minutes__range=(0, 120),
                    quiet_minutes__range=(2, 120),
                    quiet_end_minutes__range=(1, 60),
                ),
                name="chat_rules_are_within_reason",
            )
        ]

    def __str__(self) -> str:
        return f"chat rules of {self.organisation_id}"
