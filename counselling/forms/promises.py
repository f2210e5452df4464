"""Working hours and service levels, as people write them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms.fields import PlainLineField, PlainTextField
from accounts.models import Organisation, Team
from accounts.models.organisation import LAENDER
from counselling import hours
from counselling.hours import Unreadable
from counselling.models import Case, ServiceLevel, WorkCalendar
from counselling.models.promise import LONGEST_TARGET
from counselling.sla import Urgency
from counselling.working_time import Calendar, CalendarImpossible, Fault, Spans

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class CalendarForm(forms.Form):
    """When a team or the organisation works: each weekday, single days, Land and zone."""

    use_required_attribute = False  # our own sentences, not the browser's

    land = forms.ChoiceField(
        label=gettext_lazy("Feiertage"),
        choices=[("", gettext_lazy("Keine: an Feiertagen wird gearbeitet")), *LAENDER],
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Bitte wählen Sie ein Bundesland aus.")},
    )
    zone = PlainLineField(
        label=gettext_lazy("Zeitzone"),
        longest=64,
        help_text=gettext_lazy("Zum Beispiel Europe/Berlin, Europe/Vienna oder Europe/Zurich."),
        empty=gettext_lazy("Bitte geben Sie eine Zeitzone an, zum Beispiel Europe/Berlin."),
    )
    days = PlainTextField(
        label=gettext_lazy("Einzelne Tage, an denen es anders ist"),
        longest=20_000,
        rows=5,
        required=False,
        help_text=gettext_lazy(
            "Eine Zeile je Tag: „24.12.2026 geschlossen“ oder „28.11.2026 10-14“. Gilt auch an Feiertagen."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add a line for each weekday, before the others."""
        super().__init__(*args, **kwargs)
        for name, label in zip(DAYS, hours.weekday_names(), strict=True):
            self.fields[name] = PlainLineField(label=label, longest=200, required=False)
        self.order_fields([*DAYS, "land", "zone", "days"])

    def clean(self) -> dict[str, Any]:
        """Read every line, and refuse hours by which nobody could work, with why."""
        weekly = [self._read(name, hours.read_spans) for name in DAYS]
        days = self._read("days", hours.read_days)
        self.weekly: list[Spans] = [spans or () for spans in weekly]
        self.single: dict[date, Spans] = days or {}
        if not self.errors:
            self._must_be_possible()
        return self.cleaned_data

    def weekdays(self) -> list[forms.BoundField]:
        """Return the lines of the weekdays."""
        return [self[name] for name in DAYS]

    def apply_to(self, row: WorkCalendar) -> None:
        """Put what was written into a row, unsaved."""
        row.zone, row.land = self.cleaned_data["zone"], self.cleaned_data["land"]
        row.weekly = [_stored(spans) for spans in self.weekly]
        row.days = {day.isoformat(): _stored(spans) for day, spans in self.single.items()}

    def _read(self, name: str, read: Any) -> Any:
        try:
            return read(self.cleaned_data.get(name, ""))
        except Unreadable as refused:
            self.add_error(name, refused.why)
            return None

    def _must_be_possible(self) -> None:
        try:
            Calendar(
                tuple(self.weekly),  # type: ignore[arg-type]  # seven of them
                zone=self.cleaned_data["zone"],
                land=self.cleaned_data["land"],
                closed=frozenset(day for day, spans in self.single.items() if not spans),
                opened={day: spans for day, spans in self.single.items() if spans},
            )
        except CalendarImpossible as refused:
            self.add_error(*_why(refused))


class DropForm(forms.Form):
    """That one's own hours or times are to go."""

    drop = forms.CharField(widget=forms.HiddenInput, initial="1")


def values_of_calendar(calendar: Calendar) -> dict[str, str]:
    """Return what the form shows of a calendar before anything is changed."""
    single = {day: calendar.opened.get(day, ()) for day in {*calendar.closed, *calendar.opened}}
    return {
        **{name: hours.written(spans) for name, spans in zip(DAYS, calendar.weekly, strict=True)},
        "land": calendar.land,
        "zone": calendar.zone,
        "days": hours.written_days(single),
    }


def _stored(spans: Spans) -> list[list[int]]:
    return [[span.opens, span.closes] for span in spans]


