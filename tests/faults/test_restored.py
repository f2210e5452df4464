"""The restore drill: backup under load, delete everything, restore; what was confirmed is readable."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.faults.test_killed import Question, ask
from tests.servers.lotse import Lotse, running_lotse
from tests.servers.plain_http import PlainBrowser, PlainParent
from tests.servers.postgresql import create_database

PATIENCE = 120.0  # seconds until a busy machine must have done something


@dataclass
class Key:
    """A key pair of age. The private half lies in a file, as on another machine."""

    file: Path
    public: str

    @classmethod
    def make(cls, file: Path) -> "Key":
        command = ["age-keygen", "-o", str(file)]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        (public,) = re.findall(r"age1\w+", said.stderr)
        return cls(file, public)


@pytest.fixture
def lotse(tmp_path: Path, on_postgresql: bool) -> Iterator[Lotse]:
    """A server of its own, on whichever database the tests run."""
    url = ""
    if on_postgresql:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        url = create_database(os.environ["LOTSE_DATABASE_URL"], f"lotse_drill_{worker}")
    with running_lotse(tmp_path / "lotse", database_url=url) as server:
        yield server


def readable(lotse: Lotse, question: Question) -> bool:
    """Say whether a parent with this code reads their words."""
    parent = PlainParent(PlainBrowser(lotse.url))
    opened = parent.open(question.code)
    return opened.url.endswith("/gespraech/") and question.text in opened.text


def delete(lotse: Lotse, question: Question) -> None:
    """Delete a conversation as its parent would."""
    parent = PlainParent(PlainBrowser(lotse.url))
    parent.open(question.code)
    form = parent.browser.get("/nordhafen/gespraech/loeschen/")
    parent.browser.post(
        "/nordhafen/gespraech/loeschen/", {**form.hidden("/loeschen/"), "sure": "ja"}
    )
    assert not readable(lotse, question)


def lose_everything(lotse: Lotse, keep: Path) -> None:
    """Lose database and files; only the deletion list is elsewhere too, and what a release brings along."""
    shutil.copy(lotse.data / "deletions.jsonl", keep)
    static = keep.with_name("static")
    (lotse.data / "static").rename(static)
    url = lotse.environment["LOTSE_DATABASE_URL"]
    if url.startswith("postgres"):
        create_database(url, url.rsplit("/", 1)[1])
    shutil.rmtree(lotse.data)
    lotse.data.mkdir()
    static.rename(lotse.data / "static")


class Load:
    """Parents who ask all the time, one after the other, until they are told to stop."""

    def __init__(self, lotse: Lotse) -> None:
        self.asked: list[Question] = []
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(lotse, n)) for n in range(2)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> list[Question]:
        """Return what was asked and confirmed."""
        self._enough.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        return [question for question in self.asked if question.code]

    def wait_for(self, count: int) -> None:
        """Wait until so many questions have been confirmed."""
        pause = threading.Event()
        for _look in range(int(PATIENCE * 10)):
            if sum(bool(question.code) for question in self.asked) >= count:
                return
            pause.wait(0.1)
        raise AssertionError(f"not {count} questions in {PATIENCE} s")

    def _ask(self, lotse: Lotse, who: int) -> None:
        while not self._enough.is_set():
            question = Question(f"Frage {len(self.asked)} von Familie {who}.")
            self.asked.append(question)
            ask(lotse, question)


def test_what_was_confirmed_before_a_backup_is_readable_after_a_loss(
    lotse: Lotse, tmp_path: Path, figures: list[str]
) -> None:
    key, other = Key.make(tmp_path / "key"), Key.make(tmp_path / "other-key")
    load = Load(lotse)
    load.wait_for(6)
    before = [question for question in list(load.asked) if question.code]
    gone, *kept = before
    made = lotse.manage(
        *("backup", "--to", str(tmp_path / "backups"), "--recipient", key.public),
        *("--secrets-to", str(tmp_path / "safe"), "--secrets-recipient", other.public),
    ).splitlines()[-1]
    during = [question for question in load.stop() if question not in before]
    delete(lotse, gone)
    lotse.stop()
    lose_everything(lotse, tmp_path / "deletions.jsonl")

    restored = lotse.manage(
        *("restore", made, "--identity", str(key.file)),
        *("--list", str(tmp_path / "deletions.jsonl")),
    )
    lotse.start()
    assert all(readable(lotse, question) for question in kept)
    assert not readable(lotse, gone), "deleted after the backup, and back again"
    assert "1 had come back and are deleted again" in restored
    later = sum(readable(lotse, question) for question in during)
    (seconds,) = re.findall(r"Restored in ([\d.]+) s", restored)
    figures.append(
        f"restore drill on {'PostgreSQL' if 'postgres' in lotse.environment['LOTSE_DATABASE_URL'] else 'SQLite'}: "
        f"{len(kept)} of {len(kept)} questions confirmed before the backup readable, "
        f"{later} of {len(during)} confirmed meanwhile, 1 deletion applied again; restored in {seconds} s"
    )
    sealed = [*(tmp_path / "backups").iterdir(), *(tmp_path / "safe").iterdir()]
    assert {path.name.split(".")[1] for path in sealed} == {"database", "files", "secrets"}
    assert all(path.read_bytes().startswith(b"age-encryption.org/v1") for path in sealed)
    assert all(path.stat().st_mode & 0o077 == 0 for path in sealed)


def test_a_restore_that_fails_leaves_what_was_there(lotse: Lotse, tmp_path: Path) -> None:
    """In a hurry the wrong key is soon at hand, and half of a file copied."""
    key, other = Key.make(tmp_path / "key"), Key.make(tmp_path / "other-key")
    made = lotse.manage("backup", "--to", str(tmp_path), "--recipient", key.public).splitlines()[-1]
    question = Question("Steht nur in der Datenbank, nicht in der Sicherung.")
    ask(lotse, question)
    lotse.stop()
    (tmp_path / "list").touch()
    database, files = (Path(f"{made}.{part}.age") for part in ("database", "files"))
    whole = {path: path.read_bytes() for path in (database, files)}

    def fails(identity: Key) -> str:
        with pytest.raises(AssertionError) as failed:
            lotse.manage(
                *("restore", made, "--identity", str(identity.file), "--replace"),
                *("--list", str(tmp_path / "list")),
            )
        return str(failed.value)

    assert "Nothing was changed: age ended with 1: is that the key" in fails(other)
    for path, data in whole.items():
        path.write_bytes(data[:-40])
        assert "Nothing was changed: age ended with 1" in fails(key)
        path.write_bytes(data)
    if "postgres" in lotse.environment["LOTSE_DATABASE_URL"]:
        # A dump that stops halfway, of a server that was killed: sealed it is whole.
        dump = subprocess.check_output(["age", "-d", "-i", str(key.file), str(database)])
        sealed = subprocess.check_output(["age", "-r", key.public], input=dump[: len(dump) // 2])
        database.write_bytes(sealed)
        assert "Not restored: psql or pg_restore ended" in fails(key)
    lotse.start()
    assert readable(lotse, question)


@pytest.mark.django_db
def test_a_backup_is_refused_rather_than_half_made(tmp_path: Path) -> None:
    key, folder = Key.make(tmp_path / "key"), tmp_path / "backups"
    to = ("backup", "--to", str(folder))
    safe = ("--secrets-to", str(tmp_path / "safe"))
    for wrong, reason in (
        (
            ("--recipient", "age1nobody"),
            "There is no backup: age ended with 1: is that a recipient",
        ),
        (("--recipient", key.public, *safe), "or neither"),
        (("--recipient", key.public, *safe, "--secrets-recipient", key.public), "another key"),
    ):
        with pytest.raises(CommandError, match=reason):
            call_command(*to, *wrong)
    assert not list(tmp_path.glob("backups/*"))
    said = StringIO()
    call_command(*to, "--recipient", key.public, stdout=said)
    name = said.getvalue().strip()
    (tmp_path / "list").touch()
    for backup, listed, reason in (
        (name, "list", "The database has tables"),
        (name, "none", "are missing"),
        (f"{name}-other", "list", "are missing"),
    ):
        arguments = ("--identity", str(key.file), "--list", str(tmp_path / listed))
        with pytest.raises(CommandError, match=reason):
            call_command("restore", backup, *arguments)
