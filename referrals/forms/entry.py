"""The form of an entry: what editors change of its HSDS document; everything else in it stays."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PlainTextField
from referrals import hours, identifiers, languages
from referrals.hsds import values
from referrals.hsds.checking import valid_phone
from referrals.hsds.shape import Field, Kind
from referrals.models import CapacityCode, ReferralWay, Status, TaxonomyTerm, Wheelchair

YES_NO = [("", _("nicht bekannt")), ("true", _("ja")), ("false", _("nein"))]
# Fields of the form that are fields of the document under the same name.
SAME = (
    "name", "description", "eligibility_description", "application_process",
    "fees_description", "alert", "opening_hours", "opening_hours_note", "email", "url", "status",
    "minimum_age", "maximum_age", "capacity_code", "waiting_weeks", "assurer_email",
)  # fmt: skip
ANSWERS = ("free_of_charge", "anonymous_possible", "accepts_referrals")
ADDRESS = {"street": "address_1", "postcode": "postal_code", "city": "city"}


class EntryForm(forms.Form):
    """Everything that an editor says of a service with one place."""

    name = forms.CharField(label=_("Name"), max_length=300)
    provider = forms.CharField(label=_("Anbieter"), max_length=300, required=False)
    categories = forms.MultipleChoiceField(
        label=_("Kategorien"), widget=forms.CheckboxSelectMultiple, required=False
    )
    description = PlainTextField(label=_("Beschreibung"), required=False, rows=5)
    eligibility_description = PlainTextField(label=_("Für wen"), required=False, rows=2)
    minimum_age = forms.IntegerField(
        label=_("Alter von"), min_value=0, max_value=130, required=False
    )
    maximum_age = forms.IntegerField(
        label=_("Alter bis"), min_value=0, max_value=130, required=False
    )
    application_process = PlainTextField(label=_("So melden Sie sich an"), required=False, rows=2)
    phone = forms.CharField(label=_("Telefon"), max_length=60, required=False)
    email = forms.EmailField(label=_("E-Mail-Adresse"), max_length=254, required=False)
    url = forms.CharField(label=_("Internetseite"), max_length=500, required=False)
    opening_hours = forms.CharField(
        label=_("Öffnungszeiten"),
        max_length=500,
        required=False,
        help_text=_(
            "Zum Beispiel: Mo-Fr 09:00-12:00; Di 14:00-17:00. „Mo bis Fr 9–12 Uhr“ geht auch."
        ),
    )
    opening_hours_note = PlainTextField(
        label=_("Hinweis zu den Zeiten"), required=False, rows=2, longest=2000
    )
    languages = forms.CharField(
        label=_("Sprachen"),
        required=False,
        help_text=_("Durch Kommas getrennt, zum Beispiel: Deutsch, Türkisch."),
    )
    confidential_address = forms.BooleanField(
        label=_("Die Adresse ist geheim"),
        required=False,
        help_text=_(
            "Dann steht sie auf keiner Seite, in keiner Schnittstelle und keiner Datei. Am sichersten tragen Sie gar keine ein."
        ),
    )
    street = forms.CharField(label=_("Straße und Hausnummer"), max_length=300, required=False)
    postcode = forms.CharField(label=_("Postleitzahl"), max_length=5, required=False)
    city = forms.CharField(label=_("Ort"), max_length=200, required=False)
    wheelchair = forms.ChoiceField(label=_("Mit Rollstuhl"), choices=Wheelchair, required=False)
    districts = forms.CharField(
        label=_("Einzugsgebiet"),
        required=False,
        help_text=_(
            "Gemeindeschlüssel (AGS) der Kreise oder Gemeinden, durch Kommas getrennt, zum Beispiel: 02000, 01060."
        ),
    )
    free_of_charge = forms.ChoiceField(label=_("kostenfrei"), choices=YES_NO, required=False)
    fees_description = PlainTextField(label=_("Kosten"), required=False, rows=2)
    anonymous_possible = forms.ChoiceField(
        label=_("anonym möglich"), choices=YES_NO, required=False
    )
    accepts_referrals = forms.ChoiceField(
        label=_("nimmt Überweisungen an"), choices=YES_NO, required=False
    )
    referral_ways = forms.MultipleChoiceField(
        label=_("Wege der Überweisung"),
        choices=ReferralWay,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    capacity_code = forms.ChoiceField(label=_("Plätze"), choices=CapacityCode)
    waiting_weeks = forms.IntegerField(
        label=_("Wartezeit in Wochen"), min_value=0, max_value=260, required=False
    )
    status = forms.ChoiceField(label=_("Stand"), choices=Status)
    alert = PlainTextField(label=_("Aktueller Hinweis"), required=False, rows=2, longest=2000)
    assurer_email = forms.EmailField(
        label=_("Wer den Eintrag bestätigt (E-Mail)"),
        max_length=254,
        required=False,
        help_text=_("Bekommt einmal im Jahr eine Mail mit einem Link zum Bestätigen."),
    )

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        before: Mapping[str, Any],
        terms: "list[TaxonomyTerm]",
    ) -> None:
        """Show or read an entry. before: its document as it is now, or empty."""
        super().__init__(data, initial={**initial(before), "seen": mark(before)})
        self.before = before
        categories = self.fields["categories"]
        assert isinstance(categories, forms.MultipleChoiceField)
        categories.choices = [(term.code, term.name) for term in terms]

    def clean_opening_hours(self) -> str:
        """Read hours from OSM syntax or plain German."""
        found = hours.read(self.cleaned_data["opening_hours"])
        if found.problem == "impossible-hours":
            raise ValidationError(
                _("Diese Zeit gibt es nicht: %(time)s."), params={"time": found.hint}
            )
        if found.problem == "no-hours":
            raise ValidationError(
                _(
                    "Diese Zeiten kann Lotse nicht lesen. Bitte so: Mo-Fr 09:00-12:00; Di 14:00-17:00. Alles andere gehört in den Hinweis."
                )
            )
        return found.osm

    def clean_url(self) -> str:
        """Make an address on the web complete, refuse what is none."""
        return str(self._read(Field("url", Kind.URI, longest=500), "url"))

    def clean_phone(self) -> str:
        """Refuse what cannot be dialled."""
        number: str = self.cleaned_data["phone"]
        if number and not valid_phone(number):
            raise ValidationError(_("Das ist keine Telefonnummer."))
        return number

    def clean_postcode(self) -> str:
        """Refuse what is no German postcode."""
        written: str = self.cleaned_data["postcode"]
        if written and not (written.isdecimal() and len(written) == 5):
            raise ValidationError(_("Eine Postleitzahl hat fünf Ziffern."))
        return written

    def clean_districts(self) -> list[str]:
        """Read official keys."""
        words = [word.strip() for word in self.cleaned_data["districts"].split(",") if word.strip()]
        spec = Field("ags", Kind.AGS, longest=8)
        found = [(word, values.read(spec, word)) for word in words]
        wrong = [word for word, key in found if key.problem]
        if wrong:
            raise ValidationError(
                _("Kein Gemeindeschlüssel: %(words)s. Er hat 2, 5 oder 8 Ziffern."),
                params={"words": ", ".join(wrong)},
            )
        return [key.value for _word, key in found]

    def clean(self) -> dict[str, Any]:
        """Refuse ages that cannot both be true, and to undo what somebody has changed meanwhile."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        now = mark(self.before)
        if said["seen"] and said["seen"] != now:
            assert isinstance(self.data, QueryDict)
            renewed = self.data.copy()
            renewed["seen"] = now  # who saves once more means it
            self.data = renewed
            self.add_error(
                None,
                _(
                    "Noch nicht gespeichert: Inzwischen wurde dieser Eintrag geändert, vielleicht in einem "
                    "anderen Fenster. Wenn Sie noch einmal speichern, gilt, was hier steht."
                ),
            )
        lowest, highest = said.get("minimum_age"), said.get("maximum_age")
        if lowest is not None and highest is not None and lowest > highest:
            self.add_error("maximum_age", _("Das ist jünger als „von“."))
        return said

    def _read(self, spec: Field, name: str) -> Any:
        found = values.read(spec, self.cleaned_data[name])
        if found.problem:
            raise ValidationError(_("Das ist keine Internetadresse."))
        return found.value or ""

    def document(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Return the entry's document with what the form says. before: as it was, or empty."""
        said = self.cleaned_data
        found: dict[str, Any] = {**before}
        for name in SAME:
            found[name] = said[name]
        for name in ANSWERS:
            found[name] = said[name] or None
        found["referral_ways"] = said["referral_ways"]
        found["confidential_address"] = said["confidential_address"]
        provider = before.get("organization", {})
        if said["provider"] and said["provider"] != provider.get("name"):
            found["organization"] = {"name": said["provider"]}
        elif not said["provider"]:
            found.pop("organization", None)
        found["phones"] = _first(before.get("phones"), "number", said["phone"], {"type": "voice"})
        found["languages"] = _languages(before.get("languages", []), said["languages"])
        found["service_areas"] = _areas(before.get("service_areas", []), said["districts"])
        found["attributes"] = _attributes(before.get("attributes", []), said["categories"])
        found["service_at_locations"] = self._places(before)
        found.pop("schedules", None)  # said by `opening_hours` now
        return found

    def _places(self, before: Mapping[str, Any]) -> list[dict[str, Any]]:
        said = self.cleaned_data
        links = [dict(link) for link in before.get("service_at_locations", [])]
        told = {name: said[field] for field, name in ADDRESS.items()}
        if not any(told.values()) and not said["wheelchair"]:
            return links[1:]
        first = links[0] if links else {}
        location = dict(first.get("location", {}))
        addresses = [dict(address) for address in location.get("addresses", [])] or [{}]
        moved = any(addresses[0].get(name, "") != value for name, value in told.items())
        addresses[0] |= told
        location |= {
            "addresses": addresses,
            "wheelchair": said["wheelchair"],
            "confidential_address": said["confidential_address"],
        }
        if moved:
            # The old point on the map would be a lie.
            location.pop("latitude", None)
            location.pop("longitude", None)
        return [{**first, "location": location}, *links[1:]]


def mark(document: Mapping[str, Any]) -> str:
    """Return what changes when anything does that the form shows of a document."""
    shown = json.dumps(initial(document), sort_keys=True, default=str)
    return hashlib.sha256(shown.encode()).hexdigest()


def initial(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of a document."""
    links = document.get("service_at_locations", [])
    location = links[0].get("location", {}) if links else {}
    address = (location.get("addresses") or [{}])[0]
    terms = [attribute.get("taxonomy_term", {}) for attribute in document.get("attributes", [])]
    return {
        **{name: document.get(name, "") for name in SAME},
        **{name: str(document[name]).lower() if name in document else "" for name in ANSWERS},
        **{field: address.get(name, "") for field, name in ADDRESS.items()},
        "status": document.get("status", Status.ACTIVE.value),
        "capacity_code": document.get("capacity_code", CapacityCode.UNKNOWN.value),
        "provider": document.get("organization", {}).get("name", ""),
        "categories": [term.get("code") for term in terms],
        "phone": (document.get("phones") or [{}])[0].get("number", ""),
        "languages": ", ".join(
            row.get("name") or languages.name_of(row.get("code", ""))
            for row in document.get("languages", [])
        ),
        "districts": ", ".join(
            row["ags"] for row in document.get("service_areas", []) if row.get("ags")
        ),
        "confidential_address": document.get("confidential_address", False),
        "referral_ways": document.get("referral_ways", []),
        "wheelchair": location.get("wheelchair", ""),
    }


def _first(
    before: list[dict[str, Any]] | None, name: str, value: str, new: dict[str, Any]
) -> list[dict[str, Any]]:
    rows = [dict(row) for row in before or []]
    if not value:
        return rows[1:]
    return [{**(rows[0] if rows else new), name: value}, *rows[1:]]


def _languages(before: list[dict[str, Any]], written: str) -> list[dict[str, Any]]:
    known = {row.get("name") or languages.name_of(row.get("code", "")): row for row in before}
    names = [" ".join(word.split()) for word in written.split(",") if word.strip()]
    return [known.get(name, {"name": name, "code": languages.code_of(name)}) for name in names]


def _areas(before: list[dict[str, Any]], keys: list[str]) -> list[dict[str, Any]]:
    known = {row["ags"]: row for row in before if row.get("ags")}
    unnamed = [row for row in before if not row.get("ags")]
    return [*(known.get(key, {"ags": key, "name": ""}) for key in keys), *unnamed]


def _attributes(before: list[dict[str, Any]], codes: list[str]) -> list[dict[str, Any]]:
    own = str(identifiers.OWN_TAXONOMY)
    theirs = [a for a in before if a.get("taxonomy_term", {}).get("taxonomy_id") != own]
    known = {a["taxonomy_term"].get("code"): a for a in before if a not in theirs}
    return [*(known.get(code, {"taxonomy_term": {"code": code}}) for code in codes), *theirs]


class CapacityForm(forms.Form):
    """Whether there is room now."""

    code = forms.ChoiceField(choices=CapacityCode)
    waiting_weeks = forms.IntegerField(min_value=0, max_value=260, required=False)


class UploadForm(forms.Form):
    """A file for the directory."""

    file = forms.FileField(
        label=_("Datei"),
        help_text=_(
            "Tabelle (CSV oder XLSX), HSDS (JSON) oder ein ZIP mit HSDS- oder Ohana-Tabellen. Höchstens 5 MB; größere liest die Technik ein."
        ),
    )
    source = forms.SlugField(
        label=_("Quelle"),
        max_length=80,
        help_text=_(
            "Ein kurzer Name, bei jeder Lieferung derselbe, zum Beispiel: jugendamt-nord. Daran erkennt Lotse Einträge wieder."
        ),
    )
