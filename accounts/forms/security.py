"""What somebody changes about how they sign in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import queries
from accounts.forms.fields import PlainLineField
from accounts.forms.signing_in import PasswordField, SixDigitsField, check_new_password
from accounts.models import User
from accounts.strength import PASSWORD_ONLY, WITH_DEVICE_KEY
from vault.codes import AccessCode, CodeInvalid

LONGEST_NAME = 60


class PasskeyName(PlainLineField):
    """What a passkey is called in the list."""

    def __init__(self) -> None:
        super().__init__(
            longest=LONGEST_NAME,
            label=_("Name"),
            help_text=_("Damit Sie ihn wiedererkennen, zum Beispiel „Laptop im Büro“."),
            empty=_("Bitte geben Sie dem Passkey einen Namen."),
        )


class OwnPassword(PasswordField):
    """The password of whoever is signed in, shown again before something weighty."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Ihr Passwort"),
            help_text=_("Zur Sicherheit, falls jemand anderes an diesem Browser sitzt."),
            error_messages={"required": _("Bitte geben Sie Ihr Passwort ein.")},
        )


class ProofForm(forms.Form):
    """The password of whoever is signed in, and nothing else."""

    use_required_attribute = False  # our own sentences, not the browser's

    password = OwnPassword()


class CardForm(forms.Form):
    """The code of a recovery card."""

    use_required_attribute = False  # our own sentences, not the browser's

    code = forms.CharField(
        label=_("Code von der Karte"),
        max_length=400,
        error_messages={"required": _("Bitte geben Sie den Code von der Karte ein.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> AccessCode:
        """Return the code. Raises ValidationError."""
        try:
            return AccessCode.parse(self.cleaned_data["code"])
        except CodeInvalid:
            raise ValidationError(
                _("So sieht kein Code einer Karte aus: Er hat 25 Zeichen in fünf Gruppen.")
            ) from None


class NewPasswordForm(forms.Form):
    """A new password, twice."""

    use_required_attribute = False  # our own sentences, not the browser's

    password = PasswordField(
        new=True,
        label=_("Neues Passwort"),
        help_text=_(
            "Mindestens 12 Zeichen. Gut ist ein Satz aus mehreren Wörtern, die nichts miteinander "
            "zu tun haben."
        ),
        error_messages={"required": _("Bitte wählen Sie ein Passwort.")},
    )
    password_again = PasswordField(
        new=True,
        label=_("Neues Passwort wiederholen"),
        error_messages={"required": _("Bitte geben Sie das Passwort ein zweites Mal ein.")},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        """Know whose password it is, and whether a device helps to protect the keys."""
        super().__init__(*args, **kwargs)
        self.person = person

    def clean(self) -> dict[str, Any]:
        """Compare the passwords and rate the first."""
        data = super().clean() or self.cleaned_data
        check_new_password(
            self,
            data,
            about=queries.known_about(self.person),
            required=WITH_DEVICE_KEY if queries.needs_device(self.person) else PASSWORD_ONLY,
        )
        return data


class PasswordForm(NewPasswordForm):
    """The old password, and a new one."""

    old = PasswordField(
        label=_("Bisheriges Passwort"),
        error_messages={"required": _("Bitte geben Sie Ihr bisheriges Passwort ein.")},
    )
    field_order = ("old", "password", "password_again")


class RecoverForm(NewPasswordForm):
    """A new beginning: a new password, and a code that the new app shows."""

    code = SixDigitsField(
        help_text=_("So prüfen wir, dass die App eingerichtet ist. Sechs Ziffern.")
    )


class PasskeyForm(forms.Form):
    """A new passkey: its name, and what the browser has made."""

    use_required_attribute = False  # our own sentences, not the browser's

    name = PasskeyName()
    password = OwnPassword()
    answer = forms.CharField(required=False, widget=forms.HiddenInput)


class RenameForm(forms.Form):
    """Another name for a passkey."""

    use_required_attribute = False  # our own sentences, not the browser's

    name = PasskeyName()


class AuthenticatorForm(forms.Form):
    """Another authenticator app: the password, and a code that the new app shows."""

    use_required_attribute = False  # our own sentences, not the browser's

    password = OwnPassword()
    code = SixDigitsField(
        help_text=_("So prüfen wir, dass die neue App eingerichtet ist. Sechs Ziffern.")
    )
