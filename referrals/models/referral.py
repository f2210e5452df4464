"""A referral: what is handed to one service with one consent, and everything that became of it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Membership, Organisation, Team
from audit.models import TrailEntry
from counselling.models import Case
from referrals.models.service import Service
from referrals.states import ReferralMove, ReferralState


class Decline(models.TextChoices):
    """Why a service does not take somebody."""

    FULL = "full", _("keine Plätze")
    NOT_OURS = "not_ours", _("nicht unser Angebot")
    AREA = "area", _("anderes Einzugsgebiet")
    AGE = "age", _("anderes Alter")
    LANGUAGE = "language", _("Sprache fehlt hier")
    NO_CONTACT = "no_contact", _("niemanden erreicht")
    OTHER = "other", _("anderer Grund")


class Outcome(models.TextChoices):
    """What came of it, as the service sees it."""

    HELPED = "helped", _("Hilfe ist erfolgt")
    ONGOING = "ongoing", _("Hilfe läuft weiter")
    PARTLY = "partly", _("Hilfe teilweise erfolgt")
    BROKEN_OFF = "broken_off", _("abgebrochen")
    NOT_FITTING = "not_fitting", _("Angebot passte nicht")


class OwnReport(models.TextChoices):
    """What the client says themself, kept apart from the service's word."""

    HELPED = "helped", _("Ja, mir wurde geholfen")
    ON_THE_WAY = "on_the_way", _("Es läuft noch")
    NO_CONTACT = "no_contact", _("Es hat sich niemand gemeldet")
    NOT_HELPED = "not_helped", _("Nein, es hat nicht geholfen")


