"""An authenticator app that is being set up: its secret comes back with the form, or a new one is shown."""

from datetime import datetime
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _

from accounts.authenticator import Secret


def brought_back(form: forms.Form, *, subject: UUID, at: datetime) -> tuple[Secret, bool]:
    """Return the secret that a sent form with a `code` brought, and whether the form is valid with it.

    subject: id of what the secret was made for. When the page was open for too long, a new secret comes
    and the form says so at its code.
    """
    valid = form.is_valid()
    secret = Secret.read(form.data.get("ticket", ""), subject, at=at)
    if secret is not None:
        return secret, valid
    form.add_error(
        "code",
        _("Diese Seite war zu lange offen. Bitte richten Sie die App mit dem neuen Bild ein."),
    )
    return Secret.fresh(subject, at=at), False
