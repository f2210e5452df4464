"""Alarms: ladders, quiet hours, the gateway, and the number of a member."""

from collections.abc import Sequence
from datetime import time
from typing import TYPE_CHECKING, Any, cast

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms.fields import PlainLineField
from counselling import ladders
from counselling.ladders import Quiet, Rung
from counselling.models import Whom
from counselling.reaching import Unreachable
from outbox import wire

MOST_STEPS = 8


class NumberForm(forms.Form):
    """The number under which the gateway reaches somebody."""

    use_required_attribute = False

    number = PlainLineField(
        required=False,
        longest=30,
        label=gettext_lazy("Nummer für SMS oder Rufgerät"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )

    def clean_number(self) -> str:
        """Return the number in E.164, or nothing."""
        typed: str = self.cleaned_data["number"]
        if not typed:
            return ""
        try:
            number = phonenumbers.parse(typed, "DE")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_valid_number(number):
            raise ValidationError(_("Das ist keine Telefonnummer. Zum Beispiel: 0151 23456789."))
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class QuietForm(forms.Form):
    """When only who has a shift or is on call is woken."""

    use_required_attribute = False

    quiet_begins = forms.TimeField(
        label=gettext_lazy("Ruhezeit von"), input_formats=["%H:%M", "%H:%M:%S"]
    )
    quiet_ends = forms.TimeField(
        label=gettext_lazy("Ruhezeit bis"),
        input_formats=["%H:%M", "%H:%M:%S"],
        help_text=gettext_lazy("Zweimal dieselbe Uhrzeit heißt: keine Ruhezeit."),
    )

    def __init__(self, data: Any = None, *, quiet: Quiet) -> None:
        """Show what is set now, unless `data` were sent."""
        super().__init__(
            data, initial={"quiet_begins": _shown(quiet.begins), "quiet_ends": _shown(quiet.ends)}
        )
        for field in self.fields.values():
            sentence = _("Bitte geben Sie eine Uhrzeit so an: 22:00.")
            field.error_messages |= {"required": sentence, "invalid": sentence}
            field.widget.attrs["inputmode"] = "numeric"

    def quiet(self) -> Quiet:
        """Return what was sent. Only for a valid form."""
        return Quiet(self.cleaned_data["quiet_begins"], self.cleaned_data["quiet_ends"])


class GatewayForm(forms.Form):
    """Where the gateway is."""

    use_required_attribute = False

    address = PlainLineField(
        longest=500,
        label=gettext_lazy("Adresse des Dienstes"),
        help_text=gettext_lazy("Beginnt mit https://."),
        empty=gettext_lazy("Bitte geben Sie die Adresse an."),
        widget=forms.TextInput(attrs={"inputmode": "url"}),
    )

    def clean_address(self) -> str:
        """Refuse an address that would never be called, with why."""
        address: str = self.cleaned_data["address"]
        try:
            wire.check(address)
        except wire.AddressRefused as refused:
            raise ValidationError(address_words(refused.why)) from None
        return address


def address_words(why: str) -> str:
    """Return why an address is refused. why: a code of `wire.AddressRefused`."""
    return {
        "scheme": _("Die Adresse muss mit https:// beginnen."),
        "private": _("Diese Adresse liegt im eigenen Netz. Möglich sind nur Adressen im Internet."),
    }.get(why, _("Das ist keine Adresse, die sich aufrufen lässt."))


class StepForm(forms.Form):
    """One step of a ladder."""

    whom = forms.ChoiceField(
        label=gettext_lazy("Wen"), choices=[("", "–"), *Whom.choices], required=False
    )
    mail = forms.BooleanField(label=gettext_lazy("E-Mail"), required=False)
    push = forms.BooleanField(label=gettext_lazy("Meldung aufs Gerät"), required=False)
    webhook = forms.BooleanField(label=gettext_lazy("SMS oder Rufgerät"), required=False)
    wait = forms.IntegerField(
        label=gettext_lazy("Warten, in Minuten"),
        required=False,
        min_value=1,
        max_value=ladders.LONGEST_WAIT,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            gettext_lazy("Bitte geben Sie eine Zahl von 1 bis 1440 ein. Null Minuten gehen nicht."),
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Want how long to wait of every step that calls somebody."""
        data = self.cleaned_data
        if data.get("whom") and "wait" in data and data["wait"] is None:
            self.add_error("wait", _("Bitte geben Sie an, wie lange gewartet wird."))
        return data


if TYPE_CHECKING:
    StepFormSet = BaseFormSet[StepForm]
else:
    StepFormSet = BaseFormSet  # Django's class takes no type at run time


class BaseSteps(StepFormSet):
    """All steps of a ladder, in the order of the page; without a whom a step is left out."""

    default_error_messages = {
        "missing_management_form": gettext_lazy(
            "Das Formular kam nicht vollständig an. Bitte laden Sie die Seite neu."
        ),
        "too_many_forms": gettext_lazy("Möglich sind höchstens 8 Schritte."),
    }

    def clean(self) -> None:
        """Want one step at least."""
        if not any(self.errors) and self.management_form.is_valid() and not self.rungs():
            raise ValidationError(_("Mindestens ein Schritt muss jemanden rufen."))

    def rungs(self) -> tuple[Rung, ...]:
        """Return the steps. Only for a formset whose forms are valid."""
        return tuple(
            Rung(
                ladders.Whom(data["whom"]),
                data["mail"],
                data["push"],
                data["webhook"],
                data["wait"],
            )
            for form in self.forms
            if (data := form.cleaned_data).get("whom")
        )

    def refuse(self, problems: Sequence[Unreachable]) -> None:
        """Say at each step why it would reach nobody."""
        kept = [form for form in self.forms if form.cleaned_data.get("whom")]
        for problem in problems:
            kept[problem.number - 1].add_error("whom", unreachable_words(problem.why))


def unreachable_words(why: str) -> str:
    """Return why a step reaches nobody. why: a code of `reaching.Unreachable`."""
    return {
        "page_only": _(
            "Der letzte Schritt wiederholt sich, bis jemand bestätigt. Er braucht einen Weg, der auch "
            "jemanden erreicht, der keine Seite offen hat."
        ),
        "nobody_on_call": _("In der Rufbereitschaft steht niemand."),
        "nobody_leads": _("Niemand hat die Rolle Leitung oder leitet eine Schicht."),
        "no_way": _(
            "Auf diesen Wegen ist niemand erreichbar: Kein Gerät nimmt Meldungen an, und für SMS fehlt "
            "der Dienst oder eine Nummer. Bitte nehmen Sie E-Mail dazu."
        ),
    }.get(why, _("Niemand beantwortet zurzeit Fragen."))


Steps = formset_factory(
    StepForm, formset=BaseSteps, extra=2, max_num=MOST_STEPS, validate_max=True, absolute_max=12
)


def shown_steps(rungs: Sequence[Rung]) -> BaseSteps:
    """Return the formset with a ladder as it is now."""
    initial = [
        {
            "whom": rung.whom.value,
            "mail": rung.mail,
            "push": rung.push,
            "webhook": rung.webhook,
            "wait": rung.wait,
        }
        for rung in rungs
    ]
    return cast(BaseSteps, Steps(initial=initial))


def sent_steps(data: Any) -> BaseSteps:
    """Return the formset with what was sent."""
    return cast(BaseSteps, Steps(data))


def _shown(moment: time) -> str:
    return moment.strftime("%H:%M")
