"""What a log says of an error, and what it leaves out: whatever somebody sent."""

import asyncio
import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.test import Client

from config.logs import ContentFreeFormatter, JsonFormatter, of_a_thread

SECRET = "mein mann hat"


@pytest.fixture(params=[ContentFreeFormatter, JsonFormatter])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Return what all of this process writes into its log meanwhile."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(request.param())
    root = logging.getLogger()
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


@pytest.mark.django_db
def test_a_host_that_is_not_allowed_is_not_quoted(log: io.StringIO, client: Client) -> None:
    assert client.get("/health/", headers={"host": "geheim.example"}).status_code == 400
    assert "DisallowedHost" in log.getvalue()
    assert "geheim" not in log.getvalue()


@pytest.mark.django_db
def test_a_page_that_is_not_there_is_a_number_in_the_log(log: io.StringIO, client: Client) -> None:
    client.get("/geheim/geheim/")
    assert "404" in log.getvalue()
    assert "geheim" not in log.getvalue()


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        SuspiciousFileOperation(f"Detected path traversal attempt in '{SECRET}'"),
        KeyError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_message_that_is_an_errors_text_is_left_out(log: io.StringIO, error: Exception) -> None:
    try:
        raise error
    except Exception as raised:
        logging.getLogger("somebody.else").exception(str(raised))
        logging.getLogger("somebody.else").warning(f"Cannot read: {raised}")  # noqa: G004 - what others do
    assert SECRET not in log.getvalue()
    assert type(error).__name__ in log.getvalue()
    assert "Cannot read" in log.getvalue()


def test_a_task_that_nobody_waited_for_is_named_without_its_errors_text(log: io.StringIO) -> None:
    async def fail() -> None:
        raise ValueError(SECRET)

    async def forget() -> None:
        task = asyncio.ensure_future(fail())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(int, SECRET)
        del task
        await asyncio.sleep(0.01)

    asyncio.run(forget())
    said = log.getvalue()
    assert "Task exception was never retrieved" in said
    assert "Exception in callback int" in said
    assert "ValueError" in said
    assert SECRET not in said


def test_a_thread_that_ends_is_logged_without_its_errors_text(
    log: io.StringIO, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", of_a_thread)  # pytest has put its own there

    def fail() -> None:
        raise ValueError(SECRET)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert "a thread has ended" in log.getvalue()
    assert "ValueError" in log.getvalue()
    printed = capfd.readouterr()
    assert SECRET not in log.getvalue() + printed.err + printed.out


def test_a_request_that_gunicorn_cannot_read_names_nobody(log: io.StringIO) -> None:
    """It puts the sender's address and what was sent into the message itself."""
    error = logging.getLogger("gunicorn.error")
    error.warning(f"Invalid request from ip=192.0.2.7: Invalid HTTP request line: '{SECRET}'")
    assert "Invalid request from ip" in log.getvalue()
    assert "192.0.2.7" not in log.getvalue()
    assert SECRET not in log.getvalue()


def test_own_messages_are_kept_whole() -> None:
    record = logging.LogRecord("lotse.x", logging.INFO, "", 0, "case %s: %d", ("a-b", 2), None)
    assert json.loads(JsonFormatter().format(record))["message"] == "case a-b: 2"
