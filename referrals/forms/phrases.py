"""What editors decide about words that people searched for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.forms.fields import PlainLineField
from referrals.operations.synonyms import LONGEST


class PhraseForm(forms.Form):
    """A phrase that is to lead to a kind of help. topics: name by code."""

    use_required_attribute = False

    phrase = PlainLineField(
        longest=LONGEST,
        label=gettext_lazy("Wort oder Satz, wie Eltern ihn tippen"),
        empty=gettext_lazy("Bitte geben Sie mindestens ein Wort ein."),
    )
    topic = forms.ChoiceField(
        label=gettext_lazy("führt zu"),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Bitte wählen Sie eine Art der Hilfe aus.")
        ),
    )

    def __init__(self, data: Any = None, *, topics: dict[str, str], initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        topic = self.fields["topic"]
        assert isinstance(topic, forms.ChoiceField)
        topic.choices = [("", gettext_lazy("Bitte wählen")), *topics.items()]
