"""What a client decides before anything is sent: fields, text, contact, of whom, for how long."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PlainLineField, PlainTextField
from referrals import sla
from referrals.handoff.parcel import LONGEST_TEXT, Contact, Field, Parcel
from referrals.models import Consent, Service

CONTACTS = (
    (Contact.LOTSE.value, _("Nur hier über Lotse. Ich schaue wieder herein.")),
    (Contact.EMAIL.value, _("Per E-Mail")),
    (Contact.PHONE.value, _("Per Telefon")),
    (Contact.CODE.value, _("Gar nicht melden. Ich komme selbst, mit einem Code.")),
)
FEWEST_DIGITS = 5  # of a number that the service shall call
DAYS = (
    ("30", _("einen Monat")),
    ("90", _("drei Monate")),
    ("180", _("sechs Monate")),
)


class ConsentForm(forms.Form):
    """Everything that would go to one service. available: field to value as people read it."""

    use_required_attribute = False

    text = PlainTextField(
        rows=8,
        longest=LONGEST_TEXT,
        label=_("Was soll die Stelle wissen?"),
        help_text=_(
            "Nur dieser Text wird gesendet, nichts aus Ihrem Gespräch. Ändern Sie ihn, wie Sie möchten."
        ),
        empty=_("Hier steht noch nichts. Ein oder zwei Sätze genügen."),
    )
    name = PlainLineField(
        required=False,
        label=_("Wie möchten Sie genannt werden?"),
        help_text=_("Sie können das leer lassen. Auch ein ausgedachter Name geht."),
    )
    share = forms.MultipleChoiceField(
        required=False,
        label=_("Was darf außerdem mit?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Bitte wählen Sie nur, was hier steht.")},
    )
    contact = forms.ChoiceField(
        label=_("Wie darf die Stelle sich melden?"),
        choices=CONTACTS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Bitte wählen Sie, wie die Stelle sich melden darf.")},
    )
    email = forms.EmailField(
        required=False,
        max_length=254,
        label=_("Ihre E-Mail-Adresse"),
        help_text=_("Nur nötig, wenn die Stelle Ihnen eine E-Mail schreiben soll."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": _("Diese E-Mail-Adresse stimmt so nicht.")},
    )
    phone = PlainLineField(
        required=False,
        longest=40,
        label=_("Ihre Telefonnummer"),
        help_text=_("Nur nötig, wenn die Stelle Sie anrufen soll."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    times = PlainLineField(
        required=False,
        longest=120,
        label=_("Wann ist ein Anruf für Sie sicher?"),
        help_text=_("Zum Beispiel: Montag bis Mittwoch, 9 bis 12 Uhr."),
    )
    voicemail = forms.BooleanField(required=False, label=_("Man darf auf meine Mailbox sprechen."))
    about = forms.ChoiceField(
        label=_("Um wen geht es in Ihrem Text?"),
        choices=Consent.About.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Bitte sagen Sie kurz, um wen es geht.")},
    )
    checked = forms.BooleanField(
        required=False,
        label=_(
            "Ich habe Namen und Einzelheiten von anderen weggelassen, oder sie wissen Bescheid."
        ),
    )
    days = forms.ChoiceField(
        label=_("Wie lange darf die Stelle es lesen?"),
        choices=DAYS,
        initial=str(sla.USUAL_CONSENT),
        widget=forms.RadioSelect,
        error_messages={"required": _("Bitte wählen Sie, wie lange.")},
    )

    def __init__(self, *args: Any, available: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.available = available
        share = self.fields["share"]
        assert isinstance(share, forms.MultipleChoiceField)
        share.choices = [(code, f"{label}: {value}") for code, (label, value) in available.items()]
        if not available:
            del self.fields["share"]

    def clean(self) -> dict[str, Any]:
        """Want what the chosen way of contact needs, and care for other people's data."""
        data = super().clean() or {}
        wants_mail = data.get("contact") == Contact.EMAIL
        if wants_mail and not data.get("email") and "email" not in self.errors:
            self.add_error("email", gettext("Bitte geben Sie Ihre E-Mail-Adresse ein."))
        if data.get("contact") == Contact.PHONE and not _can_be_dialled(data.get("phone", "")):
            self.add_error("phone", gettext("Bitte geben Sie Ihre Telefonnummer ein."))
        if data.get("about") in {Consent.About.OTHERS, Consent.About.MINOR} and not data.get(
            "checked"
        ):
            self.add_error(
                "checked",
                gettext(
                    "Bitte lesen Sie Ihren Text noch einmal: Steht etwas über andere darin, das sie "
                    "nicht wissen? Setzen Sie dann das Häkchen."
                ),
            )
        return data

    def parcel(self, service: Service) -> Parcel:
        """Return what would be sent, exactly."""
        data = self.cleaned_data
        contact = Contact(data["contact"])
        fields = {code: self.available[code][1] for code in data.get("share", [])}
        if data["name"]:
            fields[Field.NAME.value] = data["name"]
        by_phone = contact is Contact.PHONE
        reach = {Contact.EMAIL: data["email"], Contact.PHONE: data["phone"]}.get(contact, "")
        return Parcel(
            recipient=str(service.pk),
            recipient_name=service.name,
            text=data["text"],
            contact=contact,
            fields=fields,
            reach=reach,
            times=data["times"] if by_phone else "",
            voicemail=bool(by_phone and data["voicemail"]),
        )


def _can_be_dialled(typed: str) -> bool:
    return sum(character.isdigit() for character in typed) >= FEWEST_DIGITS


class ConfirmForm(forms.Form):
    """The yes to exactly what was shown. mark: of it."""

    mark = forms.RegexField(r"^[0-9a-f]{64}$")
    about = forms.ChoiceField(choices=Consent.About.choices)
    days = forms.TypedChoiceField(choices=DAYS, coerce=int)


class AnswerForm(forms.Form):
    """The client's words to a question, or to appointments of which none fits."""

    use_required_attribute = False

    text = PlainTextField(
        rows=4,
        longest=LONGEST_TEXT,
        label=_("Ihre Antwort"),
        help_text=_("Nur diese Stelle und Ihre Beratung lesen sie."),
    )


class TimesForm(AnswerForm):
    """When another appointment would fit."""

    text = PlainTextField(
        required=False,
        rows=3,
        longest=1000,
        label=_("Wann würde es Ihnen passen?"),
    )
