"""What a parent types: a question, a message, a code, a rating."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms.fields import PlainLineField, PlainTextField
from accounts.models import Organisation
from accounts.text import clean
from counselling import queries
from counselling.forms.files import FilesField, FilesForm
from counselling.models import Case, Topic
from vault.codes import AccessCode, CodeInvalid

# Django's own class takes no type argument at run time.
if TYPE_CHECKING:
    _ChoiceOfTopic = forms.ModelChoiceField[Topic]
else:
    _ChoiceOfTopic = forms.ModelChoiceField

LONGEST_RATING = 2000  # characters
_POSTCODE = re.compile(r"(?:DE?-?)?([0-9]{5})", re.IGNORECASE)


class Danger(models.TextChoices):
    """The parent's own answer to whether somebody is in danger now."""

    NO = "nein", gettext_lazy("Nein")
    YES = "ja", gettext_lazy("Ja")
    UNSURE = "unklar", gettext_lazy("Ich weiß es nicht")

    @classmethod
    def urgent(cls) -> frozenset["Danger"]:
        """Return the answers that count as danger: who is not sure is taken seriously."""
        return frozenset([cls.YES, cls.UNSURE])


class DangerField(forms.ChoiceField):
    """The self-check; no answer counts as none."""

    widget = forms.RadioSelect

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            label=gettext_lazy("Ist gerade jemand in Gefahr?"),
            help_text=gettext_lazy(
                "Bei „Ja“ und bei „Ich weiß es nicht“ zeigen wir Ihnen gleich Telefonnummern, und Ihr "
                "Text kommt bei uns nach ganz vorn."
            ),
            choices=Danger.choices,
            error_messages={
                "invalid_choice": gettext_lazy("Bitte wählen Sie eine der drei Antworten aus.")
            },
            **kwargs,
        )


class PostcodeField(PlainLineField):
    """A German postcode, with or without `D-`."""

    def clean(self, value: Any) -> str:
        """Return five digits or nothing. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return ""
        found = _POSTCODE.fullmatch(text.replace(" ", ""))
        if found is None:
            raise ValidationError(
                _("Eine Postleitzahl hat fünf Ziffern. Sie können das Feld auch leer lassen.")
            )
        return found.group(1)


class TopicField(_ChoiceOfTopic):
    """A topic of the organisation; whatever was not offered gets the same sentence."""

    def to_python(self, value: Any) -> Topic | None:
        """Return the topic, or None for none. Raises ValidationError."""
        try:
            topic: Topic | None = super().to_python(value)
        except ValidationError:
            # The parent's sentence would repeat what was sent.
            raise ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice"
            ) from None
        return topic


class AskForm(FilesForm):
    """A question. Only the text is needed."""

    use_required_attribute = False

    text = PlainTextField(
        label=gettext_lazy("Was beschäftigt Sie?"),
        help_text=gettext_lazy(
            "Schreiben Sie einfach los. Rechtschreibung ist egal. Lassen Sie Namen und Adressen weg."
        ),
        rows=9,
        empty=gettext_lazy(
            "Hier steht noch nichts. Bitte schreiben Sie, was Sie beschäftigt. Ein Satz genügt."
        ),
    )
    attachments = FilesField()
    danger = DangerField()
    topic = TopicField(
        Topic.objects.none(),
        required=False,
        label=gettext_lazy("Worum geht es?"),
        empty_label=gettext_lazy("Keine Angabe"),
        error_messages={
            "invalid_choice": gettext_lazy(
                "Dieses Thema gibt es hier nicht. Bitte wählen Sie ein anderes oder „Keine Angabe“."
            )
        },
    )
    age_band = forms.ChoiceField(
        choices=[("", gettext_lazy("Keine Angabe")), *Case.AgeBand.choices],
        required=False,
        label=gettext_lazy("Wie alt ist Ihr Kind?"),
        error_messages={
            "invalid_choice": gettext_lazy(
                "Dieses Alter gibt es hier nicht. Bitte wählen Sie aus der Liste oder „Keine Angabe“."
            )
        },
    )
    postcode = PostcodeField(
        required=False,
        label=gettext_lazy("Postleitzahl"),
        help_text=gettext_lazy("Dann können wir Ihnen Hilfe in Ihrer Nähe nennen."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = organisation
        # Most questions come without a topic; they do not pay for the list.
        if self.data.get("topic"):
            self.offer_topics()

    def offer_topics(self) -> None:
        """Offer the organisation's topics; to be called before the form is shown."""
        field = self.fields["topic"]
        if isinstance(field, TopicField):
            field.queryset = queries.topics(self.organisation)

    @property
    def in_danger(self) -> bool:
        """Say whether the parent's answer counts as danger."""
        return self.cleaned_data["danger"] in Danger.urgent()


