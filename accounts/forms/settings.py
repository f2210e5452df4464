"""What an organisation says about itself: settings and crisis lines."""

import re
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.forms import BaseFormSet, formset_factory
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms.fields import PlainLineField, PlainTextField
from accounts.models import CrisisLine, Organisation, Team
from accounts.models.organisation import LAENDER, readable_accent
from accounts.operations.organisations import LineFields

LONGEST_WORDS = 2000  # characters of welcome and about
MOST_LINES = 12
EMERGENCY = "112"


def sensitivity_field(label: Any, help_text: Any) -> forms.IntegerField:
    """Return a field for a line of the triage in percent, within the bounds that keep it safe."""
    sentence = gettext_lazy("Bitte geben Sie eine Zahl von 10 bis 50 ein.")
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=10,
        max_value=50,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence),
    )


def days_field(label: Any, help_text: Any, *, fewest: int) -> forms.IntegerField:
    """Return a field for how long something is kept, in days; at most ten years."""
    sentence = format_lazy(
        gettext_lazy("Bitte geben Sie eine Zahl von {fewest} bis 3650 ein."), fewest=fewest
    )
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=fewest,
        max_value=3650,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence),
    )


class AddressField(forms.URLField):
    """The address of a page, with https."""

    def __init__(self, **options: Any) -> None:
        sentence = gettext_lazy("Bitte geben Sie eine Adresse an, die mit https:// beginnt.")
        super().__init__(
            **options,
            assume_scheme="https",
            max_length=200,
            error_messages={
                "required": sentence,
                "invalid": sentence,
                "max_length": gettext_lazy(
                    "Diese Adresse ist zu lang. Möglich sind höchstens 200 Zeichen."
                ),
            },
        )
        self.validators = [
            validator for validator in self.validators if not isinstance(validator, URLValidator)
        ]
        self.validators.append(URLValidator(schemes=["https"], message=sentence))


