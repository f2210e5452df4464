"""What somebody changes about how they sign in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PlainLineField
from accounts.forms.signing_in import PasswordField, SixDigitsField

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


class PasskeyForm(forms.Form):
    """A new passkey: its name, and what the browser has made."""

    use_required_attribute = False  # our own sentences, not the browser\'s

    name = PasskeyName()
    password = OwnPassword()
    answer = forms.CharField(required=False, widget=forms.HiddenInput)


class RenameForm(forms.Form):
    """Another name for a passkey."""

    use_required_attribute = False  # our own sentences, not the browser\'s

    name = PasskeyName()


class AuthenticatorForm(forms.Form):
    """Another authenticator app: the password, and a code that the new app shows."""

    use_required_attribute = False  # our own sentences, not the browser\'s

    password = OwnPassword()
    code = SixDigitsField(
        help_text=_("So prüfen wir, dass die neue App eingerichtet ist. Sechs Ziffern.")
    )
