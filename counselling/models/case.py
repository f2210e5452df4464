"""The case and who holds it."""

import uuid
from base64 import b32encode

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, Team
from counselling.models.setting import Topic
from counselling.sla import Channel, Urgency
from counselling.states import CaseState


def reference_of(case: uuid.UUID) -> str:
    """Return a short name for talking about a case: two groups of three, from its id."""
    letters = b32encode(case.bytes[:4]).decode()
    return f"{letters[:3]}-{letters[3:6]}"


class Case(models.Model):
    """One anonymous matter from first word to deletion, whatever the channel.

    No text that anybody typed is stored here; it is sealed in messages, drafts and `facts`.
    """

    class State(models.TextChoices):
        WAITING = CaseState.WAITING, _("wartet")
        CLAIMED = CaseState.CLAIMED, _("in Bearbeitung")
        ANSWERED = CaseState.ANSWERED, _("beantwortet")
        CLOSED = CaseState.CLOSED, _("abgeschlossen")

    class UrgencyLevel(models.IntegerChoices):
        SOFORT = Urgency.SOFORT, _("sofort")
        DRINGEND = Urgency.DRINGEND, _("dringend")
        NORMAL = Urgency.NORMAL, _("normal")

    class ChannelChoice(models.TextChoices):
        """Over what the client writes."""

        MAIL = Channel.MAIL, _("Nachrichten")
        CHAT = Channel.CHAT, _("Chat")

    class Reason(models.TextChoices):
        """Why the case stands in the queue."""

        ASKED = "asked", _("neue Frage")
        DANGER = "danger", _("Gefahr angegeben")
        WROTE_AGAIN = "wrote_again", _("neue Nachricht")
        RELEASED = "released", _("zurückgegeben")
        HANDED_OVER = "handed_over", _("von anderem Team")
        REOPENED = "reopened", _("wieder geöffnet")
        TRIAGE = "triage", _("Hinweise im Text")
        UNRATED = "unrated", _("nicht bewertet")
        REVIEWED = "reviewed", _("neu eingestuft")
        SHIFT_ENDED = "shift_ended", _("nach Dienstende zurück")
        UNANSWERED = "unanswered", _("ohne Antwort zurück")

        @classmethod
        def alarming(cls) -> frozenset["Case.Reason"]:
            """Return the reasons that ask for a look at once."""
            return frozenset([cls.DANGER, cls.TRIAGE, cls.UNRATED])

    class AgeBand(models.TextChoices):
        UNBORN = "schwanger", _("noch nicht geboren")
        BABY = "0-1", _("0 bis 1 Jahr")
        TODDLER = "1-3", _("1 bis 3 Jahre")
        PRESCHOOL = "3-6", _("3 bis 6 Jahre")
        PRIMARY = "6-10", _("6 bis 10 Jahre")
        EARLY_TEEN = "10-14", _("10 bis 14 Jahre")
        TEEN = "14-18", _("14 bis 18 Jahre")
        ADULT = "18+", _("über 18 Jahre")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="cases")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="cases")
    # The form's ticket: the same question sent twice is one case.
    submission = models.UUIDField(unique=True)
    lookup_id = models.BinaryField(unique=True, max_length=32)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    urgency = models.PositiveSmallIntegerField(choices=UrgencyLevel, default=UrgencyLevel.NORMAL)
    reason = models.CharField(max_length=12, choices=Reason, default=Reason.ASKED)
    # What the machine saw when it last raised the urgency: the code of its first signal.
    signal = models.CharField(max_length=24, blank=True)
    channel = models.CharField(max_length=4, choices=ChannelChoice, default=Channel.MAIL)
    topic = models.ForeignKey(Topic, on_delete=models.SET_NULL, null=True, blank=True)
    age_band = models.CharField(max_length=10, choices=AgeBand, blank=True)
    facts = models.BinaryField(null=True)  # sealed: what the client gave beside the text
    last_seq = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    # Where the case stands in a queue: since when somebody waits, and what is due first. Only
    # `operations/deadlines.py` writes them, out of the running deadlines. A case that was put back
    # while it waited for its client has a place too, yet no deadline.
    waiting_since = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # Since when nobody waits for anything here; from then on it is counted when to delete.
    quiet_since = models.DateTimeField(null=True)
    deletion_warned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(CaseState)), name="case_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(urgency__in=sorted(Urgency)), name="case_urgency_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=sorted(Channel)), name="case_channel_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(waiting_since__isnull=True, due_at__isnull=True)
                | models.Q(waiting_since__isnull=False, due_at__isnull=False),
                name="case_waiting_since_and_due_at_together",
            ),
            models.CheckConstraint(
                condition=models.Q(state=CaseState.CLOSED, closed_at__isnull=False)
                | (~models.Q(state=CaseState.CLOSED) & models.Q(closed_at__isnull=True)),
                name="case_closed_at_when_closed",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(CaseState.quiet()), quiet_since__isnull=False)
                | (
                    ~models.Q(state__in=sorted(CaseState.quiet()))
                    & models.Q(quiet_since__isnull=True)
                ),
                name="case_quiet_since_when_quiet",
            ),
            models.CheckConstraint(
                condition=models.Q(deletion_warned_at__isnull=True)
                | models.Q(state=CaseState.CLOSED),
                name="case_deletion_is_warned_of_when_closed",
            ),
        ]
        indexes = [
            # The queue page reads the first rows of this index and no more, however many wait.
            models.Index(
                fields=["team", "urgency", "due_at", "id"],
                condition=models.Q(state=CaseState.WAITING),
                name="case_queue",
            ),
            # What somebody works at while its client waits: few, however many wait in queues.
            models.Index(
                fields=["organisation"],
                condition=models.Q(state=CaseState.CLAIMED),
                name="case_claimed",
            ),
            # The retention sweeps read what has rested long enough, and no more.
            models.Index(
                fields=["organisation", "state", "quiet_since"],
                condition=models.Q(quiet_since__isnull=False),
                name="case_quiet",
            ),
            models.Index(
                fields=["organisation", "quiet_since"],
                condition=models.Q(state=CaseState.CLOSED, deletion_warned_at__isnull=True),
                name="case_to_warn",
            ),
            # What was closed last, of a team: one page of it, however many were.
            models.Index(
                fields=["team", "-closed_at", "id"],
                condition=models.Q(closed_at__isnull=False),
                name="case_closed_last",
            ),
            # Where an alarm may wait for a human's review: it has raised the urgency.
            models.Index(
                fields=["team", "urgency", "created_at", "id"],
                condition=models.Q(closed_at__isnull=True, urgency__lt=Urgency.NORMAL),
                name="case_urgent",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """Return the short name of the case."""
        return reference_of(self.pk)


class Claim(models.Model):
    """A counsellor holds a case, from claiming to letting go. At most one is open per case."""

    class End(models.TextChoices):
        RELEASED = "released"
        HANDED_OVER = "handed_over"
        CLOSED = "closed"
        MEMBER_LEFT = "member_left"
        SHIFT_ENDED = "shift_ended"
        UNANSWERED = "unanswered"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="claims")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="claims")
    claimed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=12, choices=End, blank=True)
    # When the case goes back to the queue if there is no reply by then; set while the client waits.
    returns_at = models.DateTimeField(null=True)
    return_warned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(ended_at__isnull=True), name="one_open_claim"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(end="")),
                name="claim_ended_at_and_end_together",
            ),
        ]
        indexes = [
            # The sweep reads what is due to go back, and no more.
            models.Index(
                fields=["returns_at"],
                condition=models.Q(ended_at__isnull=True, returns_at__isnull=False),
                name="claim_to_return",
            ),
            models.Index(
                fields=["member"], condition=models.Q(ended_at__isnull=True), name="claim_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} held by {self.member_id}"
