"""Killed while questions arrive: what was confirmed is there afterwards, once."""

import http.client
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.lotse import Lotse, running_lotse
from tests.servers.plain_http import PlainBrowser, PlainParent, code_on

PARENTS = 4  # who write at the same time
PATIENCE = 60.0  # seconds until a server that was killed must answer again
APART = 13.0  # seconds between kills; `serve` gives up on what ends six times in a minute


@dataclass
class Question:
    """One question: how often it was sent, how often nobody answered, and its code."""

    text: str
    sent: int = 0
    interrupted: int = 0
    code: str = ""


@pytest.fixture
def lotse(tmp_path: Path) -> Iterator[Lotse]:
    """A server of its own: nobody else should meet its ends."""
    with running_lotse(tmp_path / "lotse") as server:
        yield server


def pid_of(lotse: Lotse, part: str) -> int | None:
    """Return the process of a part (`web` or `worker`), by the name that `ps` shows."""
    assert lotse.process is not None
    children = Path(f"/proc/{lotse.process.pid}/task/{lotse.process.pid}/children")
    for pid in children.read_text().split():
        try:
            name = Path(f"/proc/{pid}/comm").read_text()
        except OSError:
            continue
        if name == f"lotse {part}\n":
            return int(pid)
    return None


def wait_for(lotse: Lotse, part: str, *, other_than: int | None = None) -> int:
    """Wait until a part runs, after a kill as another process than before."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        pid = pid_of(lotse, part)
        if pid is not None and pid != other_than:
            return pid
        time.sleep(0.05)
    raise AssertionError(f"{part} was not started again")


def wait_until_it_answers(lotse: Lotse) -> None:
    """Wait until a request is answered. Raises AssertionError."""
    end = time.monotonic() + PATIENCE
    while not lotse.answers():
        assert time.monotonic() < end, "nobody answers any more"
        time.sleep(0.1)


def kill(lotse: Lotse, part: str) -> None:
    """Kill a part as a power cut would, and wait until it runs again."""
    pid = wait_for(lotse, part)
    os.kill(pid, signal.SIGKILL)
    wait_for(lotse, part, other_than=pid)


def ask(lotse: Lotse, question: Question) -> None:
    """Ask as a patient person would: send the form again until the page with the code is there."""
    parent = PlainParent(PlainBrowser(lotse.url))
    end = time.monotonic() + PATIENCE
    form: dict[str, str] = {}
    while not question.code:
        assert time.monotonic() < end, f"no code for {question}"
        try:
            form = form or parent.form()
            question.sent += 1
            question.code = code_on(parent.send(form, question.text))
        except (OSError, http.client.HTTPException):
            question.interrupted += 1
            time.sleep(0.1)  # the server is being started again


@pytest.mark.parametrize(
    ("questions", "kills"),
    [
        pytest.param(40, ("web", "worker", "web"), id="short"),
        pytest.param(1000, ("web", "web", "worker") * 8, id="long", marks=pytest.mark.long),
    ],
)
def test_every_confirmed_question_is_there_once(
    lotse: Lotse, questions: int, kills: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = [Question(f"Frage {number} von {questions}.") for number in range(questions)]
    waiting = iter(ledger)
    lock = threading.Lock()
    failures: list[BaseException] = []

    def write() -> None:
        while not failures:
            with lock:
                question = next(waiting, None)
            if question is None:
                return
            try:
                ask(lotse, question)
            except BaseException as failure:  # noqa: BLE001 - shown by the test itself
                failures.append(failure)

    parents = [threading.Thread(target=write) for _parent in range(PARENTS)]
    for thread in parents:
        thread.start()
    killed = Counter[str]()
    for number, part in enumerate(kills):
        done = (number + 1) * questions // (len(kills) + 1)
        while sum(bool(q.code) for q in ledger) < done and any(t.is_alive() for t in parents):
            time.sleep(0.02)
        began = time.monotonic()
        kill(lotse, part)
        killed[part] += 1
        if len(kills) > 5:
            time.sleep(max(0.0, APART - (time.monotonic() - began)))
    for thread in parents:
        thread.join()
    assert not failures, failures
    wait_until_it_answers(lotse)  # what was killed last has a process again, which loads

    found = {question.text: times_in_thread(lotse, question) for question in ledger}
    with capsys.disabled():
        print(
            f"\n  {questions} questions; killed: {dict(killed)}; "
            f"interrupted: {sum(q.interrupted > 0 for q in ledger)}, "
            f"sent again: {sum(q.sent > 1 for q in ledger)}; "
            f"found once: {sum(n == 1 for n in found.values())}, "
            f"lost: {sum(n == 0 for n in found.values())}, "
            f"twice: {sum(n > 1 for n in found.values())}"
        )
    assert any(q.interrupted for q in ledger), "nobody was writing when the server was killed"
    assert len({question.code for question in ledger}) == questions
    assert set(found.values()) == {1}


def times_in_thread(lotse: Lotse, question: Question) -> int:
    """Return how often a question stands in the conversation that its code opens."""
    parent = PlainParent(PlainBrowser(lotse.url))
    assert parent.open(question.code).url.endswith("/gespraech/"), question
    everything = json.loads(parent.browser.get("/nordhafen/gespraech/mitnehmen/?als=json").text)
    assert len(everything["messages"]) == 1, question
    return sum(entry["text"] == question.text for entry in everything["messages"])
