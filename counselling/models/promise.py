"""What is promised and by when: working hours, service levels, running deadlines, breaches."""

import uuid
from datetime import date
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, Team
from counselling import working_time
from counselling.models.case import Case
from counselling.sla import Happened, Response, Urgency
from counselling.working_time import Span

LONGEST_TARGET = 14 * 24 * 60  # minutes


class WorkCalendar(models.Model):
    """When an organisation works, or one of its teams that differs.

    weekly: seven lists of spans `[opens, closes]` in minutes after midnight, Monday first. days: by
    ISO date the spans of a day that differs; an empty list is a free day. Whether a calendar can be
    worked by is decided in one place, `working_time.Calendar`; only `operations/promises.py` writes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="work_calendars"
    )
    team = models.OneToOneField(
        Team, on_delete=models.CASCADE, null=True, related_name="work_calendar"
    )
    zone = models.CharField(max_length=64)
    land = models.CharField(max_length=2, blank=True)
    weekly = models.JSONField()
    days = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=models.Q(team__isnull=True),
                name="one_calendar_of_the_organisation",
            )
        ]

    def __str__(self) -> str:
        return f"working hours of {self.team_id or self.organisation_id}"

    def hours(self) -> working_time.Calendar:
        """Return the calendar. Raises working_time.CalendarImpossible."""
        weekly = tuple(_spans(spans) for spans in self.weekly)
        days = {date.fromisoformat(day): _spans(spans) for day, spans in self.days.items()}
        return working_time.Calendar(
            weekly,  # type: ignore[arg-type]  # seven of them
            zone=self.zone,
            land=self.land,
            closed=frozenset(day for day, spans in days.items() if not spans),
            opened={day: spans for day, spans in days.items() if spans},
        )


def _spans(stored: list[list[int]]) -> tuple[Span, ...]:
    return tuple(Span(opens, closes) for opens, closes in stored)


class ServiceLevel(models.Model):
    """What is promised at one urgency, in minutes; counted as `sla` says.

    team: None for the whole organisation. channel: empty for every channel. What is more special goes
    before what is more general, a team before a channel; what is nowhere set is as in `sla.Targets`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="service_levels"
    )
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="service_levels"
    )
    channel = models.CharField(max_length=4, choices=Case.ChannelChoice, blank=True)
    urgency = models.PositiveSmallIntegerField(choices=Case.UrgencyLevel)
    acknowledgement = models.PositiveIntegerField(null=True, blank=True)
    first = models.PositiveIntegerField()
    next = models.PositiveIntegerField()
    most_days = models.PositiveSmallIntegerField(
        null=True, blank=True
    )  # working days; None: no such bound
    warning = models.PositiveSmallIntegerField()  # percent of the time

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "channel", "urgency"],
                condition=models.Q(team__isnull=True),
                name="one_level_of_the_organisation",
            ),
            models.UniqueConstraint(
                fields=["team", "channel", "urgency"],
                condition=models.Q(team__isnull=False),
                name="one_level_of_a_team",
            ),
            models.CheckConstraint(
                condition=models.Q(urgency__in=sorted(Urgency)), name="level_urgency_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    first__range=(1, LONGEST_TARGET),
                    next__range=(1, LONGEST_TARGET),
                    warning__range=(10, 95),
                )
                & (
                    models.Q(acknowledgement__isnull=True)
                    | models.Q(acknowledgement__range=(1, LONGEST_TARGET))
                )
                & (models.Q(most_days__isnull=True) | models.Q(most_days__range=(1, 20))),
                name="levels_are_never_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_urgency_display()} of {self.team_id or self.organisation_id}"


