"""The measurements run: two in short form, on both kinds of database, from the demo to the ratio."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import open_pages, servers, submissions

KINDS = ("sqlite", "postgresql")


@pytest.fixture
def folder() -> Iterator[Path]:
    made = servers.fresh_folder()  # where PostgreSQL's own user may go
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("kind", KINDS)
def test_questions_are_submitted(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "QUESTIONS", 16)
    monkeypatch.setattr(submissions, "ROUNDS", 1)
    found = submissions.measure(kind, folder)
    assert found["what"] == f"questions submitted a second, {kind}"
    assert float(found["ours"]) > 0
    assert float(found["yardstick"]) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_open_pages_ask_again(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_pages, "ROUNDS", 2)
    found = open_pages.measure(kind, folder)
    assert [str(row["what"]).split()[0] for row in found] == list(open_pages.TARGETS)
    assert all(float(row["ours"]) > 0 for row in found)
