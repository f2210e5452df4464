"""What a member of staff types to come in."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PlainLineField
from accounts.strength import weakness

LONGEST_EMAIL = 254  # RFC 5321
LONGEST_PASSWORD = 512  # characters; a limit, so that nobody makes the hasher chew megabytes


class PasswordField(forms.CharField):
    """A password, taken as it is. It is never written back into the page."""

    def __init__(self, *, new: bool = False, **kwargs: Any) -> None:
        """Make the field. new: the browser may propose a password instead of filling one in."""
        autocomplete = "new-password" if new else "current-password"
        super().__init__(
            strip=False,
            max_length=LONGEST_PASSWORD,
            widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
            **kwargs,
        )
        self.error_messages |= {
            "max_length": _("Dieses Passwort ist zu lang. Möglich sind höchstens 512 Zeichen."),
            "null_characters_not_allowed": _("Dieses Passwort enthält ein unsichtbares Zeichen."),
        }
        # A browser would cut a pasted password silently.
        self.widget.attrs.pop("maxlength", None)


class SixDigitsField(forms.CharField):
    """The code of an authenticator app; spaces between the digits are fine."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Code aus der App"),
            error_messages={"required": _("Bitte geben Sie den Code aus der App ein.")},
            widget=forms.TextInput(
                attrs={
                    "autocomplete": "one-time-code",
                    "inputmode": "numeric",
                    "autocapitalize": "off",
                    "spellcheck": "false",
                }
            ),
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        """Return six digits. Raises ValidationError."""
        digits = re.sub(r"\s", "", super().clean(value))
        if not re.fullmatch(r"[0-9]{6}", digits):
            raise ValidationError(_("Der Code hat sechs Ziffern, zum Beispiel 123 456."))
        return digits


def check_new_password(
    form: forms.Form, data: dict[str, Any], *, about: Iterable[str], required: float
) -> None:
    """Compare the fields `password` and `password_again`, rate the first, and add what is amiss.

    data: the form's cleaned data. about, required: as for `accounts.strength.weakness`.
    """
    password, again = data.get("password"), data.get("password_again")
    if password and again and password != again:
        form.add_error(
            "password_again",
            _("Die beiden Passwörter sind nicht gleich. Bitte noch einmal eingeben."),
        )
    if not password:
        return
    try:
        validate_password(password)
    except ValidationError as error:
        form.add_error("password", error)
        return
    weak = weakness(password, about=about, required=required)
    if weak is not None:
        form.add_error("password", weak)


class SignInForm(forms.Form):
    """E-mail address and password."""

    use_required_attribute = False  # our own sentences, not the browser's

    email = PlainLineField(
        longest=LONGEST_EMAIL,
        label=_("E-Mail-Adresse"),
        empty=_("Bitte geben Sie die E-Mail-Adresse ein."),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "off"}),
    )
    password = PasswordField(
        label=_("Passwort"), error_messages={"required": _("Bitte geben Sie das Passwort ein.")}
    )


class CodeForm(forms.Form):
    """The second factor."""

    use_required_attribute = False  # our own sentences, not the browser's

    code = SixDigitsField(help_text=_("Sechs Ziffern, alle 30 Sekunden neue."))
