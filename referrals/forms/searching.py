"""What somebody types to find help: one box, and filters that they may set."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms.fields import PlainLineField
from referrals.languages import name_of
from referrals.search import places
from referrals.search.places import Place
from referrals.search.ranking import Filters
from referrals.search.understanding import LONGEST

RADII = (5, 10, 25, 50)  # km
OLDEST = 27  # years; services for young people end there
# Languages that parents ask for; what else a result has is offered beside its count.
ASKED_LANGUAGES = ("tr", "ar", "uk", "ru", "pl", "en", "fa", "ku", "ro", "fr", "gsg")


class SearchForm(forms.Form):
    """A search as its address has it, so that it can be shared. Everything is optional."""

    use_required_attribute = False

    q = PlainLineField(
        required=False,
        longest=LONGEST,
        label=gettext_lazy("Was brauchen Sie?"),
        help_text=gettext_lazy(
            "In Ihren Worten. Zum Beispiel: Baby schreit nur, Streit um Umgang, Geld reicht nicht."
        ),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    ort = PlainLineField(
        required=False,
        longest=60,
        label=gettext_lazy("Ort oder Postleitzahl"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    umkreis = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label=gettext_lazy("Umkreis"),
        choices=[("", gettext_lazy("passend"))],
        error_messages={"invalid_choice": gettext_lazy("Bitte wählen Sie einen Umkreis aus.")},
    )
    offen = forms.BooleanField(required=False, label=gettext_lazy("Jetzt geöffnet"))
    kostenlos = forms.BooleanField(required=False, label=gettext_lazy("Kostenlos"))
    anonym = forms.BooleanField(required=False, label=gettext_lazy("Ohne Namen möglich"))
    barrierefrei = forms.BooleanField(required=False, label=gettext_lazy("Barrierefrei"))
    ueberweisung = forms.BooleanField(required=False, label=gettext_lazy("Nimmt Überweisungen an"))
    sprache = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Sprache"),
        error_messages={"invalid_choice": gettext_lazy("Bitte wählen Sie eine Sprache aus.")},
    )
    alter = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=OLDEST,
        label=gettext_lazy("Alter des Kindes in Jahren"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            gettext_lazy("Bitte geben Sie eine Zahl von 0 bis 27 ein."),
        ),
    )
    thema = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        radius, language = self.fields["umkreis"], self.fields["sprache"]
        assert isinstance(radius, forms.ChoiceField)
        assert isinstance(language, forms.ChoiceField)
        radius.choices = [
            ("", _("passend")),
            *((str(km), _("%(km)s km") % {"km": km}) for km in RADII),
        ]
        language.choices = [
            ("", _("alle")),
            *sorted(((code, name_of(code)) for code in ASKED_LANGUAGES), key=lambda c: c[1]),
        ]
        self.place: Place | None = None

    def clean_ort(self) -> str:
        """Find the place. An unknown one is told, and the search goes on without it."""
        typed: str = self.cleaned_data["ort"]
        if typed:
            self.place = places.named(typed)
            if self.place is None:
                raise forms.ValidationError(
                    _(
                        "Diesen Ort kennen wir nicht. Bitte prüfen Sie die Schreibweise, oder "
                        "geben Sie die Postleitzahl ein."
                    )
                )
        return typed

    @property
    def words(self) -> str:
        """Return what was asked for, as far as it could be taken."""
        return str(self.cleaned_data.get("q") or "")

    @property
    def is_asked(self) -> bool:
        """Say whether anything at all was asked for."""
        return bool(self.words or self.cleaned_data.get("thema") or self.place)

    def filters(self) -> Filters:
        """Return what is set, without what could not be taken."""
        data = self.cleaned_data
        radius = data.get("umkreis")
        return Filters(
            radius_km=float(radius) if radius else None,
            open_now=bool(data.get("offen")),
            free=bool(data.get("kostenlos")),
            anonymous=bool(data.get("anonym")),
            barrier_free=bool(data.get("barrierefrei")),
            takes_referrals=bool(data.get("ueberweisung")),
            languages=frozenset(filter(None, [data.get("sprache")])),
            age=None if data.get("alter") is None else float(data["alter"]),
            categories=frozenset(filter(None, [data.get("thema")])),
        )

    def count_set(self) -> int:
        """Return how many filters are set."""
        names = ("umkreis", "offen", "kostenlos", "anonym", "barrierefrei", "ueberweisung")
        return sum(bool(self.cleaned_data.get(n)) for n in (*names, "sprache", "thema")) + (
            self.cleaned_data.get("alter") is not None
        )
