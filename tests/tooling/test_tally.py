"""The closing line of `make test` counts what pytest counted."""

from pathlib import Path

import pytest

from scripts import tally


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that the sum is made from."""
    monkeypatch.setattr(tally, "RESULTS", tmp_path)
    return tmp_path


def test_runs_are_added_up(results: Path) -> None:
    suite = (
        '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'
    )
    (results / "main.xml").write_text(suite.format(10, 1, 1, 2))
    (results / "journeys.xml").write_text(suite.format(5, 0, 0, 0))
    assert tally.tally(["main", "journeys"]) == {"passed": 11, "failed": 2, "skipped": 2}


def test_a_run_that_crashed_is_a_failure(results: Path) -> None:
    assert tally.tally(["main"])["failed"] == 1
