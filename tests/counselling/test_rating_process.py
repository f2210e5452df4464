"""The process that rates: the same verdicts, no secret in it, and nothing that happens to it is lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from counselling import rating_process, triaging
from counselling.rating_process import Beside, NoAnswer
from counselling.sla import Urgency
from counselling.triaging import Said, Verdict, Wanted
from tests.servers.lotse import ROOT

SOME = [
    Wanted([Said(1, "Mein Sohn schläft nicht.")]),
    Wanted([Said(1, "hey"), Said(4, "sitz jetzt auf der brücke, ich spring gleich")]),
]
LONG = 60.0  # seconds: a process that begins has to load the engine


@pytest.fixture
def beside() -> Iterator[Beside]:
    other = Beside()
    yield other
    other.end()


def only_child(of: int | None = None) -> int:
    """Return the number of the one rating process of a process, by default of this one."""
    mine = of or os.getpid()
    children = {
        int(number)
        for task in Path(f"/proc/{mine}/task").iterdir()
        for number in (task / "children").read_text().split()
    }
    (found,) = [number for number in children if b"rating_process" in command_of(number)]
    return found


def command_of(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def without_time(verdicts: list[Verdict]) -> list[tuple[object, ...]]:
    return [(one.level, one.score, one.signals, one.reasons, one.model) for one in verdicts]


def test_it_rates_as_a_thread_of_the_server_does(beside: Beside) -> None:
    found = beside.ask(SOME, seconds=LONG)
    assert without_time(found) == without_time(triaging.verdicts(SOME))
    assert [one.level for one in found] == [Urgency.NORMAL, Urgency.SOFORT]


def test_nothing_that_opens_data_is_in_its_environment(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOTSE_SECRET_KEY", "geheim-7")
    monkeypatch.setenv("PGPASSWORD", "geheim-8")
    beside.ask(SOME, seconds=LONG)
    environment = Path(f"/proc/{only_child()}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"geheim" not in environment


def test_one_that_was_killed_is_followed_by_another(beside: Beside) -> None:
    beside.ask(SOME, seconds=LONG)
    first = only_child()
    os.kill(first, signal.SIGKILL)
    assert without_time(beside.ask(SOME, seconds=LONG)) == without_time(triaging.verdicts(SOME))
    assert only_child() != first


def test_one_that_does_not_come_back_is_ended_and_followed_by_another(beside: Beside) -> None:
    beside.ask(SOME, seconds=LONG)
    first = only_child()
    os.kill(first, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(NoAnswer, match="timeout"):
        beside.ask(SOME, seconds=0.3)
    assert time.monotonic() - began < 5
    assert not Path(f"/proc/{first}").exists()
    assert len(beside.ask(SOME, seconds=LONG)) == len(SOME)


def test_one_that_still_loads_is_not_ended_for_it(beside: Beside) -> None:
    with pytest.raises(NoAnswer, match="timeout"):
        beside.ask(SOME, seconds=0.01)
    loading = only_child()
    assert len(beside.ask(SOME, seconds=LONG)) == len(SOME)
    assert only_child() == loading


def test_what_cannot_begin_is_a_failure_and_a_human_looks_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rating_process, "ROOT", Path("/"))  # nothing of Lotse is there
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(triaging._Where, "beside", True)
    monkeypatch.setattr(triaging._Where, "other", Beside())
    (verdict,) = triaging.rate_all(SOME[:1])
    assert (verdict.unrated, verdict.level) == ("failure", Urgency.DRINGEND)


def test_it_ends_with_its_server_however_that_ends() -> None:
    told = (
        "import time; from counselling import triaging; triaging.rate_beside(); "
        "triaging.warm_up(); print('rated', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", told], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "rated\n"
        rating = only_child(server.pid)
        server.kill()
    until = time.monotonic() + 10
    while b"rating_process" in _command_or_nothing(rating):
        assert time.monotonic() < until, "it outlives its server"
        time.sleep(0.05)


def _command_or_nothing(process: int) -> bytes:
    try:
        return command_of(process)
    except OSError:
        return b""