class OrganisationForm(forms.Form):
    """The organisation's settings, field by field as in its row."""

    use_required_attribute = False  # our own sentences, not the browser's

    name = PlainLineField(
        label=gettext_lazy("Name"), empty=gettext_lazy("Bitte geben Sie einen Namen ein.")
    )
    address = forms.ChoiceField(
        label=gettext_lazy("Anrede der Ratsuchenden"),
        choices=Organisation.Address.choices,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Bitte wählen Sie „du“ oder „Sie“.")
        ),
    )
    welcome = PlainTextField(
        required=False,
        longest=LONGEST_WORDS,
        rows=4,
        label=gettext_lazy("Begrüßung auf der Startseite"),
    )
    about = PlainTextField(
        required=False, longest=LONGEST_WORDS, rows=4, label=gettext_lazy("Über uns")
    )
    accent = PlainLineField(
        label=gettext_lazy("Farbe"),
        help_text=gettext_lazy(
            "Als # und sechs Zeichen, zum Beispiel #1f5f6b. Der Kontrast muss mindestens 4,5 zu 1 sein."
        ),
        empty=gettext_lazy("Bitte geben Sie die Farbe so an: #1f5f6b."),
        validators=[
            RegexValidator(
                r"^#[0-9a-fA-F]{6}\Z", gettext_lazy("Bitte geben Sie die Farbe so an: #1f5f6b.")
            )
        ],
    )
    neutral_title = forms.BooleanField(
        required=False,
        label=gettext_lazy("Neutraler Seitentitel"),
        help_text=gettext_lazy("Im Browser-Verlauf steht dann nur „Start“ statt des Namens."),
    )
    imprint_url = AddressField(
        required=False,
        label=gettext_lazy("Adresse des Impressums"),
        help_text=gettext_lazy(
            "Steht unten auf jeder Seite für Ratsuchende. Das Gesetz verlangt beide Angaben."
        ),
    )
    privacy_url = AddressField(
        required=False, label=gettext_lazy("Adresse der Datenschutzerklärung")
    )
    exit_url = AddressField(
        label=gettext_lazy("Ziel von „Seite schnell verlassen“"),
        help_text=gettext_lazy(
            "Eine unverfängliche Seite, die jeder aufrufen könnte, zum Beispiel das Wetter."
        ),
    )
    land = forms.ChoiceField(
        label=gettext_lazy("Bundesland"),
        help_text=gettext_lazy(
            "Danach richten sich die Feiertage, wo unter „Arbeitszeiten“ nichts anderes steht."
        ),
        choices=LAENDER,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Bitte wählen Sie ein Bundesland aus.")
        ),
    )
    intake_team = forms.ModelChoiceField(
        Team.objects.none(),
        label=gettext_lazy("Wer bekommt Fragen ohne Thema?"),
        empty_label=None,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Bitte wählen Sie ein Team aus.")
        ),
    )
    retention_days = days_field(
        gettext_lazy("Abgeschlossene Gespräche löschen nach, in Tagen"),
        gettext_lazy(
            "Ratsuchende lesen 14 Tage vorher, dass gelöscht wird. Danach kann niemand mehr etwas lesen."
        ),
        fewest=30,
    )
    quiet_days = days_field(
        gettext_lazy("Beantwortete Gespräche abschließen, wenn niemand mehr schreibt, nach Tagen"),
        gettext_lazy("Wer danach wieder schreibt, öffnet das Gespräch neu."),
        fewest=7,
    )
    triage_dringend = sensitivity_field(
        gettext_lazy("Ab wann gilt eine Nachricht als dringend? (10 bis 50)"),
        gettext_lazy(
            "50 ist die Voreinstellung. Je kleiner die Zahl, desto mehr Nachrichten gelten als dringend."
        ),
    )
    triage_sofort = sensitivity_field(
        gettext_lazy("Ab wann gilt eine dringende Nachricht als sofort? (10 bis 50)"),
        gettext_lazy("Weniger empfindlich als die Voreinstellung geht aus Sicherheit nicht."),
    )

    device_keys = forms.BooleanField(
        required=False,
        label=gettext_lazy("Fälle nur auf bekannten Geräten öffnen"),
        help_text=gettext_lazy(
            "Dann genügt ein erratenes oder abgesehenes Passwort nicht. Neue Geräte gibt jede Person "
            "selbst frei. Ohne das muss jedes Passwort besonders schwer zu erraten sein; wer ein "
            "leichteres hat, wird bei der nächsten Anmeldung um ein neues gebeten."
        ),
    )

    def __init__(self, data: Any = None, *, organisation: Organisation) -> None:
        """Show what is set now, unless `data` were sent, and offer the organisation's teams."""
        initial = {name: getattr(organisation, name) for name in self.base_fields}
        super().__init__(data, initial=initial)
        field = self.fields["intake_team"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Team.objects.filter(organisation=organisation)

    def clean_accent(self) -> str:
        """Refuse a colour in which text could not be read, with its contrast."""
        colour: str = self.cleaned_data["accent"].lower()
        readable_accent(colour)
        return colour

    def shown_accent(self) -> str:
        """Return the colour in the field if it is one at all, for the preview; else nothing."""
        typed = str(self["accent"].value() or "").strip()
        return typed.lower() if re.fullmatch(r"#[0-9a-fA-F]{6}", typed) else ""

    def apply_to(self, organisation: Organisation) -> None:
        """Write the cleaned values into an organisation, unsaved."""
        for name, value in self.cleaned_data.items():
            setattr(organisation, name, value)


class CrisisLineForm(forms.Form):
    """One crisis line."""

    name = PlainLineField(label=gettext_lazy("Name"), empty=gettext_lazy("Hier fehlt der Name."))
    number = PlainLineField(
        longest=30,
        label=gettext_lazy("Telefonnummer"),
        empty=gettext_lazy("Hier fehlt die Telefonnummer."),
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
        validators=[
            RegexValidator(
                r"^\+?[0-9][0-9 /-]{1,28}\Z", gettext_lazy("Bitte geben Sie nur Ziffern ein.")
            )
        ],
    )
    hours = PlainLineField(required=False, longest=120, label=gettext_lazy("Erreichbar"))
    note = PlainLineField(required=False, longest=160, label=gettext_lazy("Hinweis"))


if TYPE_CHECKING:
    LineFormSet = BaseFormSet[CrisisLineForm]
else:
    LineFormSet = BaseFormSet  # Django's class takes no type at run time


class BaseCrisisLines(LineFormSet):
    """All crisis lines of an organisation, in the order of their position numbers."""

    default_error_messages = {
        "missing_management_form": gettext_lazy(
            "Das Formular kam nicht vollständig an. Bitte laden Sie die Seite neu."
        ),
        "too_many_forms": gettext_lazy("Möglich sind höchstens 12 Nummern."),
        "too_few_forms": gettext_lazy("Mindestens eine Nummer muss stehen bleiben."),
    }

    def add_fields(self, form: CrisisLineForm, index: int | None) -> None:
        """Add position and removal, in plain German."""
        super().add_fields(form, index)
        order = form.fields["ORDER"]
        order.label = _("Platz")
        order.widget = forms.TextInput(attrs={"inputmode": "numeric"})
        whole = _("Bitte geben Sie eine Zahl von 0 bis 99 ein.")
        order.error_messages |= {"invalid": whole}
        order.validators = [_small_number(whole)]
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = _("Diese Nummer entfernen")

    def clean(self) -> None:
        """Keep at least one line, and the emergency number."""
        if any(self.errors) or not self.management_form.is_valid():
            return
        numbers = ["".join(filter(str.isdigit, line["number"])) for line in self.lines()]
        if not numbers:
            raise ValidationError(_("Mindestens eine Nummer muss stehen bleiben."))
        if EMERGENCY not in numbers:
            raise ValidationError(
                _("Der Notruf 112 muss stehen bleiben. Er hilft, wenn ein Leben in Gefahr ist.")
            )

    def lines(self) -> list[LineFields]:
        """Return the lines that stay, in order. Only for a formset whose forms are valid."""
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data.get("name") and not form.cleaned_data.get("DELETE")
        ]
        # Lines without a number come last, in the order of the page.
        kept.sort(key=lambda data: (data["ORDER"] is None, data["ORDER"] or 0))
        return [
            LineFields(
                name=data["name"], number=data["number"], hours=data["hours"], note=data["note"]
            )
            for data in kept
        ]


def _small_number(sentence: str) -> Any:
    def check(value: int) -> None:
        if not 0 <= value <= 99:
            raise ValidationError(sentence)

    return check


CrisisLines = formset_factory(
    CrisisLineForm,
    formset=BaseCrisisLines,
    extra=2,
    max_num=MOST_LINES,
    absolute_max=MOST_LINES + 4,
    validate_max=True,
    can_order=True,
    can_delete=True,
    can_delete_extra=False,
)


def shown_lines(lines: list[CrisisLine]) -> BaseCrisisLines:
    """Return the formset with what is set now."""
    initial = [
        {"name": line.name, "number": line.number, "hours": line.hours, "note": line.note}
        for line in lines
    ]
    return cast(BaseCrisisLines, CrisisLines(initial=initial))


def sent_lines(data: Any) -> BaseCrisisLines:
    """Return the formset with what was sent."""
    return cast(BaseCrisisLines, CrisisLines(data))