class Deadline(models.Model):
    """One clock of a case, from its start to what stopped it, and by when that is due.

    A case has at most two that run: for the next answer, and until a human has looked. `levels` are
    the urgencies since then, each `[urgency, moment]` (`sla.Clock`). `promised_at`: the due time that
    the client was first told; a changed calendar may move `due_at`, never this.
    """

    class Kind(models.TextChoices):
        ACKNOWLEDGEMENT = Response.ACKNOWLEDGEMENT, _("gesehen")
        FIRST = Response.FIRST, _("erste Antwort")
        NEXT = Response.NEXT, _("weitere Antwort")

        @classmethod
        def answers(cls) -> list["Deadline.Kind"]:
            """Return the kinds that an answer stops."""
            return [cls.FIRST, cls.NEXT]

    class End(models.TextChoices):
        """What stopped a clock."""

        REPLIED = Happened.REPLIED
        SEEN = Happened.SEEN
        RATED = Happened.RATED
        CLOSED = Happened.CLOSED

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="deadlines")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=5, choices=Kind)
    urgency = models.PositiveSmallIntegerField(choices=Case.UrgencyLevel)
    levels = models.JSONField()
    since = models.DateTimeField()
    promised_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=8, choices=End, blank=True)
    warned_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)  # when that was noted

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(ended_at__isnull=True)
                & ~models.Q(kind=Response.ACKNOWLEDGEMENT),
                name="one_answer_is_due",
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(ended_at__isnull=True, kind=Response.ACKNOWLEDGEMENT),
                name="one_look_is_due",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(end="")),
                name="deadline_ended_at_and_end_together",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=sorted(Response), urgency__in=sorted(Urgency)),
                name="deadline_is_of_a_known_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(since__lt=models.F("due_at"), warn_at__lte=models.F("due_at")),
                name="deadline_lies_ahead_and_its_warning_before",
            ),
        ]
        indexes = [
            # The sweep reads the first rows of these and no more, however many run.
            models.Index(
                fields=["warn_at"],
                condition=models.Q(ended_at__isnull=True, warned_at__isnull=True),
                name="deadline_to_warn",
            ),
            models.Index(
                fields=["due_at"],
                condition=models.Q(ended_at__isnull=True, breached_at__isnull=True),
                name="deadline_to_breach",
            ),
            # What a changed calendar moves, and what a supervisor sees first.
            models.Index(
                fields=["organisation", "id"],
                condition=models.Q(ended_at__isnull=True),
                name="deadline_running",
            ),
            models.Index(
                fields=["organisation", "due_at"],
                condition=models.Q(ended_at__isnull=True),
                name="deadline_running_by_time",
            ),
            # Who is answered next, for the forecast; and with what is counted of who waits, so that the
            # rows themselves are not read.
            models.Index(
                fields=["organisation", "urgency", "due_at", "id", "since"],
                condition=models.Q(ended_at__isnull=True)
                & ~models.Q(kind=Response.ACKNOWLEDGEMENT),
                name="deadline_queue",
            ),
            models.Index(fields=["organisation", "ended_at"], name="deadline_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.kind} by {self.due_at:%Y-%m-%d %H:%M}"


class Breach(models.Model):
    """A promise that was not kept. Append-only, like the trail: the database refuses anything else.

    Ids and codes only; the row stays when its case is deleted.
    """

    id = models.BigAutoField(primary_key=True)
    deadline = models.BigIntegerField()
    case = models.UUIDField()
    organisation = models.UUIDField()
    team = models.UUIDField()
    channel = models.CharField(max_length=4, choices=Case.ChannelChoice)
    kind = models.CharField(max_length=5, choices=Deadline.Kind)
    urgency = models.PositiveSmallIntegerField(choices=Case.UrgencyLevel)
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [
            # A deadline that a human's review moved may be missed a second time.
            models.UniqueConstraint(fields=["deadline", "due_at"], name="a_promise_is_broken_once")
        ]
        indexes = [
            # With what is counted: the rows themselves are not read.
            models.Index(
                fields=["organisation", "noted_at", "urgency", "kind"], name="breach_of_house"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case}: {self.kind} due {self.due_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert a new breach. Raises TypeError for one that exists."""
        if not self._state.adding:
            raise TypeError("a breach is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise TypeError: breaches are append-only."""
        raise TypeError("a breach is never deleted")


class Reckoning(models.Model):
    """Running deadlines of an organisation are to be reckoned anew, since its rules have changed.

    `after`: deadlines up to this id are done. The worker goes on from there, also after a kill.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField()
    after = models.BigIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["requested_at"],
                condition=models.Q(done_at__isnull=True),
                name="reckoning_to_do",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} from {self.requested_at:%Y-%m-%d %H:%M}"


class SweepClock(models.Model):
    """What the clocks of a machine showed at its last sweep, to notice when one was set.

    boot: the machine's id of this start. ticks: seconds of its clock that nobody can set.
    """

    boot = models.CharField(primary_key=True, max_length=40)
    wall = models.DateTimeField()
    ticks = models.FloatField()

    def __str__(self) -> str:
        return f"{self.boot} at {self.wall:%Y-%m-%d %H:%M}"


class ClockJump(models.Model):
    """The wall clock of a machine was set, by so many seconds (less than nothing: back).

    `last`: the newest deadline until then. What has an id up to it was counted from by the old time.
    """

    boot = models.CharField(max_length=40)
    noticed_at = models.DateTimeField()
    seconds = models.FloatField()
    last = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["boot", "last"], name="clock_jump_of_machine")]

    def __str__(self) -> str:
        return f"{self.seconds:+.0f} s at {self.noticed_at:%Y-%m-%d %H:%M}"
