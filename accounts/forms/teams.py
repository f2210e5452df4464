"""Choosing among the organisation's teams."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Team

# Django's own classes take no type argument at run time.
if TYPE_CHECKING:
    ChoiceOfTeam = forms.ModelChoiceField[Team]
    ChoiceOfTeams = forms.ModelMultipleChoiceField[Team]
else:
    ChoiceOfTeam = forms.ModelChoiceField
    ChoiceOfTeams = forms.ModelMultipleChoiceField

UNKNOWN = _("Dieses Team gibt es nicht. Bitte wählen Sie neu.")


class TeamField(ChoiceOfTeam):
    """One team; the form sets `queryset` to those of its organisation."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            Team.objects.none(),
            empty_label=_("Bitte wählen"),
            error_messages={
                "required": _("Bitte wählen Sie ein Team."),
                "invalid_choice": UNKNOWN,
            },
            **kwargs,
        )

    def to_python(self, value: Any) -> Team | None:
        """Return the team. Raises ValidationError with one sentence for whatever is none."""
        try:
            team: Team | None = super().to_python(value)
        except ValidationError:
            # For an id that is no UUID, Django's own words would repeat what was sent.
            raise ValidationError(UNKNOWN, code="invalid_choice") from None
        return team


class TeamsField(ChoiceOfTeams):
    """Some teams, or none; the form sets `queryset` to those of its organisation."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            Team.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, **kwargs
        )

    def clean(self, value: Any) -> Any:
        """Return the teams. Raises ValidationError with one sentence for whatever is none."""
        try:
            return super().clean(value)
        except ValidationError:
            raise ValidationError(UNKNOWN, code="invalid_choice") from None
