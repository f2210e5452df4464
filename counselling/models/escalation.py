"""Alarms: the ladder that an urgent case climbs until a human confirms, and what it is made of."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, Team
from counselling import ladders
from counselling.models.case import Case
from counselling.sla import Urgency


class Whom(models.TextChoices):
    """Whom a step alarms, in words."""

    ON_DUTY = ladders.Whom.ON_DUTY, _("Wer Dienst hat")
    LEADS = ladders.Whom.LEADS, _("Schichtleitung")
    ON_CALL = ladders.Whom.ON_CALL, _("Rufbereitschaft, der Reihe nach")
    EVERYBODY = ladders.Whom.EVERYBODY, _("Alle im Team und alle Leitungen")


class LadderStep(models.Model):
    """One step of an organisation's own ladder for an urgency; without any the defaults hold."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="ladder_steps"
    )
    urgency = models.PositiveSmallIntegerField(choices=Case.UrgencyLevel)
    position = models.PositiveSmallIntegerField()
    whom = models.CharField(_("Wen"), max_length=10, choices=Whom)
    mail = models.BooleanField(_("E-Mail"), default=True)
    push = models.BooleanField(_("Meldung aufs Gerät"), default=True)
    webhook = models.BooleanField(_("SMS oder Rufgerät"), default=False)
    wait = models.PositiveSmallIntegerField(
        _("Minuten warten"),
        validators=[MinValueValidator(1), MaxValueValidator(ladders.LONGEST_WAIT)],
    )

    class Meta:
        ordering = ["urgency", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "urgency", "position"], name="ladder_step_has_its_place"
            ),
            models.CheckConstraint(
                condition=models.Q(wait__range=(1, ladders.LONGEST_WAIT)),
                name="ladder_step_waits_a_while",
            ),
            models.CheckConstraint(
                condition=models.Q(urgency__in=sorted(Urgency)), name="ladder_urgency_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"step {self.position} of {self.organisation_id}: {self.whom}"


class AlarmRules(models.Model):
    """When an organisation's people sleep; without a row the defaults of `ladders.Quiet` hold."""

    organisation = models.OneToOneField(
        Organisation, on_delete=models.CASCADE, primary_key=True, related_name="alarm_rules"
    )
    quiet_begins = models.TimeField(_("Ruhezeit von"), default=ladders.Quiet().begins)
    quiet_ends = models.TimeField(_("Ruhezeit bis"), default=ladders.Quiet().ends)

    def __str__(self) -> str:
        return f"quiet hours of {self.organisation_id}"


class AlarmNumber(models.Model):
    """The number under which the organisation's gateway reaches a member, in E.164."""

    member = models.OneToOneField(
        Membership, on_delete=models.CASCADE, primary_key=True, related_name="alarm_number"
    )
    number = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"number of {self.member_id}"


class Escalation(models.Model):
    """One alarm about a case: it climbs its ladder until it is ended, and at most one is open per case.

    `team`: the case's, so that a list of a team reads no other's; None for what the release before wrote
    (ADR 0100). `round_at`: what it is about, so that the same thing alarms once: the moment of the message, or
    since when the client waits. `taken`: how many steps were taken; `calls`: how many of them went to
    who is on call. `moved_at`: when that last changed, `next_at`: when the next step is due.
    """

    class Why(models.TextChoices):
        URGENT = "urgent", _("dringliche Nachricht")
        WARNING = "warning", _("Frist läuft bald ab")
        BREACH = "breach", _("Frist ist abgelaufen")
        NOBODY = "nobody", _("niemand hat Dienst")
        APPROVAL = "approval", _("Antwort wartet auf Freigabe")

    class How(models.TextChoices):
        """How it ended."""

        PAGE = "page", _("auf der Seite bestätigt")
        MAIL = "mail", _("aus der E-Mail bestätigt")
        WEBHOOK = "webhook", _("am Telefon bestätigt")
        CLAIM = "claim", _("Fall übernommen")
        READ = "read", _("von der zuständigen Person gelesen")
        REPLY = "reply", _("beantwortet")
        REVIEW = "review", _("herabgestuft")
        CLOSED = "closed", _("Fall abgeschlossen")
        SUPERSEDED = "superseded", _("durch dringenderen Alarm ersetzt")

        @classmethod
        def acknowledging(cls) -> list["Escalation.How"]:
            """Return the ends that say nothing but that a human has looked; the case does not change."""
            return [cls.PAGE, cls.MAIL, cls.WEBHOOK, cls.READ]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="escalations"
    )
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="escalations")
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    urgency = models.PositiveSmallIntegerField(choices=Case.UrgencyLevel)
    why = models.CharField(max_length=8, choices=Why)
    round_at = models.DateTimeField()
    started_at = models.DateTimeField()
    taken = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    moved_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    how = models.CharField(max_length=10, choices=How, blank=True)
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(ended_at__isnull=True),
                name="one_open_escalation_per_case",
            ),
            models.UniqueConstraint(
                fields=["case", "why", "round_at"], name="the_same_thing_alarms_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, how="", next_at__isnull=False)
                | (models.Q(ended_at__isnull=False, next_at__isnull=True) & ~models.Q(how="")),
                name="escalation_ends_somehow_or_goes_on",
            ),
            models.CheckConstraint(
                condition=models.Q(urgency__in=sorted(Urgency)), name="escalation_urgency_is_known"
            ),
        ]
        indexes = [
            # The sweep reads what is due; the pages read what is open.
            models.Index(
                fields=["next_at"],
                condition=models.Q(ended_at__isnull=True),
                name="escalation_due",
            ),
            models.Index(
                fields=["organisation", "urgency", "started_at", "id"],
                condition=models.Q(ended_at__isnull=True),
                name="escalation_open",
            ),
            models.Index(
                fields=["organisation", "-ended_at", "id"],
                condition=models.Q(ended_at__isnull=False),
                name="escalation_ended",
            ),
            # The same for who sees the alarms of their teams only.
            models.Index(
                fields=["team", "urgency", "started_at", "id"],
                condition=models.Q(ended_at__isnull=True),
                name="escalation_open_of_team",
            ),
            models.Index(
                fields=["team", "-ended_at", "id"],
                condition=models.Q(ended_at__isnull=False),
                name="escalation_ended_of_team",
            ),
            models.Index(
                fields=["organisation"],
                condition=models.Q(team__isnull=True),
                name="escalation_without_team",
            ),
            models.Index(
                fields=["moved_at"],
                condition=models.Q(ended_at__isnull=True),
                name="escalation_moved",
            ),
        ]

    def __str__(self) -> str:
        return f"alarm for {self.case_id}, {self.taken} steps"


class EscalationStep(models.Model):
    """One step that was taken, for good. `instead`: who was alarmed in place of nobody, a code.

    `reached`: how many people it is for. `sent`: how many messages were promised to them; the page has
    it in any case.
    """

    class Instead(models.TextChoices):
        ON_CALL = "on_call", _("Rufbereitschaft")
        SUPERVISORS = "supervisors", _("alle Leitungen")
        EVERYBODY = "everybody", _("alle, die antworten")
        ADMINS = "admins", _("Verwaltung")
        NOBODY = "nobody", _("niemand erreichbar")

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    whom = models.CharField(max_length=10, choices=Whom)
    instead = models.CharField(max_length=12, choices=Instead, blank=True)
    reached = models.PositiveSmallIntegerField()
    sent = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["escalation", "number"]
        constraints = [
            models.UniqueConstraint(fields=["escalation", "number"], name="a_step_is_taken_once")
        ]

    def __str__(self) -> str:
        return f"step {self.number}: {self.whom}, {self.reached} people"
