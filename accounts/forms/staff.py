"""What is asked when somebody is invited, and what they answer."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import queries
from accounts.forms.fields import PlainLineField
from accounts.forms.signing_in import (
    LONGEST_EMAIL,
    PasswordField,
    SixDigitsField,
    check_new_password,
)
from accounts.forms.teams import TeamsField
from accounts.models import Invitation, Membership, Role
from accounts.rules import invitable_roles
from accounts.strength import PASSWORD_ONLY, WITH_DEVICE_KEY


class InviteForm(forms.Form):
    """Whom to invite, and to what."""

    use_required_attribute = False  # our own sentences, not the browser's

    name = PlainLineField(
        longest=60,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("So lesen ihn auch Ratsuchende, zum Beispiel „Katrin P.“."),
        empty=gettext_lazy("Bitte geben Sie einen Namen ein."),
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Rolle"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Bitte wählen Sie eine Rolle."),
            "invalid_choice": gettext_lazy("Diese Rolle kann hier nicht vergeben werden."),
        },
    )
    teams = TeamsField(
        label=gettext_lazy("Teams"),
        help_text=gettext_lazy("Die Person sieht die Fälle dieser Teams."),
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        """Offer the roles that the member may give, and the organisation's teams."""
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["role"]).choices = [
            (role.value, role.label) for role in invitable_roles(member)
        ]
        cast(TeamsField, self.fields["teams"]).queryset = queries.teams(member.organisation)

    def clean(self) -> dict[str, Any]:
        """Ask for a team where the role works with cases: without one the queue stays empty."""
        data = super().clean() or self.cleaned_data
        works_with_cases = data.get("role") in Role.counselling()
        if works_with_cases and "teams" in data and not data["teams"]:
            self.add_error("teams", _("Bitte wählen Sie mindestens ein Team."))
        return data


class EnrolForm(forms.Form):
    """A new person's account: how they will sign in."""

    use_required_attribute = False  # our own sentences, not the browser's

    email = forms.EmailField(
        label=gettext_lazy("E-Mail-Adresse"),
        help_text=gettext_lazy("Damit melden Sie sich später an."),
        max_length=LONGEST_EMAIL,
        error_messages={
            "required": gettext_lazy("Bitte geben Sie die E-Mail-Adresse ein."),
            "invalid": gettext_lazy("Das ist keine vollständige E-Mail-Adresse."),
            "max_length": gettext_lazy("Diese E-Mail-Adresse ist zu lang."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "off"}),
    )
    password = PasswordField(
        new=True,
        label=gettext_lazy("Neues Passwort"),
        help_text=gettext_lazy(
            "Mindestens 12 Zeichen. Gut ist ein Satz aus mehreren Wörtern, die nichts miteinander "
            "zu tun haben."
        ),
        error_messages={"required": gettext_lazy("Bitte wählen Sie ein Passwort.")},
    )
    password_again = PasswordField(
        new=True,
        label=gettext_lazy("Passwort wiederholen"),
        error_messages={
            "required": gettext_lazy("Bitte geben Sie das Passwort ein zweites Mal ein.")
        },
    )
    code = SixDigitsField(
        help_text=gettext_lazy("So prüfen wir, dass die App eingerichtet ist. Sechs Ziffern.")
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        """Know whom the account is for: their name and organisation make a weak password."""
        super().__init__(*args, **kwargs)
        self.about = [invitation.name, invitation.organisation.name]
        with_devices = invitation.organisation.device_keys
        self.required_strength = WITH_DEVICE_KEY if with_devices else PASSWORD_ONLY

    def clean_email(self) -> str:
        """Return the address as it is stored."""
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        """Compare the passwords and rate the first."""
        data = super().clean() or self.cleaned_data
        check_new_password(
            self,
            data,
            about=[*self.about, data.get("email", "")],
            required=self.required_strength,
        )
        return data
