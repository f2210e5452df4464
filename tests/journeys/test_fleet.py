"""Two web, two socket and two worker processes behind nginx: the same house, whoever answers."""

import json
import os
import re
import secrets
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chat.protocol import Close
from tests.chat.test_real_sockets import CLOSE, TEXT
from tests.conftest import SESSION
from tests.factories.files import photo
from tests.security.test_canary import PLACES, sign_in, waiting
from tests.security.traces import Secrets, files_since, open_files
from tests.servers.fleet import EACH, Fleet, FleetSocket, running_fleet
from tests.servers.plain_http import PlainParent, code_on, multipart
from tests.servers.postgresql import create_database
from tests.servers.proxy import NAME, Marked, Nginx

pytestmark = pytest.mark.browser  # in the pytest that has the servers
PATIENCE = 120.0  # seconds until a busy machine must have done something


@pytest.fixture(scope="module")
def fleet(on_postgresql: bool) -> Iterator[Fleet]:
    if not on_postgresql:
        pytest.skip("a fleet runs on PostgreSQL only")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    database_url = create_database(os.environ["LOTSE_DATABASE_URL"], f"lotse_real_{worker}")
    redis_url = SESSION.start_redis("real-fleet-redis")
    data = SESSION.folder / "real-fleet"
    with running_fleet(data, database_url=database_url, redis_url=redis_url) as running:
        yield running


@pytest.fixture(scope="module")
def nginx(fleet: Fleet) -> Iterator[Nginx]:
    server = Nginx.start(SESSION.folder / "nginx-before-fleet", fleet)
    yield server
    server.stop()


def browser(nginx: Nginx) -> Marked:
    return Marked(nginx.port, address="127.0.0.1", headers={"User-Agent": "Probe"})


def hint(listening: FleetSocket, what: str) -> None:
    """Wait for a hint of this kind; others may come before it."""
    while True:
        kind, data = listening.get()
        assert kind == TEXT, (kind, data)
        if json.loads(data)["what"] == what:
            return


def test_question_reply_return_and_hints(fleet: Fleet, nginx: Nginx, figures: list[str]) -> None:
    assert [len(fleet.pids(part)) for part in ("web", "sockets", "worker")] == [
        EACH + 1,  # and the one that looks after them
        EACH,
        EACH,
    ]
    staff = browser(nginx)
    sign_in(staff)
    before = waiting(staff)
    # More than one, so that more than one process has some.
    sockets = [FleetSocket(nginx.port, "/ws/queue/", staff) for _each in range(6)]
    assert {listening.status for listening in sockets} == {101}
    parent = PlainParent(browser(nginx))
    code = code_on(parent.send(parent.form(), "Er schläft nicht mehr durch."))
    assert code
    for listening in sockets:
        hint(listening, "queue")
    (claim,) = waiting(staff) - before
    case = staff.post(claim, staff.get("/team/").hidden(claim))
    form = case.hidden('id="reply-form"')
    sent = staff.post(f"{case.url}antwort/", {**form, "text": "Das kennen viele."})
    assert sent.status == 200
    returned = PlainParent(browser(nginx))
    assert returned.open(code).url.endswith("/gespraech/")
    assert "Das kennen viele." in returned.browser.get("/nordhafen/gespraech/").text
    for listening in sockets:
        listening.close()
    figures.append(f"fleet behind nginx: question, {len(sockets)} hints, reply, return")


def test_signs_of_life_are_for_inside_only(fleet: Fleet, nginx: Nginx) -> None:
    assert browser(nginx).get("/ready/").status == 404
    for port in (fleet.port, fleet.sockets_port):
        assert fleet.signs(port, "/health/") == (200, {"process": "ok"})
        found = fleet.signs(port)
        assert found is not None
        assert found[0] == 200
        assert (found[1]["database"], found[1]["redis"]) == ("ok", "ok")


def test_a_file_on_its_way_in_touches_no_disk(fleet: Fleet, nginx: Nginx) -> None:
    """At gunicorn itself, part of a form: what has come so far must be in memory only."""
    began, word = time.time() - 1, f"Kanarienvogel{secrets.token_hex(8)}"
    parent = PlainParent(browser(nginx))
    large = [photo(1600, 1200) + (word * 20).encode() + bytes(3_000_000)]
    body, kind = multipart({**parent.form(), "text": f"Frage mit {word}"}, large)
    cookies = "; ".join(f"{one.name}={one.value}" for one in parent.browser.cookies)
    head = (
        f"POST /nordhafen/frage/ HTTP/1.1\r\nHost: {NAME}:{nginx.port}\r\nCookie: {cookies}\r\n"
        f"X-Forwarded-Proto: https\r\nOrigin: https://{NAME}:{nginx.port}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    secret, most = Secrets({"word": word}), len(body) * 3 // 4
    with closing(socket.create_connection(("127.0.0.1", fleet.port), PATIENCE)) as connection:
        connection.sendall(head.encode() + body[:most])
        for _look in range(5):
            places = [*files_since([fleet.data, *PLACES], began), *open_files(fleet.data)]
            assert not secret.in_files(places)
        connection.sendall(body[most:])
        assert connection.recv(10) == b"HTTP/1.1 3", "the question was not taken"
    assert not secret.in_files([fleet.log, *files_since([fleet.data, *PLACES], began)])


def test_what_is_killed_comes_back_and_nobody_else_notices(fleet: Fleet, nginx: Nginx) -> None:
    web = {pid for pid in fleet.pids("web") if parent_of(pid) != fleet.process_id}
    for pid in (min(web), min(fleet.pids("sockets"))):
        os.kill(pid, signal.SIGKILL)
    assert browser(nginx).get("/nordhafen/").status == 200
    staff = browser(nginx)
    sign_in(staff)
    with closing(FleetSocket(nginx.port, "/ws/queue/", staff)) as listening:
        assert listening.status == 101
    end = time.monotonic() + PATIENCE
    while len(fleet.pids("web")) != EACH + 1 or len(fleet.pids("sockets")) != EACH:
        assert time.monotonic() < end, "what was killed was not started again"
        time.sleep(0.1)


def parent_of(pid: int) -> int:
    (parent,) = re.findall(r"PPid:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(parent)


def test_an_end_tells_the_sockets_to_come_back_and_its_log_has_no_address(
    fleet: Fleet, nginx: Nginx
) -> None:
    staff = browser(nginx)
    sign_in(staff)
    with closing(FleetSocket(nginx.port, "/ws/queue/", staff)) as listening:
        assert listening.status == 101
        assert fleet.process is not None
        fleet.process.terminate()
        kind, data = listening.get()
        assert kind == CLOSE
        assert int.from_bytes(data[:2], "big") == Close.AWAY
        listening.put(data[:2], kind=CLOSE)
    assert fleet.process.wait(PATIENCE) == 0
    said = [json.loads(line) for line in fleet.log.read_text().splitlines() if line.startswith("{")]
    assert all({"at", "level", "logger", "message"} <= line.keys() for line in said)
    assert "/nordhafen/" not in fleet.log.read_text()
