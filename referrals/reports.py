"""What an import tells the clerk who handed a file in: by line, in German, with a way out. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

LONGEST_VALUE = 60  # characters of a value that a report repeats
MOST_STORED = 2_000  # problems kept with an upload; the counts go on

# Code: (is the whole entry left out?, sentence). {value} and {hint} are filled in.
SENTENCES: dict[str, tuple[bool, str]] = {
    "no-name": (True, gettext_noop("Der Name fehlt. Ohne Namen kann der Eintrag nicht eingelesen werden.")),
    "no-id": (
        False,
        gettext_noop("Die Kennung fehlt. Der Eintrag bekommt eine aus Name und Ort; sie ändert sich mit ihnen."),
    ),
    "double-id": (True, gettext_noop("Die Kennung „{value}“ steht schon in Zeile {hint}. Jede darf nur einmal vorkommen.")),
    "double-row": (False, gettext_noop("Diese Zeile steht genauso schon in Zeile {hint}. Einmal genügt.")),
    "not-yours": (True, gettext_noop("Der Eintrag „{value}“ gehört einer anderen Organisation ({hint}) und bleibt, wie er ist.")),
    "unreadable": (True, gettext_noop("Diese Zeile lässt sich nicht lesen: {hint}")),
    "too-many-cells": (True, gettext_noop("Diese Zeile hat mehr Felder als die Überschrift. Fehlen Anführungszeichen um einen Text?")),
    "similar": (False, gettext_noop("Einen ähnlichen Eintrag gibt es schon: {hint}. Ist es derselbe?")),
    "similar-here": (False, gettext_noop("Ein ähnlicher Eintrag mit anderer Kennung steht in Zeile {hint}. Ist es derselbe?")),
    "edited-here": (False, gettext_noop("Der Eintrag wurde in Lotse bearbeitet. Die Datei ersetzt diese Angaben; die Versionen behalten sie.")),
    "formula": (False, gettext_noop("In der Zelle steht eine Formel („{value}“). Formeln werden nicht übernommen, das Feld bleibt leer.")),
    "encoding": (False, gettext_noop("Die Zeile hat eine andere Zeichenkodierung als der Rest. Sie wurde als Windows-Text gelesen; bitte prüfen Sie die Umlaute.")),
    "garbled": (False, gettext_noop("Umlaute waren beschädigt und wurden wiederhergestellt: „{value}“.")),
    "damaged": (False, gettext_noop("Unlesbare Zeichen wurden entfernt: „{value}“.")),
    "too-long": (False, gettext_noop("Der Text ist zu lang und wurde nach {hint} Zeichen gekürzt.")),
    "no-number": (False, gettext_noop("„{value}“ ist keine Zahl. Das Feld bleibt leer.")),
    "no-date": (False, gettext_noop("„{value}“ ist kein Datum (so: 31.12.2026). Das Feld bleibt leer.")),
    "no-yes-or-no": (False, gettext_noop("„{value}“ ist weder „ja“ noch „nein“. Das Feld bleibt leer.")),
    "no-code": (False, gettext_noop("„{value}“ gibt es hier nicht. Möglich sind: {hint}.")),
    "no-link": (False, gettext_noop("„{value}“ ist keine Internetadresse. Das Feld bleibt leer.")),
    "no-email": (False, gettext_noop("„{value}“ ist keine E-Mail-Adresse. Das Feld bleibt leer.")),
    "no-ags": (False, gettext_noop("„{value}“ ist kein Gemeindeschlüssel (2, 5 oder 8 Ziffern). Das Feld bleibt leer.")),
    "no-phone": (False, gettext_noop("„{value}“ ist keine Telefonnummer. Sie wird nicht übernommen.")),
    "odd-phone": (False, gettext_noop("„{value}“ sieht nicht wie eine gültige Telefonnummer aus. Bitte prüfen Sie sie.")),
    "no-postcode": (False, gettext_noop("Die Postleitzahl fehlt. Der Eintrag wird in der Umkreissuche nicht gefunden.")),
    "odd-postcode": (False, gettext_noop("„{value}“ ist keine deutsche Postleitzahl (5 Ziffern). Das Feld bleibt leer.")),
    "short-postcode": (False, gettext_noop("Bei der Postleitzahl „{value}“ fehlt die führende Null. Gelesen als {hint}.")),
    "no-hours": (False, gettext_noop("Die Öffnungszeiten „{value}“ kann Lotse nicht lesen (so: Mo-Fr 09:00-12:00). Sie stehen nun als Hinweis beim Eintrag.")),
    "impossible-hours": (False, gettext_noop("Die Öffnungszeiten „{value}“ gibt es nicht: {hint}. Sie werden nicht übernommen.")),
    "overnight-hours": (False, gettext_noop("Die Öffnungszeiten „{value}“ gehen über Mitternacht. Ist das so gemeint?")),
    "partial-hours": (False, gettext_noop("Die Öffnungszeiten sind nicht nur nach Wochentagen geregelt. „Jetzt geöffnet“ kann Lotse hier nicht sagen.")),
    "no-coordinates": (False, gettext_noop("Die Koordinaten „{value}“ liegen nicht auf der Erde. Sie bleiben leer.")),
    "no-ages": (False, gettext_noop("Das Alter „{value}“ kann nicht stimmen. Beide Felder bleiben leer.")),
    "no-category": (False, gettext_noop("Der Eintrag hat keine Kategorie. Er wird schlechter gefunden.")),
    "unknown-category": (False, gettext_noop("Die Kategorie „{value}“ gibt es nicht. {hint}")),
    "unknown-column": (False, gettext_noop("Die Spalte „{value}“ kennt Lotse nicht. Sie wird nicht gelesen.{hint}")),
    "unknown-language": (False, gettext_noop("Die Sprache „{value}“ kennt Lotse nicht. Sie steht als Name beim Eintrag.")),
    "unknown-field": (False, gettext_noop("„{value}“ gehört nicht zu HSDS 3.1 und wird nicht übernommen.")),
    "dangling": (False, gettext_noop("Der Verweis „{value}“ führt ins Leere und wurde weggelassen.")),
    "not-kept": (False, gettext_noop("„{value}“ übernimmt Lotse hier nicht.")),
    "secret-told": (False, gettext_noop("Ein öffentlicher Text nennt die geheime Adresse. Sie wurde darin unkenntlich gemacht; bitte prüfen Sie den Text.")),
    "more-free": (False, gettext_noop("Es sind mehr Plätze frei ({value}), als es gibt ({hint}). Bitte prüfen Sie die Zahlen.")),
    "no-capacity": (False, gettext_noop("Die Platzzahl fehlt. Die Angabe wird nicht übernommen.")),
}  # fmt: skip


class NotReadable(Exception):
    """The file as a whole cannot be read; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file: `line` from 1 as a text editor counts (0: the whole file), and in which part."""

    line: int
    entry: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that the clerk should know about one place."""

    place: Place
    code: str
    field: str = ""
    value: str = ""
    hint: str = ""

    @property
    def leaves_out(self) -> bool:
        """Say whether the whole entry cannot be taken over."""
        return SENTENCES[self.code][0]

    def sentence(self) -> str:
        """Return what a clerk reads, in the language spoken now."""
        shown = " ".join(self.value.split())
        if len(shown) > LONGEST_VALUE:
            shown = shown[: LONGEST_VALUE - 1] + "…"
        text = _(SENTENCES[self.code][1]).replace("{value}", shown).replace("{hint}", self.hint)
        return f"{self.field}: {text}" if self.field else text


