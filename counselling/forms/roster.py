"""What people type about shifts, absences, swaps and the on-call list."""

from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import queries as staff_queries
from accounts.forms.teams import TeamField
from accounts.models import Membership, Organisation, Role
from counselling.models import Channel, Shift
from counselling.operations.shifts import Duty, Fault, Hours, ShiftImpossible
from counselling.roster_words import overlap_words, shift_words
from counselling.working_time import at_wall_clock

UNKNOWN_PERSON = gettext_lazy("Diese Person gibt es hier nicht. Bitte wählen Sie neu.")
ONCE, WEEKLY = "once", "weekly"


class DayField(forms.DateField):
    """A day, from the browser's calendar or typed as 3.4.2026."""

    def __init__(self, **kwargs: Any) -> None:
        sentence = gettext_lazy("Bitte geben Sie einen Tag so an: 3.4.2026.")
        super().__init__(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            input_formats=["%Y-%m-%d", "%d.%m.%Y"],
            error_messages={"required": sentence, "invalid": sentence},
            **kwargs,
        )

    def clean(self, value: Any) -> date | None:
        """Return the day. Raises ValidationError for one that no roster can mean."""
        day = cast(date | None, super().clean(value))
        if day is not None and not 2020 <= day.year <= 2100:
            raise ValidationError(_("Dieses Jahr kann nicht stimmen."))
        return day


class ClockField(forms.TimeField):
    """A time of day, as 9:30."""

    def __init__(self, **kwargs: Any) -> None:
        sentence = gettext_lazy("Bitte geben Sie eine Uhrzeit so an: 9:30.")
        super().__init__(
            widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            input_formats=["%H:%M", "%H"],
            error_messages={"required": sentence, "invalid": sentence},
            **kwargs,
        )


class PersonField(forms.ChoiceField):
    """One of some people, or nobody where `nobody` says how that is called."""

    def __init__(self, *, nobody: Any = None, **kwargs: Any) -> None:
        self.nobody = nobody
        self._people: dict[str, Membership] = {}
        super().__init__(
            required=nobody is None,
            error_messages={
                "required": gettext_lazy("Bitte wählen Sie eine Person."),
                "invalid_choice": UNKNOWN_PERSON,
            },
            **kwargs,
        )

    def offer(self, people: Any) -> None:
        """Say who may be chosen."""
        self._people = {str(person.pk): person for person in people}
        first = ("", self.nobody if self.nobody is not None else _("Bitte wählen"))
        self.choices = [first, *((pk, person.name) for pk, person in self._people.items())]

    def clean(self, value: Any) -> Membership | None:
        """Return the person, or None for nobody."""
        return self._people.get(super().clean(value))


