"""A table as it comes from an office: 1,000 lines with everything that goes wrong, and a report for it."""

import random
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from referrals.formats.detection import Format
from referrals.formats.files import uploaded
from referrals.models import Service
from referrals.operations import imports
from referrals.reports import SENTENCES, Report
from tests.factories import directory

pytestmark = pytest.mark.django_db

HEAD = "Kennung;Name;Träger;Kategorie;Straße;PLZ;Ort;Telefon;Öffnungszeiten;Website;Faxnumer"
# Line of the file (from 2): what is wrong there. All others are in order.
WRONG = {
    5: "no-name", 9: "double-id", 14: "odd-postcode", 15: "no-postcode", 16: "short-postcode",
    20: "impossible-hours", 21: "no-hours", 22: "overnight-hours", 30: "formula", 40: "encoding",
    50: "no-phone", 60: "no-link", 70: "unknown-category", 80: "double-row", 90: "too-many-cells",
    100: "garbled", 110: "no-category", 120: "damaged", 130: "similar-here",
}  # fmt: skip


def line(number: int) -> list[str]:
    """Return a line in order."""
    return [
        f"N-{number}",
        f"Beratungsstelle Müllerstraße {number}",
        "Jugendamt Süd",
        "erziehungsberatung",
        f"Müllerstraße {number}",
        f"{20000 + number}",
        "Nordhafen",
        f"040 5551{number:03d}",
        "Mo-Fr 9-12 Uhr",
        f"stelle{number}.example.org",
        "",
    ]


# What is put into which cell.
CELLS = {
    "no-name": (1, ""),
    "double-id": (0, "N-8"),
    "odd-postcode": (5, "2O457"),
    "no-postcode": (5, ""),
    "short-postcode": (5, "1067"),
    "impossible-hours": (8, "Mo-Fr 09:00-12:75"),
    "no-hours": (8, "wenn die Tür offen ist"),
    "overnight-hours": (8, "Mo-Fr 18:00-02:00"),
    "formula": (9, '=HYPERLINK("http://evil.example")'),
    "no-phone": (7, "siehe Aushang"),
    "no-link": (9, "keine Seite"),
    "unknown-category": (3, "erziehungsberatug"),
    "too-many-cells": (10, "1;noch;mehr"),
    "garbled": (1, "Beratungsstelle MÃ¼llerstraße 100"),
    "no-category": (3, ""),
    "damaged": (1, "Beratungsstelle\x07 Müllerstraße 120"),
}


def spoilt(number: int) -> bytes:
    """Return a line of the file as bytes, with what WRONG says of it."""
    cells, wrong = line(number), WRONG.get(number, "")
    if wrong in CELLS:
        place, content = CELLS[wrong]
        cells[place] = content
    elif wrong == "double-row":
        cells = line(79)
    elif wrong == "similar-here":
        cells = [cells[0], *line(129)[1:]]
    encoding = "cp1252" if wrong == "encoding" else "utf-8"
    return ";".join(cells).encode(encoding) + b"\r\n"


@pytest.fixture
def dirty() -> bytes:
    """The file: a head and 999 lines."""
    return HEAD.encode() + b"\r\n" + b"".join(spoilt(number) for number in range(2, 1001))


def run(data: bytes, *, write: bool, **options: Any) -> Report:
    wanted: dict[str, Any] = {
        "files": uploaded("angebote.csv", data),
        "kind": Format.FLAT,
        "source": "jugendamt-sued",
        "owner": None,
        "by": None,
        "at": directory.READ_IN,
    }
    return imports.take_over(**wanted, **options) if write else imports.check(**wanted)


def test_the_report_names_every_fault_at_its_line_and_nothing_else(dirty: bytes) -> None:
    report = run(dirty, write=False)
    told = {p.place.line: p.code for p in report.problems if p.place.line > 1}
    assert told == WRONG
    assert [p.code for p in report.problems if p.place.line == 1] == ["unknown-column"]
    assert "Meinten Sie" in next(p for p in report.problems if p.place.line == 70).sentence()
    assert report.read == 999
    assert report.left_out == 4
    assert report.created == 995


def test_nothing_is_taken_over_while_entries_have_errors(dirty: bytes) -> None:
    with pytest.raises(imports.HasErrors):
        run(dirty, write=True)
    assert not Service.objects.exists()


def test_the_rest_is_taken_over_when_wanted_and_again_without_a_change(dirty: bytes) -> None:
    first = run(dirty, write=True, leave_out_errors=True)
    assert (first.created, Service.objects.count()) == (995, 995)
    again = run(dirty, write=True, leave_out_errors=True)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 995)
    garbled = Service.objects.get(source_id="N-100")
    assert garbled.name == "Beratungsstelle Müllerstraße 100"
    assert Service.objects.get(source_id="N-40").name == "Beratungsstelle Müllerstraße 40"
    assert Service.objects.get(source_id="N-21").opening_hours_note == "wenn die Tür offen ist"
    assert Service.objects.get(source_id="N-30").url == ""
    assert Service.objects.get(source_id="N-2").opening_hours == "Mo-Fr 09:00-12:00"


def test_a_clerk_reads_german_sentences_and_no_codes(dirty: bytes, tmp_path: Path) -> None:
    path = tmp_path / "angebote.csv"
    path.write_bytes(dirty)
    with pytest.raises(CommandError, match="Nichts wurde eingelesen"):
        call_command("import_services", str(path), report=tmp_path / "bericht.txt")
    told = (tmp_path / "bericht.txt").read_text(encoding="utf-8")
    assert "Zeile 5: Der Name fehlt." in told
    assert "oeffnungszeiten: Die Öffnungszeiten „wenn die Tür offen ist“" in told
    assert "telefon: „siehe Aushang“ ist keine Telefonnummer." in told
    assert "Die Kennung „N-8“ steht schon in Zeile 8." in told
    assert "Zeile 16 („Beratungsstelle Müllerstraße 16“): Bei der Postleitzahl „1067“ fehlt die führende Null. Gelesen als 01067." in told  # fmt: skip
    assert "999 Einträge gelesen" in told
    assert not Service.objects.exists()


def test_garbage_never_breaks_the_import() -> None:
    dice = random.Random(7)
    for size in (0, 1, 50, 5000):
        data = HEAD.encode() + b"\n" + dice.randbytes(size)
        report = run(data, write=False)
        assert report.read >= 0


def test_every_sentence_of_the_report_can_be_said() -> None:
    for code, (_leaves_out, sentence) in SENTENCES.items():
        assert sentence.endswith((".", "?", "{hint}")), code
