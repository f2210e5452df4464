"""What members say about how urgent something is."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PlainTextField
from counselling.forms.staff import SeenField
from counselling.models import Case, Review

_RAISING = (Review.Reason.HIDDEN, Review.Reason.OVERLOOKED, Review.Reason.TOLD)
_LOWERING = (
    Review.Reason.WORDING,
    Review.Reason.PAST,
    Review.Reason.OTHER_PERSON,
    Review.Reason.RESOLVED,
    Review.Reason.ENQUIRY,
)
REASON_MISSING = _("Bitte wählen Sie einen Grund, warum es weniger dringend ist.")


class UrgencyForm(forms.Form):
    """How soon a human must see a case, as a human rates it, and why."""

    urgency = forms.TypedChoiceField(
        label=_("Wie dringend ist es?"),
        choices=Case.UrgencyLevel.choices,
        coerce=int,
        error_messages={
            "required": _("Bitte wählen Sie eine Dringlichkeit."),
            "invalid_choice": _("Bitte wählen Sie eine Dringlichkeit."),
        },
    )
    reason = forms.ChoiceField(
        label=_("Warum?"),
        required=False,
        help_text=_("Nötig, wenn Sie herunterstufen."),
        choices=[
            ("", _("Bitte wählen")),
            (Review.Reason.RIGHT.value, Review.Reason.RIGHT.label),
            (_("Dringender"), [(one.value, one.label) for one in _RAISING]),
            (_("Weniger dringend"), [(one.value, one.label) for one in _LOWERING]),
            (Review.Reason.OTHER.value, Review.Reason.OTHER.label),
        ],
        error_messages={"invalid_choice": REASON_MISSING},
    )
    note = PlainTextField(
        label=_("Notiz dazu"),
        required=False,
        rows=2,
        longest=1000,
        help_text=_("Nur für das Team."),
    )
    seen = SeenField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Give the fields ids of their own."""
        super().__init__(*args, **{"auto_id": "rate-%s", **kwargs})


class RewrittenForm(forms.Form):
    """A missed alarm, told anew by a human, as a line for training."""

    text = PlainTextField(
        label=_("Mit eigenen Worten erzählt"),
        empty=_("Bitte erzählen Sie die Nachricht mit eigenen Worten."),
        longest=4000,
        help_text=_(
            "Erzählen Sie, worum es ging, in neuen Sätzen. Ändern Sie alles, woran jemand sich "
            "wiedererkennen könnte: Namen, Orte, Alter, Umstände."
        ),
    )
    level = forms.TypedChoiceField(
        label=_("Wie dringend ist es?"),
        choices=[
            (Case.UrgencyLevel.SOFORT.value, Case.UrgencyLevel.SOFORT.label),
            (Case.UrgencyLevel.DRINGEND.value, Case.UrgencyLevel.DRINGEND.label),
        ],
        coerce=int,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Bitte wählen Sie eine Dringlichkeit.")
        ),
    )
    changed = forms.BooleanField(
        label=_("Niemand ist in diesem Text wiederzuerkennen."),
        error_messages={"required": _("Bitte prüfen Sie das und setzen Sie dann den Haken.")},
    )