def _why(refused: CalendarImpossible) -> tuple[str | None, str]:
    """Return at which field a calendar is refused, and the sentence that says why."""
    words = {
        Fault.INVERTED: _(
            "Eine Zeit muss enden, nachdem sie begonnen hat. Über Mitternacht: zwei Zeiten, eine bis 24 und eine ab 0."
        ),
        Fault.OVERLAPPING: _("Zwei Zeiten überschneiden sich."),
        Fault.NEVER_OPEN: _(
            "So wird nie gearbeitet, und nichts würde je fällig. Bitte geben Sie für mindestens einen Wochentag Zeiten an."
        ),
        Fault.UNKNOWN_ZONE: _(
            "Diese Zeitzone kennen wir nicht. Bitte schreiben Sie zum Beispiel Europe/Berlin."
        ),
        Fault.UNKNOWN_LAND: _("Bitte wählen Sie ein Bundesland aus."),
    }[refused.fault]
    if refused.fault is Fault.UNKNOWN_ZONE:
        return "zone", words
    if isinstance(refused.day, date):
        return "days", f"{date_format(refused.day, 'SHORT_DATE_FORMAT')}: {words}"
    return (DAYS[refused.day] if refused.day is not None else None), words


class LengthField(PlainLineField):
    """A length of time, "30 Min." or "4 Std."; nothing where it may be left out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            longest=20,
            empty=gettext_lazy("Bitte geben Sie eine Zeit an, zum Beispiel 30 Min. oder 4 Std."),
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        """Return minutes, or None. Raises ValidationError with why."""
        text = super().clean(value)
        if not text:
            return None
        try:
            minutes = hours.read_length(text)
        except Unreadable as refused:
            raise ValidationError(refused.why) from None
        if not 1 <= minutes <= LONGEST_TARGET:
            raise ValidationError(_("Bitte geben Sie eine Zeit zwischen 1 Minute und 14 Tagen an."))
        return minutes


def _number(
    label: Any, lowest: int, highest: int, sentence: Any, **more: Any
) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=lowest,
        max_value=highest,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence),
        **more,
    )


class LevelsForm(forms.Form):
    """What is promised at each urgency."""

    use_required_attribute = False  # our own sentences, not the browser's

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the fields of every urgency."""
        super().__init__(*args, **kwargs)
        for urgency in Urgency:
            self._add(urgency)

    def _add(self, urgency: Urgency) -> None:
        name = urgency.name.lower()
        self.fields |= {
            f"{name}_acknowledgement": LengthField(
                label=gettext_lazy("Ein Mensch hat es gesehen nach"),
                required=False,
                help_text=gettext_lazy("Leer: wird nicht versprochen."),
            ),
            f"{name}_first": LengthField(label=gettext_lazy("Erste Antwort nach")),
            f"{name}_next": LengthField(label=gettext_lazy("Jede weitere Antwort nach")),
            f"{name}_warning": _number(
                gettext_lazy("Warnen nach so viel Prozent der Zeit"),
                10,
                95,
                gettext_lazy("Bitte geben Sie eine Zahl von 10 bis 95 ein."),
            ),
        }
        if urgency is Urgency.NORMAL:
            self.fields["normal_most_days"] = _number(
                gettext_lazy("Spätestens nach so vielen Arbeitstagen"),
                1,
                20,
                gettext_lazy("Bitte geben Sie eine Zahl von 1 bis 20 ein."),
                required=False,
                help_text=gettext_lazy(
                    "Auch wenn an einem Tag nur wenige Stunden gearbeitet wird. Leer: ohne Grenze."
                ),
            )

    def groups(self) -> list[tuple[int, str, list[forms.BoundField]]]:
        """Return urgency, its name, and its fields, most urgent first."""
        labels = dict(Case.UrgencyLevel.choices)
        return [
            (
                int(urgency),
                str(labels[urgency]),
                [field for field in self if field.name.startswith(urgency.name.lower())],
            )
            for urgency in Urgency
        ]

    def levels(
        self, organisation: Organisation, *, team: Team | None, channel: str
    ) -> list[ServiceLevel]:
        """Return what was written as rows, unsaved."""
        return [
            ServiceLevel(
                organisation=organisation,
                team=team,
                channel=channel,
                urgency=urgency,
                **{
                    name: self.cleaned_data.get(f"{urgency.name.lower()}_{name}")
                    for name in ("acknowledgement", "first", "next", "most_days", "warning")
                },
            )
            for urgency in Urgency
        ]


def values_of_levels(levels: Sequence[ServiceLevel]) -> dict[str, Any]:
    """Return what the form shows of levels before anything is changed."""
    values: dict[str, Any] = {}
    for level in levels:
        name = Urgency(level.urgency).name.lower()
        for part in ("acknowledgement", "first", "next"):
            minutes = getattr(level, part)
            values[f"{name}_{part}"] = "" if minutes is None else hours.written_length(minutes)
        values[f"{name}_warning"] = level.warning
        values[f"{name}_most_days"] = level.most_days
    return values