class Referral(models.Model):
    """One service, suggested from one case, and whatever became of it.

    Nothing that anybody wrote is readable here. `draft` and `codes` are sealed under the case's key;
    `payload`, what was confirmed and sent, under the referral's own (`vault/parcels.py`), which the
    partner has, too. A referral whose case is deleted keeps states and times and nothing else.

    `team`: the case's, so that a list of a team reads no other's; None where the case is gone, and for what
    the release before wrote (ADR 0100). `desk`: the partner's team that it was sealed for; None for a link,
    a letter, a call, a card.
    `land`: of the service when it was sent, for working days. `due_at`: when the partner is reminded,
    and once that has happened (`reminded_at`) when it goes back. `arrival_code`: of a card, as a hash.
    """

    class State(models.TextChoices):
        SUGGESTED = ReferralState.SUGGESTED, _("vorgeschlagen")
        PREPARED = ReferralState.PREPARED, _("wird vorbereitet")
        SECOND = ReferralState.SECOND, _("wartet auf zweite Person")
        CARD = ReferralState.CARD, _("Code mitgenommen")
        SENT = ReferralState.SENT, _("gesendet")
        ASKED = ReferralState.ASKED, _("Rückfrage")
        ACCEPTED = ReferralState.ACCEPTED, pgettext_lazy("referral", "angenommen")
        WAITLISTED = ReferralState.WAITLISTED, _("auf der Warteliste")
        OFFERED = ReferralState.OFFERED, _("Termine angeboten")
        APPOINTMENT = ReferralState.APPOINTMENT, _("Termin vereinbart")
        ARRIVED = ReferralState.ARRIVED, _("angekommen")
        STARTED = ReferralState.STARTED, _("Hilfe begonnen")
        RETURNED = ReferralState.RETURNED, _("ohne Antwort zurück")
        COMPLETED = ReferralState.COMPLETED, pgettext_lazy("referral", "abgeschlossen")
        DECLINED = ReferralState.DECLINED, pgettext_lazy("referral", "abgelehnt")
        FORWARDED = ReferralState.FORWARDED, _("andere Stelle empfohlen")
        DISMISSED = ReferralState.DISMISSED, _("nicht gewählt")
        WITHDRAWN = ReferralState.WITHDRAWN, _("zurückgenommen")
        EXPIRED = ReferralState.EXPIRED, pgettext_lazy("referral", "abgelaufen")

    class Way(models.TextChoices):
        DESK = "desk", _("Postfach der Stelle")
        LINK = "link", _("einmaliger Link")
        LETTER = "letter", _("Brief, Fax oder Telefon")
        CARD = "card", _("Code zum Mitnehmen")

    class Basis(models.TextChoices):
        CONSENT = "consent", _("Einwilligung")
        NECESSITY = "necessity", _("akute Gefahr, ohne Einwilligung")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(
        Case, on_delete=models.SET_NULL, null=True, blank=True, related_name="referrals"
    )
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    service = models.ForeignKey(
        Service, on_delete=models.SET_NULL, null=True, blank=True, related_name="referrals"
    )
    forwarded_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="forwarded_to"
    )
    suggested_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    basis = models.CharField(max_length=9, choices=Basis, default=Basis.CONSENT)
    way = models.CharField(max_length=6, choices=Way, blank=True)
    desk = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=11, choices=State, default=State.SUGGESTED)
    land = models.CharField(max_length=2, blank=True)
    district = models.CharField(max_length=5, blank=True)
    draft = models.BinaryField(null=True)
    codes = models.BinaryField(null=True)
    payload = models.BinaryField(null=True)
    arrival_code = models.BinaryField(null=True, unique=True, max_length=32)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)  # first word of the service after sending
    accepted_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    weeks = models.PositiveSmallIntegerField(null=True, blank=True)
    decline = models.CharField(max_length=10, choices=Decline, blank=True)
    outcome = models.CharField(max_length=11, choices=Outcome, blank=True)
    report_early = models.CharField(max_length=10, choices=OwnReport, blank=True)
    report_late = models.CharField(max_length=10, choices=OwnReport, blank=True)
    handled_at = models.DateTimeField(null=True)
    handled_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(ReferralState)), name="referral_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(handled_at__isnull=True, handled_by__isnull=True)
                | models.Q(handled_at__isnull=False, handled_by__isnull=False),
                name="referral_handled_at_and_by_together",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(ReferralState.ended()), ended_at__isnull=False)
                | (
                    ~models.Q(state__in=sorted(ReferralState.ended()))
                    & models.Q(ended_at__isnull=True)
                ),
                name="referral_ended_at_when_ended",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=sorted(ReferralState.with_partner()))
                | models.Q(sent_at__isnull=False)
                | models.Q(way="card"),
                name="referral_with_partner_was_sent",
            ),
            models.CheckConstraint(
                condition=models.Q(case__isnull=False)
                | models.Q(draft__isnull=True, codes__isnull=True, payload__isnull=True),
                name="referral_without_case_holds_no_text",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="referral_due"
            ),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(ended_at__isnull=True),
                name="referral_expiring",
            ),
            models.Index(
                fields=["desk", "due_at", "sent_at"],
                condition=models.Q(ended_at__isnull=True),
                name="referral_desk_open",
            ),
            models.Index(
                fields=["desk", "-ended_at"],
                condition=models.Q(ended_at__isnull=False),
                name="referral_desk_ended",
            ),
            # What a counsellor sees first: what changed last among what is open or was not looked at.
            models.Index(
                fields=["team", "-changed_at"],
                condition=models.Q(ended_at__isnull=True),
                name="referral_open_of_team",
            ),
            models.Index(
                fields=["team", "-changed_at"],
                condition=models.Q(
                    handled_at__isnull=True,
                    state__in=sorted(ReferralState.needs_look() | {ReferralState.WITHDRAWN}),
                ),
                name="referral_unhandled_of_team",
            ),
            models.Index(
                fields=["organisation"],
                condition=models.Q(team__isnull=True, case__isnull=False),
                name="referral_without_team",
            ),
            models.Index(
                fields=["changed_at"],
                condition=models.Q(case__isnull=True),
                name="referral_without_case",
            ),
            models.Index(fields=["service", "sent_at"], name="referral_service"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({self.state})"

    @property
    def is_open(self) -> bool:
        """Say whether something is still to happen."""
        return ReferralState(self.state) in ReferralState.open()


class Consent(models.Model):
    """What a client allowed: one recipient, one purpose, these fields, this text, until then.

    `digest`: of exactly what was shown and confirmed, under the referral's own key, so that nobody who
    has the database can try texts against it. What happened with it later stands in `Act`.
    """

    class Purpose(models.TextChoices):
        GET_HELP = "get_help", _("damit diese Stelle helfen kann")

    class About(models.TextChoices):
        """Of whom the text tells: the guided question before sending."""

        SELF = "self", _("nur um mich")
        OWN_CHILD = "own_child", _("auch um mein Kind")
        MINOR = "minor", _("um mich, und ich bin unter 18")
        OTHERS = "others", _("auch um andere Erwachsene")

    referral = models.OneToOneField(Referral, on_delete=models.CASCADE, related_name="consent")
    recipient = models.UUIDField()  # the service's id
    recipient_name = models.CharField(max_length=300)
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.GET_HELP)
    fields = models.JSONField()
    about = models.CharField(max_length=9, choices=About)
    digest = models.BinaryField(max_length=32)
    confirmed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("confirmed_at")),
                name="consent_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return f"{self.referral_id} for {self.recipient}"

    def holds(self, at: object) -> bool:
        """Say whether it lets the recipient read at a moment."""
        return self.revoked_at is None and bool(at < self.expires_at)  # type: ignore[operator]