class ShiftForm(forms.Form):
    """A shift, once or every week."""

    use_required_attribute = False  # our own sentences, not the browser's

    repeat = forms.ChoiceField(
        label=gettext_lazy("Wie oft?"),
        choices=[(ONCE, gettext_lazy("einmal")), (WEEKLY, gettext_lazy("jede Woche"))],
        widget=forms.RadioSelect,
        initial=ONCE,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Bitte wählen Sie, wie oft.")
        ),
    )
    team = TeamField(label=gettext_lazy("Team"))
    member = PersonField(
        label=gettext_lazy("Wer?"), nobody=gettext_lazy("noch offen, zum Übernehmen")
    )
    day = DayField(
        label=gettext_lazy("Tag"),
        help_text=gettext_lazy("Bei „jede Woche“ der erste Tag; er bestimmt den Wochentag."),
    )
    last_day = DayField(
        label=gettext_lazy("Letzter Tag"),
        required=False,
        help_text=gettext_lazy("Nur bei „jede Woche“. Leer heißt: bis auf Weiteres."),
    )
    begins = ClockField(label=gettext_lazy("Von"))
    ends = ClockField(label=gettext_lazy("Bis"))
    next_day = forms.BooleanField(
        required=False, label=gettext_lazy("Der Dienst endet am nächsten Tag")
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Was?"),
        choices=Channel.choices,
        initial=Channel.BOTH,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Bitte wählen Sie, was.")
        ),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Höchstens so viele zugleich"),
        min_value=1,
        max_value=99,
        initial=5,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            gettext_lazy("Bitte geben Sie eine Zahl von 1 bis 99 ein."),
        ),
    )
    lead = forms.BooleanField(
        required=False,
        label=gettext_lazy("Leitet diesen Dienst"),
        help_text=gettext_lazy("Wird gerufen, wenn auf eine dringende Nachricht niemand reagiert."),
    )
    zone = forms.CharField(
        label=gettext_lazy("Zeitzone"),
        initial=settings.TIME_ZONE,
        max_length=64,
        error_messages=dict.fromkeys(
            ("required", "max_length"),
            gettext_lazy("Bitte geben Sie eine Zeitzone an, zum Beispiel Europe/Berlin."),
        ),
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        """Offer the organisation's teams and those who answer cases."""
        super().__init__(*args, **kwargs)
        cast(TeamField, self.fields["team"]).queryset = staff_queries.teams(organisation)
        cast(PersonField, self.fields["member"]).offer(answering(organisation))

    @property
    def weekly(self) -> bool:
        """Say whether the shift comes every week."""
        return bool(self.cleaned_data["repeat"] == WEEKLY)

    def duty(self) -> Duty:
        """Return what somebody does."""
        given = self.cleaned_data
        return Duty(
            given["team"],
            given["member"],
            Channel(given["channel"]),
            given["capacity"],
            given["lead"],
        )

    def hours(self) -> Hours:
        """Return from when to when."""
        given = self.cleaned_data
        ends = _minutes(given["ends"]) + (24 * 60 if given["next_day"] else 0)
        return Hours(_minutes(given["begins"]), ends, given["zone"])

    def refuse(self, refused: ShiftImpossible) -> None:
        """Say beside the right field why a shift cannot be."""
        field, words = {
            Fault.INVERTED: ("ends", _("Der Dienst endet, bevor er beginnt.")),
            Fault.TOO_LONG: ("ends", _("Ein Dienst dauert höchstens 16 Stunden.")),
            Fault.UNKNOWN_ZONE: ("zone", _("Diese Zeitzone gibt es nicht.")),
            Fault.NOT_IN_TEAM: (
                "member",
                _("Diese Person beantwortet keine Fragen dieses Teams."),
            ),
            Fault.OVER: ("day", _("Das ist schon vorbei.")),
            Fault.NO_CAPACITY: ("capacity", _("Bitte geben Sie eine Zahl von 1 bis 99 ein.")),
            Fault.OVERLAPPING: ("begins", overlap_words(refused.other)),
        }[refused.fault]
        self.add_error(field, words)


class AbsenceForm(forms.Form):
    """From when to when somebody is not there. Why is not asked."""

    use_required_attribute = False  # our own sentences, not the browser's

    member = PersonField(label=gettext_lazy("Wer?"))
    first_day = DayField(label=gettext_lazy("Erster Tag"))
    begins = ClockField(
        label=gettext_lazy("Ab"), required=False, help_text=gettext_lazy("Leer: ab morgens.")
    )
    last_day = DayField(label=gettext_lazy("Letzter Tag"))
    ends = ClockField(
        label=gettext_lazy("Bis"),
        required=False,
        help_text=gettext_lazy("Leer: den ganzen letzten Tag."),
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        """Offer whose absence may be entered. people: in order; the first is chosen."""
        super().__init__(*args, **kwargs)
        cast(PersonField, self.fields["member"]).offer(people)

    def span(self) -> tuple[datetime, datetime]:
        """Return from when to when, as moments."""
        given, zone = self.cleaned_data, ZoneInfo(settings.TIME_ZONE)
        ends = 24 * 60 if given["ends"] is None else _minutes(given["ends"])
        return (
            at_wall_clock(given["first_day"], _minutes(given["begins"] or time()), zone),
            at_wall_clock(given["last_day"], ends, zone, closing=True),
        )


class OnCallForm(forms.Form):
    """Somebody for the on-call list, always or for some days."""

    use_required_attribute = False  # our own sentences, not the browser's

    member = PersonField(label=gettext_lazy("Wer?"))
    first_day = DayField(
        label=gettext_lazy("Erster Tag"), required=False, help_text=gettext_lazy("Leer: ab jetzt.")
    )
    last_day = DayField(
        label=gettext_lazy("Letzter Tag"),
        required=False,
        help_text=gettext_lazy("Leer: bis auf Weiteres."),
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        """Offer everybody of the organisation who can act when called."""
        super().__init__(*args, **kwargs)
        people = staff_queries.staff_of(organisation).exclude(role=Role.PLANNER)
        cast(PersonField, self.fields["member"]).offer(people)

    def span(self) -> tuple[datetime | None, datetime | None]:
        """Return from when to when; None where that is open."""
        zone = ZoneInfo(settings.TIME_ZONE)
        first, last = self.cleaned_data["first_day"], self.cleaned_data["last_day"]
        return (
            None if first is None else at_wall_clock(first, 0, zone),
            None if last is None else at_wall_clock(last + timedelta(days=1), 0, zone),
        )


class SwapForm(forms.Form):
    """Which colleague is asked to take a shift, and for which of theirs."""

    use_required_attribute = False  # our own sentences, not the browser's

    taker = PersonField(label=gettext_lazy("Wen fragen?"))
    in_return = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Gegen welchen Dienst?"),
        error_messages={
            "invalid_choice": gettext_lazy("Diesen Dienst gibt es nicht mehr. Bitte neu wählen.")
        },
    )

    def __init__(self, *args: Any, people: Any, shifts: Any, **kwargs: Any) -> None:
        """Offer colleagues of the team, and their coming shifts."""
        super().__init__(*args, **kwargs)
        cast(PersonField, self.fields["taker"]).offer(people)
        self._shifts: dict[str, Shift] = {str(shift.pk): shift for shift in shifts}
        cast(forms.ChoiceField, self.fields["in_return"]).choices = [
            ("", _("gegen keinen")),
            *((pk, f"{one.member}: {shift_words(one)}") for pk, one in self._shifts.items()),
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse a shift in return that is not the asked colleague's."""
        given = self.cleaned_data
        shift = self._shifts.get(given.get("in_return", ""))
        taker = given.get("taker")
        if shift is not None and taker is not None and shift.member_id != taker.pk:
            self.add_error("in_return", _("Dieser Dienst gehört nicht der Person, die Sie fragen."))
        given["in_return"] = shift
        return given


def answering(organisation: Organisation) -> Any:
    """Return who may have a shift at all, by name."""
    return staff_queries.staff_of(organisation).filter(role__in=Role.counselling())


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute
