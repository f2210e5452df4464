"""The flat table for municipalities: one line, one service; CSV or XLSX. Documented in docs/directory.md."""

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from referrals import duplicates, languages
from referrals.formats import files as handed_in
from referrals.formats.documents import Found
from referrals.formats.files import Files
from referrals.reports import NotReadable, Place, Report

# Column: other heads that mean it, as `plain_head` makes them.
COLUMNS: dict[str, tuple[str, ...]] = {
    "kennung": ("id", "nr", "nummer", "lfd_nr", "schluessel"),
    "name": ("angebot", "bezeichnung", "titel", "einrichtung", "name_des_angebots"),
    "anbieter": ("traeger", "organisation", "name_des_anbieters", "name_des_traegers"),
    "kategorie": ("kategorien", "art", "angebotsart", "rubrik"),
    "beschreibung": ("text", "inhalt", "kurzbeschreibung"),
    "stand": ("status",),
    "strasse": (
        "strasse_hausnummer",
        "strasse_und_hausnummer",
        "strasse_nr",
        "anschrift",
        "adresse",
    ),
    "plz": ("postleitzahl",),
    "ort": ("stadt", "gemeinde", "wohnort"),
    "bundesland": ("land",),
    "breite": ("breitengrad", "lat", "latitude", "geo_breite"),
    "laenge": ("laengengrad", "lon", "lng", "longitude", "geo_laenge"),
    "gemeindeschluessel": ("ags",),
    "adresse_geheim": ("geheim", "geheime_adresse", "adresse_vertraulich"),
    "barrierefrei": ("rollstuhl", "rollstuhlgerecht", "barrierefreiheit"),
    "telefon": ("tel", "telefonnummer", "fon", "telefon_1"),
    "telefon_2": ("mobil", "weitere_telefonnummer"),
    "fax": ("telefax",),
    "email": ("e_mail", "mail", "e_mail_adresse", "mailadresse"),
    "internet": ("internetseite", "webseite", "website", "url", "homepage", "www"),
    "ansprechperson": ("ansprechpartner", "ansprechpartnerin", "kontakt", "kontaktperson"),
    "oeffnungszeiten": ("sprechzeiten", "zeiten", "opening_hours"),
    "oeffnungszeiten_hinweis": ("hinweis_oeffnungszeiten", "hinweis_zu_den_zeiten"),
    "sprachen": ("sprache",),
    "alter_von": ("mindestalter", "alter_ab"),
    "alter_bis": ("hoechstalter",),
    "kosten": ("gebuehren", "preis"),
    "kostenfrei": ("kostenlos", "gebuehrenfrei"),
    "anonym": ("anonym_moeglich", "anonyme_beratung"),
    "fuer_wen": ("zielgruppe", "zielgruppen"),
    "anmeldung": ("so_melden_sie_sich_an", "zugang"),
    "hinweis": ("aktuelles",),
    "nimmt_ueberweisungen": ("ueberweisungen", "nimmt_ueberweisungen_an"),
    "ueberweisungswege": ("ueberweisungsweg",),
    "plaetze": ("kapazitaet", "freie_plaetze"),
    "wartezeit_wochen": ("wartezeit",),
    "einzugsgebiet": ("zustaendig_fuer", "zustaendigkeit"),
    "einzugsgebiet_ags": ("zustaendig_ags",),
    "geprueft_am": ("stand_der_daten",),
    "geprueft_bis": ("gueltig_bis",),
    "bestaetigung_email": ("pflege_email",),
}
HEADS = {alias: name for name, aliases in COLUMNS.items() for alias in (name, *aliases)}
# Which columns tell fields of the service and of the place as they are.
SERVICE_FIELDS = {
    "name": "name",
    "beschreibung": "description",
    "stand": "status",
    "adresse_geheim": "confidential_address",
    "email": "email",
    "internet": "url",
    "oeffnungszeiten": "opening_hours",
    "oeffnungszeiten_hinweis": "opening_hours_note",
    "alter_von": "minimum_age",
    "alter_bis": "maximum_age",
    "kosten": "fees_description",
    "kostenfrei": "free_of_charge",
    "anonym": "anonymous_possible",
    "fuer_wen": "eligibility_description",
    "anmeldung": "application_process",
    "hinweis": "alert",
    "nimmt_ueberweisungen": "accepts_referrals",
    "ueberweisungswege": "referral_ways",
    "plaetze": "capacity_code",
    "wartezeit_wochen": "waiting_weeks",
    "geprueft_am": "assured_date",
    "geprueft_bis": "assured_until",
    "bestaetigung_email": "assurer_email",
}
LOCATION_FIELDS = {
    "breite": "latitude",
    "laenge": "longitude",
    "gemeindeschluessel": "ags",
    "barrierefrei": "wheelchair",
}
ADDRESS_FIELDS = {
    "strasse": "address_1",
    "plz": "postal_code",
    "ort": "city",
    "bundesland": "state_province",
}
# The same backwards, for reports: a clerk knows the columns and not HSDS.
CALLED = {
    **{
        field: column
        for fields in (SERVICE_FIELDS, LOCATION_FIELDS, ADDRESS_FIELDS)
        for column, field in fields.items()
    },
    "number": "telefon",
    "phones": "telefon",
    "organization": "anbieter",
    "languages": "sprachen",
}
STATUS = {
    "aktiv": "active", "in betrieb": "active", "offen": "active", "ruht": "inactive",
    "inaktiv": "inactive", "eingestellt": "defunct", "geschlossen": "defunct",
    "vorübergehend geschlossen": "temporarily closed",
}  # fmt: skip
WHEELCHAIR = {"ja": "yes", "nein": "no", "teilweise": "limited", "x": "yes", "barrierefrei": "yes"}
Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """A table's head: for each cell the column that it stands for, or nothing."""

    columns: tuple[str, ...]

    @property
    def fields(self) -> dict[str, frozenset[str]]:
        """Return by table which fields the file speaks of; all else stays as it is."""
        here = set(self.columns)
        tables: dict[str, set[str]] = {
            "services": {f for c, f in SERVICE_FIELDS.items() if c in here} | {"name"},
            "locations": {f for c, f in LOCATION_FIELDS.items() if c in here},
            "addresses": {f for c, f in ADDRESS_FIELDS.items() if c in here} | {"country"},
        }
        if "anbieter" in here:
            tables["organizations"] = {"name"}
            tables["services"].add("organization_id")
        if "adresse_geheim" in here:
            tables["locations"].add("confidential_address")
        if "oeffnungszeiten" in here:
            tables["services"].add("opening_hours_note")
        every = {
            "attributes": ("kategorie",),
            "phones": ("telefon", "telefon_2", "fax"),
            "contacts": ("ansprechperson",),
            "languages": ("sprachen",),
            "service_areas": ("einzugsgebiet", "einzugsgebiet_ags"),
            "service_at_locations": (*ADDRESS_FIELDS, *LOCATION_FIELDS),
        }
        for key, columns in every.items():
            if here & set(columns):
                tables[key] = {"number", "type", "name", "code", "ags", "label"}
        return {key: frozenset(names) for key, names in tables.items() if names}


def plain_head(written: str) -> str:
    """Return a column's head as COLUMNS names it: „Straße / Nr.“ is `strasse_nr`."""
    folded = written.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return re.sub(r"[^a-z0-9]+", "_", folded.replace("ß", "ss")).strip("_")


def read(files: Files, report: Report) -> tuple[Head, Iterator[Found]]:
    """Return the head of a table and its services. Raises NotReadable without a column `name`."""
    part = files.only
    if part.name.lower().endswith((".xlsx", ".xlsm")):
        written, rows = _sheet(files, report)
    else:
        table = handed_in.table(part, report)
        written, rows = table.head, table.rows
    head = Head(tuple(_column(cell, report) for cell in written))
    report.columns = CALLED
    if "name" not in head.columns:
        raise NotReadable(
            _("Es fehlt die Spalte „name“. Gefunden: {found}.").format(
                found=", ".join(written)[:300]
            )
        )
    return head, _services(head, rows)


def _column(written: str, report: Report) -> str:
    plain = plain_head(written)
    if plain and plain not in HEADS:
        hint = duplicates.nearest(plain, list(COLUMNS))
        report.add(Place(1), "unknown-column", value=written, hint=f" {hint}" if hint else "")
    return HEADS.get(plain, "")


def _sheet(files: Files, report: Report) -> tuple[list[str], Iterator[tuple[int, list[Any]]]]:
    # Loaded only for who hands in Excel: it takes long, and every start would wait for it.
    import openpyxl  # noqa: PLC0415
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        with files.only.open() as stream:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=False)
            rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
            book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as broken:
        raise NotReadable(_("Die Datei lässt sich nicht als Excel-Tabelle öffnen.")) from broken
    if not rows:
        raise NotReadable(_("Die Datei „{name}“ ist leer.").format(name=files.name))
    head = ["" if cell is None else str(cell) for cell in rows[0]]
    full = (
        (line, cells)
        for line, cells in enumerate(rows[1:], 2)
        if any(cell not in (None, "") for cell in cells)
    )
    return head, full


def _services(head: Head, rows: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[Found]:
    for line, row in rows:
        cells = {
            column: cell
            for column, cell in zip(head.columns, row, strict=False)
            if column and cell not in (None, "")
        }
        yield Found(line, document(cells))


def document(cells: Cells) -> dict[str, Any]:
    """Return a line as an HSDS service. Ids of its parts come from the service's."""
    found: dict[str, Any] = {f: cells[c] for c, f in SERVICE_FIELDS.items() if c in cells}
    if "kennung" in cells:
        found["id"] = _word(cells["kennung"])
    _translate(found, "status", STATUS)
    if "anbieter" in cells:
        found["organization"] = {"id": f"\0{_word(cells['anbieter'])}", "name": cells["anbieter"]}
    place = _place(cells)
    if place:
        found["service_at_locations"] = [{"location": place}]
    lists: dict[str, Callable[[Cells], list[dict[str, Any]]]] = {
        "phones": _phones,
        "contacts": _contacts,
        "languages": _languages,
        "service_areas": _areas,
        "attributes": _categories,
    }
    return found | {key: rows for key, make in lists.items() if (rows := make(cells))}


def _place(cells: Cells) -> dict[str, Any]:
    place: dict[str, Any] = {f: cells[c] for c, f in LOCATION_FIELDS.items() if c in cells}
    _translate(place, "wheelchair", WHEELCHAIR)
    address = {f: cells[c] for c, f in ADDRESS_FIELDS.items() if c in cells}
    if address:
        place["addresses"] = [address]
    return place


def _phones(cells: Cells) -> list[dict[str, Any]]:
    kinds = {"telefon": "voice", "telefon_2": "voice", "fax": "fax"}
    return [{"number": cells[c], "type": kind} for c, kind in kinds.items() if c in cells]


def _contacts(cells: Cells) -> list[dict[str, Any]]:
    return [{"name": cells["ansprechperson"]}] if "ansprechperson" in cells else []


def _languages(cells: Cells) -> list[dict[str, Any]]:
    words = [word.strip() for word in re.split(r"[,;|/]", _word(cells.get("sprachen", "")))]
    return [{"name": word, "code": languages.code_of(word)} for word in words if word]


def _areas(cells: Cells) -> list[dict[str, Any]]:
    names = [
        n.strip() for n in re.split(r"[;|]", _word(cells.get("einzugsgebiet", ""))) if n.strip()
    ]
    keys = [
        k.strip()
        for k in re.split(r"[,;|]", _word(cells.get("einzugsgebiet_ags", "")))
        if k.strip()
    ]
    longest = max(len(names), len(keys))
    names += [""] * (longest - len(names))
    keys += [""] * (longest - len(keys))
    return [{"name": name, "ags": key} for name, key in zip(names, keys, strict=True)]


def _categories(cells: Cells) -> list[dict[str, Any]]:
    written = _word(cells.get("kategorie", ""))
    words = [word.strip() for word in re.split(r"[;|]", written) if word.strip()]
    if len(words) == 1 and re.fullmatch(r"[\w]+(\s*,\s*[\w]+)+", written):
        words = [word.strip() for word in written.split(",")]
    return [{"taxonomy_term": {"code": word, "name": word}} for word in words]


def _translate(found: dict[str, Any], name: str, words: Mapping[str, str]) -> None:
    if name in found:
        word = _word(found[name])
        found[name] = words.get(word.casefold(), word)


def _word(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())
