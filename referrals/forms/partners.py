"""What a service answers: each act a small form, the same at a desk, by a link, or entered for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PlainLineField, PlainTextField
from referrals.handoff.parcel import LONGEST_TEXT
from referrals.models import CapacityCode, Decline, Outcome, Service
from referrals.operations.partner_moves import MOST_OFFERS, MOST_WEEKS, Slot
from referrals.states import ReferralMove, ReferralState, sources
from vault import parcels
from vault.codes import CodeInvalid


class WordForm(forms.Form):
    """An act with a word to the client, which may be left out."""

    use_required_attribute = False

    text = PlainTextField(
        required=False,
        rows=3,
        longest=LONGEST_TEXT,
        label=_("Ein Wort an die ratsuchende Person"),
    )


class QuestionForm(forms.Form):
    """A question to the client."""

    use_required_attribute = False

    text = PlainTextField(
        rows=3,
        longest=LONGEST_TEXT,
        label=_("Ihre Frage"),
        help_text=_("Die Person liest sie in Lotse und antwortet dort."),
        empty=_("Bitte schreiben Sie Ihre Frage."),
    )


class WaitingForm(WordForm):
    """About how many weeks."""

    weeks = forms.IntegerField(
        min_value=1,
        max_value=MOST_WEEKS,
        label=_("Wartezeit in Wochen, ungefähr"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            _("Bitte geben Sie eine Zahl von 1 bis 104 ein."),
        ),
    )
    field_order = ["weeks", "text"]


class DeclineForm(WordForm):
    """Why not."""

    reason = forms.ChoiceField(
        choices=Decline.choices,
        label=_("Grund"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Bitte wählen Sie einen Grund.")},
    )
    field_order = ["reason", "text"]


class ForwardForm(WordForm):
    """Another service; nothing goes there without a new consent."""

    service = forms.ModelChoiceField(
        Service.objects.none(),
        label=_("Welche Stelle passt besser?"),
        empty_label=_("Bitte wählen"),
        help_text=_("Dorthin wird nichts gesendet. Die Person entscheidet neu."),
        error_messages={
            "required": _("Bitte wählen Sie eine Stelle."),
            "invalid_choice": _("Diese Stelle steht nicht zur Wahl."),
        },
    )
    field_order = ["service", "text"]

    def __init__(self, *args: Any, services: Sequence[Service] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Service.objects.filter(pk__in=[one.pk for one in services])


class OfferForm(WordForm):
    """Up to five appointments."""

    place = PlainLineField(
        required=False,
        longest=200,
        label=_("Wo, und mit wem?"),
        help_text=_("Zum Beispiel: Raum 12."),
    )
    minutes = forms.IntegerField(
        min_value=5,
        max_value=480,
        initial=60,
        label=_("Dauer in Minuten"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            _("Bitte geben Sie eine Zahl von 5 bis 480 ein."),
        ),
    )

    def __init__(self, *args: Any, at: datetime, until: datetime, **kwargs: Any) -> None:
        """Show or read appointments after `at` and before `until`, when the consent ends."""
        super().__init__(*args, **kwargs)
        self.at = at
        self.until = until
        self.slots: list[Slot] = []
        for number in range(1, MOST_OFFERS + 1):
            self.fields[f"slot_{number}"] = forms.DateTimeField(
                required=False,
                label=gettext("Termin %(number)d") % {"number": number},
                widget=forms.DateTimeInput(
                    attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
                ),
                input_formats=["%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M"],
                error_messages={
                    "invalid": gettext("Bitte geben Sie Tag und Uhrzeit so ein: 24.11.2026 14:30.")
                },
            )
        self.order_fields(
            [*(f"slot_{n}" for n in range(1, MOST_OFFERS + 1)), "minutes", "place", "text"]
        )

    def clean(self) -> dict[str, Any]:
        """Want at least one appointment, and all of them ahead."""
        data = super().clean() or {}
        names = [f"slot_{number}" for number in range(1, MOST_OFFERS + 1)]
        moments = {name: data[name] for name in names if data.get(name)}
        for name, moment in moments.items():
            if moment <= self.at:
                self.add_error(name, gettext("Dieser Termin liegt in der Vergangenheit."))
            elif moment >= self.until:
                self.add_error(
                    name,
                    gettext(
                        "Die Einwilligung gilt nur bis %(day)s. Bitte bieten Sie einen früheren Termin an, "
                        "oder rufen Sie die Beratung an."
                    )
                    % {"day": date_format(timezone.localtime(self.until), "j. F Y")},
                )
        if not moments and not any(name in self.errors for name in names):
            self.add_error("slot_1", gettext("Bitte geben Sie mindestens einen Termin an."))
        if not self.errors:
            self.slots = [
                Slot(moment, data["minutes"], data["place"])
                for moment in sorted(set(moments.values()))
            ]
        return data


class OutcomeForm(WordForm):
    """What came of it."""

    outcome = forms.ChoiceField(
        choices=Outcome.choices,
        label=_("Wie ist es ausgegangen?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Bitte wählen Sie, wie es ausgegangen ist.")},
    )
    field_order = ["outcome", "text"]


class CodeForm(forms.Form):
    """A short code, of a link or of a card."""

    use_required_attribute = False

    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": _("Bitte geben Sie den Code ein.")},
    )

    def clean_code(self) -> str:
        """Return nine characters. Raises ValidationError."""
        try:
            return parcels.read_code(self.cleaned_data["code"])
        except CodeInvalid:
            raise forms.ValidationError(
                gettext(
                    "Dieser Code stimmt so nicht. Er hat neun Zeichen, zum Beispiel 7KQ-M4X-W2P. Bitte "
                    "vergleichen Sie jedes Zeichen."
                )
            ) from None


class CapacityForm(forms.Form):
    """Room now, in one click."""

    service = forms.ModelChoiceField(Service.objects.none())
    capacity = forms.ChoiceField(choices=CapacityCode.choices)

    def __init__(self, *args: Any, services: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = services


class ColleagueForm(forms.Form):
    """Somebody to invite to a desk."""

    use_required_attribute = False

    name = PlainLineField(longest=60, label=_("Name"), empty=_("Bitte geben Sie den Namen ein."))


class ProgramForm(forms.Form):
    """A program that shall read at a desk."""

    use_required_attribute = False

    name = PlainLineField(
        longest=60,
        label=_("Name des Programms"),
        help_text=_("Damit Sie es später wiedererkennen, zum Beispiel „Aktenverwaltung“."),
        empty=_("Bitte geben Sie dem Programm einen Namen."),
    )


# The acts of a service in the order in which pages offer them, with their words.
ACTS = (
    (ReferralMove.ACCEPT, _("Annehmen")),
    (ReferralMove.OFFER, _("Termine anbieten")),
    (ReferralMove.ARRIVE, _("Ist angekommen")),
    (ReferralMove.MISS, _("Ist nicht gekommen")),
    (ReferralMove.BEGIN, _("Hilfe hat begonnen")),
    (ReferralMove.COMPLETE, _("Abschließen")),
    (ReferralMove.ASK_BACK, _("Rückfrage stellen")),
    (ReferralMove.WAITLIST, _("Auf die Warteliste")),
    (ReferralMove.FORWARD, _("Andere Stelle empfehlen")),
    (ReferralMove.DECLINE, _("Ablehnen")),
)


def possible(state: str) -> list[tuple[ReferralMove, Any]]:
    """Return the acts that are legal in a state, in order."""
    return [(move, label) for move, label in ACTS if ReferralState(state) in sources(move)]


def form_for(
    move: ReferralMove,
    data: Any = None,
    *,
    at: datetime,
    until: datetime,
    services: Sequence[Service] = (),
) -> forms.Form | None:
    """Return the form of an act, bound to data if there is some; None for an act of one click.

    until: when the service's access ends.
    """
    prefix = move.value
    if move is ReferralMove.OFFER:
        return OfferForm(data, prefix=prefix, at=at, until=until)
    if move is ReferralMove.FORWARD:
        return ForwardForm(data, prefix=prefix, services=services)
    kinds: dict[ReferralMove, type[forms.Form]] = {
        ReferralMove.ACCEPT: WordForm,
        ReferralMove.ASK_BACK: QuestionForm,
        ReferralMove.WAITLIST: WaitingForm,
        ReferralMove.DECLINE: DeclineForm,
        ReferralMove.COMPLETE: OutcomeForm,
    }
    kind = kinds.get(move)
    return kind(data, prefix=prefix) if kind else None
