"""What is written out can be read in again: nothing is lost and nothing changes."""

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command

from referrals.models import Service, Version
from tests.factories import directory

pytestmark = pytest.mark.django_db


def export(path: Path, kind: str) -> Path:
    call_command("export_services", str(path), format=kind, verbosity=0)
    return path


def read_back(path: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    capsys.readouterr()
    call_command("import_services", str(path), **options)
    return capsys.readouterr().out


@pytest.mark.parametrize(("kind", "name"), [("hsds", "a.json"), ("hsds-csv", "a.zip")])
def test_an_export_read_in_again_changes_nothing(
    kind: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory.read_in(directory.document(1), directory.document(2), directory.shelter())
    path = export(tmp_path / name, kind)
    assert "3 Einträge gelesen: 0 neu, 0 geändert, 3 unverändert" in read_back(path, capsys)
    assert not Version.objects.exists()


@pytest.mark.parametrize("kind", ["hsds", "hsds-csv"])
def test_a_directory_moves_to_an_empty_house(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory.read_in(directory.document(1), directory.document(2))
    path = export(tmp_path / ("a.json" if kind == "hsds" else "a.zip"), kind)
    before = export(tmp_path / "before.json", "hsds").read_text()
    Service.objects.all().delete()
    assert "2 neu" in read_back(path, capsys)
    after = export(tmp_path / "after.json", "hsds").read_text()
    assert without_times(after) == without_times(before)


def without_times(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)
    for document in found:
        del document["last_modified"]
    return found


@pytest.mark.parametrize(("kind", "name"), [("flat-csv", "a.csv"), ("flat-xlsx", "a.xlsx")])
def test_a_flat_table_comes_back_and_keeps_what_it_does_not_speak_of(
    kind: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory.read_in(directory.document(1))
    path = export(tmp_path / name, kind)
    assert "0 neu" in read_back(path, capsys)
    service = Service.objects.get()
    assert service.alternate_name == "Die Hafenlotsen"
    assert service.capacities.count() == 1
    assert service.service_at_locations.get().location.addresses.get().postal_code == "20459"


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    directory.read_in(directory.document(1, description='\'=HYPERLINK("http://evil.example")'))
    service = Service.objects.get()
    assert service.description.startswith("=HYPERLINK")
    with export(tmp_path / "a.csv", "flat-csv").open(encoding="utf-8-sig") as stream:
        assert next(csv.DictReader(stream, delimiter=";"))["beschreibung"].startswith("'=")
    book = openpyxl.load_workbook(export(tmp_path / "a.xlsx", "flat-xlsx"))
    assert {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row} <= {
        "s",
        "n",
        "inlineStr",
    }
