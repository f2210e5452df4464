"""The commands, on good files and on broken ones."""

import json
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

GOOD = [
    {"id": "m1", "text": "Ich habe alle Tabletten genommen.", "level": "sofort", "mood": 3},
    {"id": "m2", "text": "Ab wann Brei?", "level": "normal"},
    {
        "id": "c1",
        "turns": [
            {"who": "client", "text": "hi"},
            {"who": "counsellor", "text": "Willst du dich umbringen?"},
            {"who": "client", "text": "ich steh auf der brücke"},
        ],
        "level": "sofort",
        "escalates_at": 2,
    },
]


def _file(folder: Path, lines: list[str]) -> Path:
    path = folder / "texts.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_evaluate_prints_and_writes_the_figures(tmp_path: Path) -> None:
    said = StringIO()
    out = tmp_path / "out.json"
    path = _file(tmp_path, [json.dumps(one) for one in GOOD])
    call_command("evaluate_triage", str(path), json=out, stdout=said)
    report = json.loads(out.read_text())
    assert set(report) == {"metrics", "items"}
    items = {item["id"]: item for item in report["items"]}
    assert items["m1"]["predicted"] == "sofort"
    assert items["m1"]["first_alarm"] == 0
    assert items["m2"]["predicted"] == "normal"
    assert items["m2"]["first_alarm"] is None
    assert items["c1"]["first_alarm"] == 2
    assert items["c1"]["reasons"][0]["turn"] == 2
    assert report["metrics"]["sofort_at_sofort"] == 1
    assert report["metrics"]["conversations"]["on_time"] == 1
    assert "sofort found at dringend or higher   1.000" in said.getvalue()
    assert "Tabletten" not in said.getvalue() + out.read_text()


def test_evaluate_names_broken_lines_and_measures_the_rest(tmp_path: Path) -> None:
    said, complained = StringIO(), StringIO()
    path = _file(tmp_path, [json.dumps(GOOD[0]), "{broken", '{"id": "x", "level": "odd"}', ""])
    with pytest.raises(CommandError, match="2 lines"):
        call_command("evaluate_triage", str(path), stdout=said, stderr=complained)
    assert "line 2: not JSON" in complained.getvalue()
    assert "line 3: level" in complained.getvalue()
    assert "1 texts" in said.getvalue()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[]\n"])
def test_evaluate_refuses_a_file_without_texts(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_bytes(content)
    with pytest.raises(CommandError):
        call_command("evaluate_triage", str(path), stderr=StringIO())


def test_evaluate_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("evaluate_triage", str(tmp_path / "none.jsonl"))


def test_train_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "counselling.triage.training", raising=False)
    monkeypatch.delattr("counselling.triage.training", raising=False)
    monkeypatch.delitem(sys.modules, "counselling.triage.solver", raising=False)
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(CommandError, match="make install-dev"):
        call_command("train_triage", out=tmp_path)
    assert not list(tmp_path.iterdir())
