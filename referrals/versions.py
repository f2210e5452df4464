"""What changed between two states of an entry, in words that an editor understands. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

LABELS = {
    "name": gettext_noop("Name"),
    "alternate_name": gettext_noop("anderer Name"),
    "description": gettext_noop("Beschreibung"),
    "url": gettext_noop("Internetseite"),
    "email": gettext_noop("E-Mail-Adresse"),
    "status": gettext_noop("Stand"),
    "application_process": gettext_noop("So melden Sie sich an"),
    "fees_description": gettext_noop("Kosten"),
    "eligibility_description": gettext_noop("Für wen"),
    "minimum_age": gettext_noop("Alter von"),
    "maximum_age": gettext_noop("Alter bis"),
    "alert": gettext_noop("Hinweis"),
    "assured_date": gettext_noop("geprüft am"),
    "assured_until": gettext_noop("geprüft bis"),
    "assurer_email": gettext_noop("E-Mail für die Bestätigung"),
    "confidential_address": gettext_noop("Adresse ist geheim"),
    "anonymous_possible": gettext_noop("anonym möglich"),
    "free_of_charge": gettext_noop("kostenfrei"),
    "accepts_referrals": gettext_noop("nimmt Überweisungen an"),
    "referral_ways": gettext_noop("Wege der Überweisung"),
    "capacity_code": gettext_noop("Plätze"),
    "capacity_date": gettext_noop("Plätze gemeldet am"),
    "waiting_weeks": gettext_noop("Wartezeit in Wochen"),
    "opening_hours": gettext_noop("Öffnungszeiten"),
    "opening_hours_note": gettext_noop("Hinweis zu den Zeiten"),
    "organization": gettext_noop("Anbieter"),
    "phones": gettext_noop("Telefon"),
    "languages": gettext_noop("Sprachen"),
    "service_areas": gettext_noop("Einzugsgebiet"),
    "attributes": gettext_noop("Kategorien"),
    "contacts": gettext_noop("Ansprechperson"),
    "cost_options": gettext_noop("Preise"),
    "capacities": gettext_noop("Platzzahlen"),
    "service_at_locations": gettext_noop("Orte"),
    "schedules": gettext_noop("Zeiten aus anderen Verzeichnissen"),
}
_SILENT = frozenset(["id", "last_modified"])


@dataclass(frozen=True, slots=True)
class Change:
    """A field with what it said and what it says."""

    label: str
    old: str
    new: str


def differences(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Change]:
    """Yield the fields that differ, in the order of LABELS, others at the end."""
    old, new = old or {}, new or {}
    names = [*LABELS, *sorted((set(old) | set(new)) - set(LABELS) - _SILENT)]
    for name in names:
        before, after = told(old.get(name)), told(new.get(name))
        if before != after:
            yield Change(_(LABELS[name]) if name in LABELS else name, before, after)


def told(value: Any) -> str:
    """Return a value as one text: nested objects as their words, without ids."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("ja") if value else _("nein")
    if isinstance(value, Mapping):
        if "taxonomy_term" in value:
            return told(value["taxonomy_term"].get("name"))
        parts = [told(inner) for key, inner in value.items() if key not in _SILENT]
        return ", ".join(part for part in parts if part)
    if isinstance(value, list):
        return "; ".join(sorted(part for part in map(told, value) if part))
    return str(value)
