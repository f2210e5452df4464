"""How an organisation works: times, second eyes, and what each person takes on."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy

from accounts import queries as staff_queries
from accounts.forms.teams import TeamsField
from accounts.models import Membership, Organisation
from counselling import queries
from counselling.models import HouseRules, Topic, WorkProfile

LONGEST = 14 * 24 * 60  # minutes


def minutes_field(label: Any, help_text: Any = "") -> forms.IntegerField:
    """Return a field for a length of time in minutes."""
    sentence = gettext_lazy("Bitte geben Sie eine Zahl von 5 bis 20160 ein (14 Tage).")
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=5,
        max_value=LONGEST,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence),
    )


class RulesForm(forms.Form):
    """Rules of the house, field by field as in their row."""

    use_required_attribute = False  # our own sentences, not the browser's

    return_sofort_minutes = minutes_field(gettext_lazy("„Sofort“: zurück nach, in Minuten"))
    return_dringend_minutes = minutes_field(gettext_lazy("„Dringend“: zurück nach, in Minuten"))
    return_normal_minutes = minutes_field(
        gettext_lazy("Alles andere: zurück nach, in Minuten"),
        gettext_lazy("1440 Minuten sind ein Tag."),
    )
    pushed = TeamsField(
        label=gettext_lazy("In diesen Teams wird zugeteilt"),
        help_text=gettext_lazy(
            "Wer am längsten nichts bekommen hat und noch Platz hat, bekommt den nächsten Fall. In den "
            "anderen Teams nimmt sich jede Person selbst etwas aus der Warteschlange."
        ),
    )
    four_eyes_sofort = forms.BooleanField(
        required=False,
        label=gettext_lazy("Antworten auf „sofort“ liest immer eine zweite Person"),
        help_text=gettext_lazy("Antworten von Menschen in Ausbildung liest immer jemand."),
    )
    approval_minutes = minutes_field(gettext_lazy("Freigeben spätestens nach, in Minuten"))

    def __init__(
        self, data: Any = None, *, organisation: Organisation, rules: HouseRules, pushed: Any
    ) -> None:
        """Show what holds now, and offer the organisation's teams."""
        names = [name for name in self.base_fields if name != "pushed"]
        initial = {name: getattr(rules, name) for name in names} | {"pushed": list(pushed)}
        super().__init__(data, initial=initial)
        cast(TeamsField, self.fields["pushed"]).queryset = staff_queries.teams(organisation)

    def apply_to(self, rules: HouseRules) -> None:
        """Write what was given into a row."""
        for name, value in self.cleaned_data.items():
            if name != "pushed":
                setattr(rules, name, value)


class ProfileForm(forms.Form):
    """What one person takes on."""

    use_required_attribute = False  # our own sentences, not the browser's

    ceiling = forms.IntegerField(
        label=gettext_lazy("Höchstens so viele Fragen und Chats zugleich"),
        min_value=1,
        max_value=99,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            gettext_lazy("Bitte geben Sie eine Zahl von 1 bis 99 ein."),
        ),
    )
    topics = forms.ModelMultipleChoiceField(
        Topic.objects.none(),
        required=False,
        label=gettext_lazy("Bekommt zugeteilt"),
        help_text=gettext_lazy("Nichts angekreuzt heißt: alle Themen."),
        widget=forms.CheckboxSelectMultiple,
        error_messages=dict.fromkeys(
            ("invalid_choice", "invalid_pk_value"),
            gettext_lazy("Dieses Thema gibt es nicht. Bitte wählen Sie neu."),
        ),
    )
    needs_approval = forms.BooleanField(
        required=False, label=gettext_lazy("Antworten liest eine zweite Person")
    )

    def __init__(
        self, data: Any = None, *, member: Membership, profile: WorkProfile, topics: Any
    ) -> None:
        """Show what holds now, and offer the organisation's topics."""
        initial = {
            "ceiling": profile.ceiling,
            "needs_approval": profile.needs_approval,
            "topics": topics,
        }
        super().__init__(data, initial=initial)
        field = cast("forms.ModelMultipleChoiceField[Any]", self.fields["topics"])
        field.queryset = queries.topics(member.organisation)
