"""What people type on the pages of chats."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PlainTextField
from accounts.models import Membership
from chat import queries
from chat.models import ChatRules
from chat.protocol import LONGEST_TEXT
from counselling.forms.client import Danger, DangerField
from counselling.forms.staff import TokenField
from counselling.roster import Load

# Django's own class takes no type argument at run time.
if TYPE_CHECKING:
    _RulesBase = forms.ModelForm[ChatRules]
else:
    _RulesBase = forms.ModelForm


class EnterForm(forms.Form):
    """The first words of a chat; they are rated before anybody waits."""

    use_required_attribute = False

    text = PlainTextField(
        label=_("Was beschäftigt Sie?"),
        help_text=_(
            "Schreiben Sie zuerst kurz, worum es geht. Dann ist nichts verloren, wenn die Verbindung "
            "abbricht."
        ),
        rows=6,
        longest=LONGEST_TEXT,
        empty=_("Hier steht noch nichts. Bitte schreiben Sie, was Sie beschäftigt."),
    )
    danger = DangerField()

    @property
    def in_danger(self) -> bool:
        """Say whether the parent's answer counts as danger."""
        return self.cleaned_data["danger"] in Danger.urgent()


class SayForm(forms.Form):
    """Something that is said in a chat. message: the id under which it counts once."""

    use_required_attribute = False

    text = PlainTextField(
        label=_("Ihre Nachricht"),
        rows=3,
        longest=LONGEST_TEXT,
        empty=_("Hier steht noch nichts. Bitte schreiben Sie Ihre Nachricht."),
    )
    message = TokenField(required=False)


class BeginForm(forms.Form):
    """What somebody says who goes into the chat with a conversation that goes on."""

    use_required_attribute = False

    text = PlainTextField(
        label=_("Worum geht es jetzt?"),
        help_text=_("Wer im Chat antwortet, kann Ihr Gespräch lesen. Ein kurzer Satz genügt."),
        rows=4,
        longest=LONGEST_TEXT,
        empty=_("Hier steht noch nichts. Bitte schreiben Sie, worum es jetzt geht."),
    )
    danger = DangerField()
    message = TokenField(required=False)

    @property
    def in_danger(self) -> bool:
        """Say whether the client's answer counts as danger."""
        return self.cleaned_data["danger"] in Danger.urgent()


class PassOnForm(forms.Form):
    """To whom a chat goes, and what its client reads about that."""

    use_required_attribute = False

    to = forms.ChoiceField(
        label=_("An wen?"),
        error_messages={
            "required": _("Bitte wählen Sie, wer den Chat bekommt."),
            "invalid_choice": _("Diese Wahl gibt es nicht mehr. Bitte wählen Sie neu."),
        },
    )
    text = PlainTextField(
        label=_("Einführung, die die ratsuchende Person liest"),
        rows=2,
        longest=LONGEST_TEXT,
        empty=_("Bitte schreiben Sie einen Satz dazu, wer jetzt weitermacht."),
    )
    message = TokenField(required=False)

    def __init__(self, *args: Any, colleagues: dict[Membership, Load], **kwargs: Any) -> None:
        """Offer who is on duty for chats. colleagues: with how loaded they are."""
        super().__init__(*args, **kwargs)
        self._people = {str(member.pk): member for member in colleagues}
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("Bitte wählen")),
            *(
                (
                    str(member.pk),
                    _("%(name)s (%(free)d frei)") % {"name": member.name, "free": load.free},
                )
                for member, load in colleagues.items()
            ),
        ]

    def clean_to(self) -> Membership:
        """Return the colleague."""
        return self._people[self.cleaned_data["to"]]


class EndForm(forms.Form):
    """The end of a chat. text: what its client keeps of it."""

    use_required_attribute = False

    text = PlainTextField(
        required=False,
        label=_("Zusammenfassung für die ratsuchende Person"),
        rows=3,
        longest=LONGEST_TEXT,
    )
    message = TokenField(required=False)


class RulesForm(_RulesBase):
    """Whether and how an organisation chats."""

    class Meta:
        model = ChatRules
        fields = (
            "offered",
            "most_waiting",
            "keep_minutes",
            "last_entry_minutes",
            "quiet_minutes",
            "quiet_end_minutes",
            "silent_reading",
        )

    def clean_offered(self) -> bool:
        """Refuse to chat where a second person reads every answer to somebody in danger."""
        offered: bool = self.cleaned_data["offered"]
        if offered and queries.reads_urgent_by_two(self.instance.organisation_id):
            raise forms.ValidationError(
                _(
                    "Bei Ihnen liest jede Antwort auf „sofort“ erst eine zweite Person. Im Chat kann "
                    "niemand so lange warten. Schalten Sie das zuerst unter „Regeln der Arbeit“ aus."
                )
            )
        return offered