@dataclass(slots=True)
class Report:
    """Counts of entries, and problems in the order of the file."""

    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    left_out: int = 0
    providers: int = 0
    notes: list[str] = field(default_factory=list)
    columns: Mapping[str, str] = field(default_factory=dict)  # what a table calls HSDS's fields
    problems: list[Problem] = field(default_factory=list)

    def add(self, place: Place, code: str, **words: str) -> None:
        """Add a problem. code: a key of SENTENCES; words: field, value, hint."""
        if "field" in words:
            words["field"] = self.columns.get(words["field"], words["field"])
        self.problems.append(Problem(place, code, **words))

    @property
    def errors(self) -> int:
        """Return how many entries cannot be taken over."""
        return len({p.place.line for p in self.problems if p.leaves_out})

    def lines(self) -> Iterator[str]:
        """Yield the report as text, one problem a line, the totals at the end."""
        yield from self.notes
        for problem in sorted(self.problems, key=lambda p: p.place.line):
            yield f"{_where(problem.place)}{problem.sentence()}"
        yield self.totals()
        for code, count in Counter(p.code for p in self.problems).most_common():
            yield f"  {count:>6} × {code}"

    def totals(self) -> str:
        """Return the counts as one sentence, or two where providers came without a service."""
        counts = _(
            "{read} Einträge gelesen: {created} neu, {changed} geändert, {unchanged} unverändert, {left_out} ausgelassen."
        ).format(
            read=self.read,
            created=self.created,
            changed=self.changed,
            unchanged=self.unchanged,
            left_out=self.left_out,
        )
        if not self.providers:
            return counts
        return f"{counts} " + _("Dazu {n} Anbieter ohne Angebot.").format(n=self.providers)

    def as_json(self) -> dict[str, Any]:
        """Return what is kept with an upload until it is taken over or dropped."""
        return {
            "read": self.read,
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "left_out": self.left_out,
            "providers": self.providers,
            "errors": self.errors,
            "notes": self.notes,
            "found": len(self.problems),
            "problems": [
                [p.place.line, p.place.entry, p.place.part, p.code, p.field, p.value[:200], p.hint]
                for p in sorted(self.problems, key=lambda p: (not p.leaves_out, p.place.line))[
                    :MOST_STORED
                ]
            ],
        }


def stored_problems(report: dict[str, Any]) -> list[Problem]:
    """Return the problems of a report that was kept by `as_json`."""
    return [
        Problem(Place(line, entry, part), code, name, value, hint)
        for line, entry, part, code, name, value, hint in report.get("problems", [])
    ]


def _where(place: Place) -> str:
    part = f"{place.part}, " if place.part else ""
    line = _("Zeile {line}").format(line=place.line) if place.line else ""
    entry = f" („{place.entry}“)" if place.entry else ""
    return f"{part}{line}{entry}: " if part or line or entry else ""
