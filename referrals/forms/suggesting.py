"""What counsellors type: a search for candidates, a choice, handing on in acute danger."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PlainLineField, PlainTextField
from referrals.forms.searching import ASKED_LANGUAGES
from referrals.handoff.parcel import LONGEST_TEXT
from referrals.languages import name_of
from referrals.models import Necessity, Service
from referrals.search import places
from referrals.search.understanding import LONGEST


class CandidatesForm(forms.Form):
    """What the case needs, where, in which language. Sent by POST: it may tell of a person."""

    use_required_attribute = False

    words = PlainLineField(required=False, longest=LONGEST, label=_("Was wird gebraucht?"))
    place = PlainLineField(required=False, longest=60, label=_("Ort oder Postleitzahl"))
    language = forms.ChoiceField(required=False, label=_("Sprache"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [
            ("", _("keine besondere")),
            *sorted(((code, name_of(code)) for code in ASKED_LANGUAGES), key=lambda c: c[1]),
        ]

    def clean_place(self) -> str:
        """Return the place. An unknown one is told, and the search goes on without it."""
        typed: str = self.cleaned_data["place"]
        if typed and places.named(typed) is None:
            raise forms.ValidationError(
                gettext(
                    "Diesen Ort kennen wir nicht. Bitte prüfen Sie die Schreibweise, oder "
                    "geben Sie die Postleitzahl ein."
                )
            )
        return typed


class ProposalForm(forms.Form):
    """What goes with the cards: a text that the client may change or drop."""

    use_required_attribute = False

    text = PlainTextField(
        required=False,
        rows=5,
        longest=LONGEST_TEXT,
        label=_("Vorschlag für den Text an die Stelle"),
        help_text=_(
            "Die ratsuchende Person liest ihn, ändert ihn oder schreibt selbst. Nur was sie bestätigt, "
            "wird gesendet."
        ),
    )


class NecessityForm(forms.Form):
    """Handing on without consent, in acute danger: who, why, what, and whether the client knows."""

    use_required_attribute = False

    service = forms.ModelChoiceField(
        Service.objects.none(),
        label=_("An welche Stelle?"),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Bitte wählen Sie eine Stelle."),
            "invalid_choice": _("Diese Stelle steht nicht zur Wahl."),
        },
    )
    ground = forms.ChoiceField(
        label=_("Rechtsgrundlage"),
        choices=Necessity.Ground.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Bitte wählen Sie die Rechtsgrundlage.")},
    )
    reason = PlainTextField(
        rows=4,
        longest=LONGEST_TEXT,
        label=_("Warum ist es jetzt nötig und nicht anders abzuwenden?"),
        empty=_("Bitte begründen Sie, warum es nötig ist."),
    )
    text = PlainTextField(
        rows=5,
        longest=LONGEST_TEXT,
        label=_("Was genau soll die Stelle erfahren?"),
        help_text=_("Nur was für die Abwendung der Gefahr nötig ist. Genau das wird gesendet."),
        empty=_("Bitte schreiben Sie, was die Stelle erfahren soll."),
    )
    told = forms.ChoiceField(
        label=_("Weiß die ratsuchende Person davon?"),
        choices=[
            ("told", _("Ja, sie wurde vorher darauf hingewiesen")),
            *Necessity.NotTold.choices,
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Bitte sagen Sie, ob die Person davon weiß.")},
    )

    def __init__(self, *args: Any, services: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = services