class WriteForm(FilesForm):
    """A further message in a conversation."""

    use_required_attribute = False

    text = PlainTextField(
        label=gettext_lazy("Ihre Nachricht"),
        rows=6,
        empty=gettext_lazy("Hier steht noch nichts. Bitte schreiben Sie Ihre Nachricht."),
    )
    attachments = FilesField()
    danger = DangerField()

    @property
    def in_danger(self) -> bool:
        """Say whether the parent's answer counts as danger."""
        return self.cleaned_data["danger"] in Danger.urgent()


class CodeField(forms.Field):
    """The access code, read as forgivingly as a person types it."""

    widget = forms.TextInput

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Keep the browser from remembering, correcting and sending the code to a spell checker."""
        return {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}

    def bound_data(self, data: Any, initial: Any) -> str:
        """Return what the box shows after sending: what was typed."""
        return " ".join(clean(str(data or "")).text.split())

    def clean(self, value: Any) -> AccessCode:
        """Return the code. Raises ValidationError with a sentence that helps to find the mistake."""
        typed = str(value or "")
        try:
            return AccessCode.parse(typed)
        except CodeInvalid as invalid:
            sentence = _invalid_words(invalid.reason, sum(c.isalnum() for c in typed))
        # Outside the handler: the cause's traceback would carry what was typed.
        raise ValidationError(sentence)


def _invalid_words(reason: str, count: int) -> str:
    if reason == "empty":
        return _("Bitte geben Sie Ihren Code ein. Er hat fünf Gruppen mit je fünf Zeichen.")
    if reason == "length":
        return _(
            "Ein Code hat 25 Zeichen: fünf Gruppen mit je fünf. Hier stehen %(count)s. "
            "Bitte sehen Sie nach, ob etwas fehlt oder doppelt ist."
        ) % {"count": count}
    if reason == "letter":
        return _(
            "In einem Code gibt es nur die Buchstaben A bis Z und Ziffern. "
            "Bitte sehen Sie nach, ob ein anderes Zeichen dabei ist."
        )
    return _(
        "Ein Zeichen in diesem Code stimmt nicht, oder zwei sind vertauscht. "
        "Bitte vergleichen Sie ihn Gruppe für Gruppe."
    )


class CodeForm(forms.Form):
    """The code with which a parent comes back."""

    use_required_attribute = False

    code = CodeField(
        label=gettext_lazy("Ihr Zugangs-Code"),
        help_text=gettext_lazy(
            "Zum Beispiel 7KQ4M-XW2PA-… Große oder kleine Buchstaben, mit oder ohne Striche: alles geht."
        ),
    )


class RatingForm(forms.Form):
    """What a parent thinks of the counselling: one to five, and words if they like."""

    use_required_attribute = False

    stars = forms.ChoiceField(
        widget=forms.RadioSelect,
        label=gettext_lazy("Wie hilfreich war unsere Antwort?"),
        choices=[
            ("1", gettext_lazy("gar nicht")),
            ("2", gettext_lazy("wenig")),
            ("3", gettext_lazy("teils, teils")),
            ("4", gettext_lazy("gut")),
            ("5", gettext_lazy("sehr gut")),
        ],
        error_messages={
            "required": gettext_lazy("Bitte wählen Sie eine Zahl von 1 bis 5."),
            "invalid_choice": gettext_lazy("Bitte wählen Sie eine Zahl von 1 bis 5."),
        },
    )
    text = PlainTextField(
        required=False,
        longest=LONGEST_RATING,
        rows=3,
        label=gettext_lazy("Was möchten Sie uns dazu sagen?"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "rating-%s"} | kwargs)
