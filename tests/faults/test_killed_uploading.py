"""Killed in the middle of an upload: nothing readable is left anywhere, and no row without its file."""

import http.client
import os
import secrets
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.factories.files import photo
from tests.faults.test_killed import kill, wait_for
from tests.security.traces import Secrets, files_since, open_files
from tests.servers.lotse import Lotse, running_lotse
from tests.servers.plain_http import PlainBrowser, PlainParent, code_on, multipart

PLACES = [Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")]


@pytest.fixture
def lotse(tmp_path: Path) -> Iterator[Lotse]:
    """A server of its own for each test: `serve` gives up on what ends six times in a minute."""
    with running_lotse(tmp_path / "lotse") as server:
        yield server


def body_of(parent: PlainParent, word: str) -> tuple[bytes, str]:
    """Return a question with two large photos in which a word stands readable."""
    mark = (word * 20).encode()
    photos = [photo(1600, 1200) + mark, mark.join([photo(1600, 1200), bytes(1000)])]
    return multipart({**ask_until_answered(parent), "text": f"Frage mit {word}"}, photos)


def send(parent: PlainParent, lotse: Lotse, body: bytes, kind: str, *, share: float) -> None:
    """Send a share of a form and wait for an answer that never comes."""
    (cookie,) = [
        f"{cookie.name}={cookie.value}" for cookie in parent.browser.cookies if cookie.value
    ]
    head = (
        f"POST /nordhafen/frage/ HTTP/1.1\r\nHost: 127.0.0.1:{lotse.port}\r\nCookie: {cookie}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", lotse.port), 60) as connection:
        connection.settimeout(60)
        with suppress(OSError):
            connection.sendall(head.encode() + body[: int(len(body) * share)])
            connection.recv(100)


def left_behind(lotse: Lotse, word: str, since: float) -> dict[str, set[str]]:
    """Return every file in which the word stands."""
    secret = Secrets({"word": word})
    kept = [lotse.log, *files_since([lotse.data], 0), *files_since(PLACES, since)]
    return secret.in_files(kept) | secret.in_files(open_files(lotse.data))


@pytest.mark.parametrize("share", [0.5, 1.0], ids=["half was sent", "while it is cleaned"])
def test_nothing_readable_is_left_by_a_kill(lotse: Lotse, share: float) -> None:
    began = time.time() - 1
    word = f"Kanarienvogel{secrets.token_hex(8)}"
    parent = PlainParent(PlainBrowser(lotse.url))
    body, kind = body_of(parent, word)
    sending = threading.Thread(
        target=send, args=(parent, lotse, body, kind), kwargs={"share": share}
    )
    sending.start()
    time.sleep(0.3 if share == 1.0 else 1.0)
    # While it travels no file with a name has it; without a name it is in memory (serve.py).
    named = Secrets({"word": word}).in_files([*files_since([lotse.data, *PLACES], began)])
    assert not named
    pid = wait_for(lotse, "web")
    os.kill(pid, signal.SIGKILL)
    sending.join()
    wait_for(lotse, "web", other_than=pid)
    assert not left_behind(lotse, word, began)
    # The search can fail.
    careless = Path("/tmp") / f"careless-{word}"
    careless.write_text(word)
    try:
        assert str(careless) in left_behind(lotse, word, began)
    finally:
        careless.unlink()


def test_no_row_is_without_its_file_however_often_it_is_killed(
    lotse: Lotse, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, interrupted = 0, 0
    for number in range(4):
        parent = PlainParent(PlainBrowser(lotse.url))
        form, image = ask_until_answered(parent), photo(400, 300)
        done = threading.Event()
        asking = threading.Thread(target=ask, args=(parent, form, image, done))
        asking.start()
        time.sleep(0.15 + 0.25 * number)
        kill(lotse, "web")
        asking.join()
        interrupted += not done.is_set()
    with closing(sqlite3.connect(lotse.data / "lotse.sqlite3", timeout=20)) as database:
        names = [row[0] for row in database.execute("SELECT file FROM counselling_attachment")]
    media = lotse.data / "media"
    for name in names:
        assert (media / name).is_file(), f"{name} has a row and no file"
        kept += 1
    files = sum(path.is_file() for path in media.rglob("*"))
    with capsys.disabled():
        print(
            f"\n  killed 4 times, {interrupted} interrupted; rows: {kept}, files: {files}, "
            f"left for the sweep: {files - kept}"
        )
    assert files >= kept


def ask(parent: PlainParent, form: dict[str, str], image: bytes, done: threading.Event) -> None:
    """Ask with a photo; `done` is set when the page with the code is there."""
    with suppress(OSError, http.client.HTTPException):
        sent = parent.browser.post_files(
            "/nordhafen/frage/", {**form, "text": "Mit Foto."}, [image]
        )
        if code_on(sent):
            done.set()


def ask_until_answered(parent: PlainParent) -> dict[str, str]:
    """Open the form, again and again while the server is being started."""
    end = time.monotonic() + 180
    while True:
        try:
            return parent.form()
        except (OSError, http.client.HTTPException, AssertionError):
            assert time.monotonic() < end
            time.sleep(0.1)