class Necessity(models.Model):
    """Handing on without consent in acute danger: who found it necessary, why, and who confirmed it.

    § 34 StGB, § 4 KKG. `sealed`: the reason in words, under the case's key. `told`: the client was told
    before; `not_told`: why not.
    """

    class Ground(models.TextChoices):
        LIFE = "life", _("Gefahr für Leib oder Leben (§ 34 StGB)")
        CHILD = "child", _("Gefährdung eines Kindes (§ 4 KKG)")

    class NotTold(models.TextChoices):
        DANGER = "danger", _("Das hätte die Gefahr vergrößert")
        NOT_REACHED = "not_reached", _("Die Person war nicht zu erreichen")

    referral = models.OneToOneField(Referral, on_delete=models.CASCADE, related_name="necessity")
    ground = models.CharField(max_length=5, choices=Ground)
    told = models.BooleanField()
    not_told = models.CharField(max_length=11, choices=NotTold, blank=True)
    sealed = models.BinaryField()
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(proposed_at__isnull=False, proposed_by__isnull=False),
                name="necessity_proposed_at_and_by_together",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | models.Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="necessity_confirmed_at_and_by_together",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True)
                | ~models.Q(confirmed_by=models.F("proposed_by")),
                name="necessity_takes_two",
            ),
            models.CheckConstraint(
                condition=models.Q(told=True, not_told="")
                | (models.Q(told=False) & ~models.Q(not_told="")),
                name="necessity_says_why_nobody_was_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.referral_id} {self.ground}"


class Act(models.Model):
    """One thing that happened to a referral, with the state before and after. Never changed.

    `sealed`: what was written with it, under the referral's own key. `entered`: a counsellor wrote it
    down for a partner who phoned or wrote.
    """

    class Move(models.TextChoices):
        SUGGEST = "suggest", _("vorgeschlagen")
        PROPOSE = "propose", _("ohne Einwilligung vorgesehen")
        OPEN = "open", _("gelesen")
        REPORT = "report", _("selbst berichtet")
        NEW_LINK = "new_link", _("neuer Link")
        PREPARE = ReferralMove.PREPARE
        CONFIRM = ReferralMove.CONFIRM
        DISMISS = ReferralMove.DISMISS
        TAKE_BACK = ReferralMove.TAKE_BACK
        TAKE_CODE = ReferralMove.TAKE_CODE
        SECOND_YES = ReferralMove.SECOND_YES
        ASK_BACK = ReferralMove.ASK_BACK
        ANSWER = ReferralMove.ANSWER
        ACCEPT = ReferralMove.ACCEPT
        WAITLIST = ReferralMove.WAITLIST
        DECLINE = ReferralMove.DECLINE
        FORWARD = ReferralMove.FORWARD
        OFFER = ReferralMove.OFFER
        PICK = ReferralMove.PICK
        NONE_FITS = ReferralMove.NONE_FITS
        ARRIVE = ReferralMove.ARRIVE
        MISS = ReferralMove.MISS
        BEGIN = ReferralMove.BEGIN
        COMPLETE = ReferralMove.COMPLETE
        REMIND = ReferralMove.REMIND
        RETURN = ReferralMove.RETURN
        REVOKE = ReferralMove.REVOKE
        EXPIRE = ReferralMove.EXPIRE

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="acts")
    number = models.PositiveIntegerField()
    move = models.CharField(max_length=10, choices=Move)
    old = models.CharField(max_length=11, blank=True)
    new = models.CharField(max_length=11)
    actor_kind = models.CharField(max_length=8, choices=TrailEntry.ActorKind)
    member = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    entered = models.BooleanField(default=False)
    sealed = models.BinaryField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["referral", "number"], name="act_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.referral_id} #{self.number} {self.move}"
