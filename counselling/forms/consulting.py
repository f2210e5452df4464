"""What members type and choose when they ask colleagues for advice, and answer."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PlainTextField
from accounts.models import Membership, Team
from counselling import consulting
from counselling.forms.staff import TokenField
from counselling.models import Case

LONGEST = 6000  # characters of a question or an answer


class ConsultForm(forms.Form):
    """Whom to ask, and what: one colleague or one team, in one choice."""

    to = forms.ChoiceField(
        label=_("Wen fragen Sie?"),
        error_messages={
            "required": _("Bitte wählen Sie, wen Sie fragen."),
            "invalid_choice": _("Diese Wahl gibt es nicht mehr. Bitte wählen Sie neu."),
        },
    )
    text = PlainTextField(
        label=_("Ihre Frage, mit dem, was man dazu wissen muss"),
        empty=_("Ihre Frage ist noch leer."),
        help_text=_(
            "Erzählen Sie mit eigenen Worten. Wer nicht zum Team gehört, sieht nur diesen Text und nie "
            "den Fall."
        ),
        rows=10,
        longest=LONGEST,
    )
    client_msg_id = TokenField(required=False)

    def __init__(self, *args: Any, member: Membership, case: Case, **kwargs: Any) -> None:
        """Offer everybody whom the member may ask, the case's own team first."""
        super().__init__(*args, **{"auto_id": "consult-%s", **kwargs})
        near: dict[str, Membership | Team] = {}
        others: dict[str, Membership | Team] = {}
        teams: dict[str, Membership | Team] = {}
        for colleague in consulting.colleagues(member):
            in_team = case.team_id in {team.pk for team in colleague.teams.all()}
            (near if in_team else others)[f"member:{colleague.pk}"] = colleague
        for team in consulting.teams(member):
            (near if team.pk == case.team_id else teams)[f"team:{team.pk}"] = team
        self._targets = {**near, **others, **teams}
        groups: list[tuple[Any, dict[str, Membership | Team]]] = [
            (_("Darf den Fall auch so lesen"), near),
            (_("Sieht nur Ihren Text"), others),
            (_("Ein ganzes Team, sieht nur Ihren Text"), teams),
        ]
        cast(forms.ChoiceField, self.fields["to"]).choices = [
            ("", _("Bitte wählen")),
            *((name, _named(chosen)) for name, chosen in groups if chosen),
        ]

    def clean_to(self) -> Membership | Team:
        """Return whom the choice names."""
        return self._targets[self.cleaned_data["to"]]


class CheckForm(forms.Form):
    """What who asks says about a text before somebody reads it who may not read the case."""

    names = forms.BooleanField(
        label=_("Kein Name steht darin: keiner von Menschen, Schulen, Praxen oder Ämtern."),
        error_messages={"required": _("Bitte prüfen Sie, ob noch ein Name im Text steht.")},
    )
    places = forms.BooleanField(
        label=_("Kein Ort steht darin: keine Stadt, kein Stadtteil, keine Straße."),
        error_messages={"required": _("Bitte prüfen Sie, ob noch ein Ort im Text steht.")},
    )
    dates = forms.BooleanField(
        label=_("Kein Datum und keine Nummer steht darin, und nichts, was es nur einmal gibt."),
        error_messages={"required": _("Bitte prüfen Sie, ob noch ein Datum im Text steht.")},
    )


class AnswerForm(forms.Form):
    """An answer to who asked."""

    text = PlainTextField(
        label=_("Ihr Rat"),
        empty=_("Ihre Antwort ist noch leer."),
        help_text=_("Ratsuchende sehen ihn nie. Lesen kann ihn, wer den Fall lesen darf."),
        rows=8,
        longest=LONGEST,
    )
    client_msg_id = TokenField(required=False)


def _named(chosen: dict[str, Membership | Team]) -> list[tuple[str, Any]]:
    return [
        (value, _("Team %(team)s") % {"team": to.name} if isinstance(to, Team) else to.name)
        for value, to in chosen.items()
    ]
