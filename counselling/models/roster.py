"""Who works when: weekly patterns, shifts, absences, swaps, and who is called in the end."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, Team

DAY = 24 * 60  # minutes
LONGEST = 16 * 60  # minutes of one shift


class Channel(models.TextChoices):
    """What somebody answers during a shift."""

    MAIL = "mail", _("Fragen")
    CHAT = "chat", _("Chat")
    BOTH = "both", _("Fragen und Chat")

    def covers(self, channel: "Channel") -> bool:
        """Say whether a shift on this channel serves another one; both takes both."""
        return self is Channel.BOTH or self is channel


class Pattern(models.Model):
    """A shift that comes back every week; its shifts are made some weeks ahead.

    `begins` and `ends`: minutes after midnight of its day on the wall clock of `zone`; `ends` goes
    beyond 1440 when the shift ends on the next day.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="patterns"
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="patterns")
    # Nobody: every week an open shift, which somebody may take.
    member = models.ForeignKey(
        Membership, on_delete=models.CASCADE, null=True, related_name="patterns"
    )
    weekday = models.PositiveSmallIntegerField()  # 0: Monday
    begins = models.PositiveSmallIntegerField()
    ends = models.PositiveSmallIntegerField()
    zone = models.CharField(max_length=64)
    channel = models.CharField(max_length=4, choices=Channel, default=Channel.BOTH)
    capacity = models.PositiveSmallIntegerField()  # cases at once
    lead = models.BooleanField(default=False)
    first_day = models.DateField()
    last_day = models.DateField(null=True)
    made_until = models.DateField(null=True)  # shifts are there up to and with this day

    class Meta:
        ordering = ["weekday", "begins"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6), name="pattern_is_on_a_weekday"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    begins__lt=DAY,
                    ends__gt=models.F("begins"),
                    ends__lte=models.F("begins") + LONGEST,
                ),
                name="pattern_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=models.Q(last_day__isnull=True)
                | models.Q(last_day__gte=models.F("first_day")),
                name="pattern_has_its_days_in_order",
            ),
        ]
        indexes = [models.Index(fields=["made_until"], name="pattern_to_make")]

    def __str__(self) -> str:
        return f"weekday {self.weekday}, {self.begins} to {self.ends}"


class Shift(models.Model):
    """Somebody is on duty from a moment until before another, in a team, on a channel.

    `member`: nobody while it is open and waits to be taken. `lead`: who is called when nobody looks.
    `successor`: who gets what is unanswered at its end; nobody: the queue. `settled_at`: when that was
    done.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="shifts")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="shifts")
    member = models.ForeignKey(
        Membership, on_delete=models.CASCADE, null=True, related_name="shifts"
    )
    pattern = models.ForeignKey(
        Pattern, on_delete=models.SET_NULL, null=True, related_name="shifts"
    )
    day = models.DateField(null=True)  # of the pattern
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    channel = models.CharField(max_length=4, choices=Channel, default=Channel.BOTH)
    capacity = models.PositiveSmallIntegerField()
    lead = models.BooleanField(default=False)
    successor = models.ForeignKey(
        Membership, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="shift_ends_after_it_begins",
            ),
            models.UniqueConstraint(fields=["pattern", "day"], name="shift_is_made_once"),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "ends_at"],
                condition=models.Q(cancelled_at__isnull=True),
                name="shift_of_organisation",
            ),
            models.Index(
                fields=["member", "ends_at"],
                condition=models.Q(cancelled_at__isnull=True),
                name="shift_of_member",
            ),
            # The sweep reads what has ended and is not done yet.
            models.Index(
                fields=["ends_at"],
                condition=models.Q(settled_at__isnull=True, cancelled_at__isnull=True),
                name="shift_to_settle",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M}"


class Absence(models.Model):
    """Somebody is not there, whatever the roster says. Why is nobody's business and not kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)  # when what they held went back

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="absence_ends_after_it_begins",
            )
        ]
        indexes = [
            models.Index(fields=["member", "ends_at"], name="absence_of_member"),
            models.Index(
                fields=["starts_at"],
                condition=models.Q(settled_at__isnull=True),
                name="absence_to_settle",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} from {self.starts_at:%Y-%m-%d %H:%M}"


class Swap(models.Model):
    """Somebody asks a colleague to take a shift; it changes hands when the colleague accepts.

    `in_return`: a shift of the colleague that comes back for it, or none.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("angefragt")
        ACCEPTED = "accepted", _("angenommen")
        DECLINED = "declined", _("abgelehnt")
        WITHDRAWN = "withdrawn", _("zurückgezogen")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="swaps")
    giver = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    taker = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    in_return = models.ForeignKey(Shift, on_delete=models.CASCADE, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="asked", decided_at__isnull=True)
                | (~models.Q(state="asked") & models.Q(decided_at__isnull=False)),
                name="swap_decided_at_when_decided",
            ),
            models.UniqueConstraint(
                fields=["shift"], condition=models.Q(state="asked"), name="one_open_swap_per_shift"
            ),
            models.CheckConstraint(
                condition=~models.Q(giver=models.F("taker")), name="swap_is_between_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift_id} from {self.giver_id} to {self.taker_id}"


class OnCall(models.Model):
    """Somebody who is called when nobody on duty looks, in order of `position`.

    Without times: always; with them: from the one until before the other.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="on_call")
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="on_call")
    position = models.PositiveSmallIntegerField(default=0)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_at__isnull=True)
                | models.Q(ends_at__isnull=True)
                | models.Q(ends_at__gt=models.F("starts_at")),
                name="on_call_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.member_id}"


class RosterFeed(models.Model):
    """The secret link under which somebody's calendar program reads their shifts.

    `token_hash`: SHA-256 of the secret, which is shown once and not kept.
    """

    member = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="roster_feed")
    token_hash = models.BinaryField(unique=True, max_length=32)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"feed of {self.member_id}"
