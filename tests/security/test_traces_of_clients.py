"""Who came is written down nowhere: neither the address nor what a browser says of itself."""

import os
import secrets as random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis
from django.test import RequestFactory
from pytest_django import Settings

from accounts import throttle
from tests.conftest import SESSION
from tests.security.conftest import FOR_REAL, PATIENCE
from tests.security.test_canary import PLACES, dump_of, rename
from tests.security.traces import Secrets, everything_in, files_since, open_files, overheard
from tests.servers.lotse import Lotse, running_lotse
from tests.servers.plain_http import PlainParent, code_on
from tests.servers.postgresql import create_database
from tests.servers.proxy import Marked, Nginx

on_real_servers = pytest.mark.browser  # in the pytest that has the servers


def marks() -> dict[str, str]:
    """Return an address, one that somebody only claims, and words of a browser, never used before."""

    def address(start: str) -> str:
        return f"{start}.{random.randbelow(150) + 100}.{random.randbelow(150) + 100}"

    return {
        "address": address("127.213"),
        "claimed address": address("198.18"),
        "browser": f"Merkmal/{random.token_hex(8)}",
        "language": f"x-{random.token_hex(8)}",
        "page before": f"https://{random.token_hex(8)}.example/",
        "query": f"gesucht{random.token_hex(8)}",
    }


def browser(port: int, mark: dict[str, str]) -> Marked:
    """Return a browser with these marks, which also claims to be somebody else."""
    return Marked(
        port,
        address=mark["address"],
        headers={
            "User-Agent": mark["browser"],
            "Sec-CH-UA": mark["browser"],
            "Accept-Language": mark["language"],
            "Referer": mark["page before"],
            "X-Forwarded-For": mark["claimed address"],
            "X-Real-IP": mark["claimed address"],
            "Forwarded": f"for={mark['claimed address']}",
        },
    )


def whole_visit(visitor: Marked, lotse: Lotse, mark: dict[str, str]) -> int:
    """Do everything that a parent can do, well and badly; return how many requests it took."""
    parent = PlainParent(visitor)
    done = [
        visitor.get(f"/?von={mark['query']}"),
        visitor.get(f"/nordhafen/?von={mark['query']}"),
        visitor.get(f"/nordhafen/gibt-es-nicht/?{mark['query']}"),
        visitor.get("/team/"),
        visitor.post("/nordhafen/frage/", {"text": "ohne Formular"}),
    ]
    assert [answer.status for answer in done] == [200, 200, 404, 200, 403]
    assert visitor.handshake(f"/ws/queue/?von={mark['query']}") == 101
    assert visitor.handshake(f"/ws/gibt-es-nicht/?von={mark['query']}") == 403
    form = parent.form()
    asked = parent.send(form, "Zu schnell.")
    assert "sehr schnell" in asked.text
    time.sleep(PATIENCE)
    rename(lotse, "counselling_message", "gone_for_a_test")
    try:
        assert parent.send(form, "Ins Leere.").status == 500
    finally:
        rename(lotse, "gone_for_a_test", "counselling_message")
    code = code_on(parent.send(form, "Er schläft nicht."))
    assert code, "the question did not arrive"
    thread = visitor.get("/nordhafen/gespraech/")
    fields = {**thread.hidden("/schreiben/"), "text": "Noch etwas."}
    assert "Noch etwas." in visitor.post("/nordhafen/gespraech/schreiben/", fields).text
    assert visitor.get("/nordhafen/gespraech/mitnehmen/").status == 200
    entry = visitor.get("/nordhafen/zurueck/").hidden("/zurueck/")
    time.sleep(PATIENCE)
    limits = [visitor.post("/nordhafen/zurueck/", {**entry, "code": code}) for _ in range(12)]
    assert limits[0].url.endswith("/gespraech/")
    assert limits[-1].status == 429, "no limit for codes without a proof"
    assert visitor.post("/nordhafen/frage/", {"text": "x" * 7_000_000}).status in {403, 413}
    return len(done) + len(limits) + 14


@contextmanager
def nginx_before(lotse: Lotse, name: str, *, careless: bool = False) -> Iterator[Nginx]:
    server = Nginx.start(SESSION.folder / name, lotse, careless=careless)
    try:
        yield server
    finally:
        server.stop()


def everything_kept(lotse: Lotse, nginx: Nginx) -> list[Path]:
    """Return every file of both servers, with or without a name."""
    return [lotse.log, *files_since([lotse.data, nginx.folder], 0), *open_files(lotse.data)]


@on_real_servers
def test_on_sqlite_behind_nginx(guarded_lotse: Lotse, figures: list[str]) -> None:
    began, mark = time.time() - 1, marks()
    with nginx_before(guarded_lotse, "nginx") as nginx:
        requests = whole_visit(browser(nginx.port, mark), guarded_lotse, mark)
        kept = everything_kept(guarded_lotse, nginx)
    database = guarded_lotse.data / "lotse.sqlite3"
    assert {database, database.with_name("lotse.sqlite3-wal"), guarded_lotse.log} <= set(kept)
    with closing(sqlite3.connect(database)) as file:
        dump = "\n".join(file.iterdump()).encode()
    secret = Secrets(mark)
    assert not secret.in_files(kept)
    assert not secret.within(dump)
    assert not secret.in_files(files_since(PLACES, began))
    figures.append(
        f"traces of clients: {len(mark)} marks of a browser in {requests} requests through nginx, "
        f"searched in {len(kept)} files, dump and temporary folders: none"
    )


@on_real_servers
def test_the_search_finds_an_address_behind_a_careless_proxy(guarded_lotse: Lotse) -> None:
    mark = marks()
    with nginx_before(guarded_lotse, "careless-nginx", careless=True) as nginx:
        browser(nginx.port, mark).get(f"/nordhafen/?von={mark['query']}")
        found = Secrets(mark).in_files(everything_kept(guarded_lotse, nginx))
    assert set().union(*found.values()) >= {"address", "browser", "query", "page before"}


@on_real_servers
def test_on_postgresql_and_redis_behind_nginx(on_postgresql: bool) -> None:
    if not on_postgresql:
        pytest.skip("runs on PostgreSQL only")
    url = create_database(os.environ["LOTSE_DATABASE_URL"], "lotse_guarded")
    keys = SESSION.start_redis("guarded-redis")
    mark = marks()
    with running_lotse(
        SESSION.folder / "guarded-fleet", database_url=url, redis_url=keys, **FOR_REAL
    ) as lotse:
        with nginx_before(lotse, "fleet-nginx") as nginx, overheard(keys) as heard:
            whole_visit(browser(nginx.port, mark), lotse, mark)
        secret = Secrets(mark)
        assert b"throttle" in b"\n".join(heard), "nothing was counted in Redis"
        assert not secret.within(b"\n".join(heard))
        assert not secret.within(everything_in(keys))
        assert not secret.within(dump_of(url))
        assert not secret.in_files(everything_kept(lotse, nginx))
        with redis.Redis.from_url(keys) as client:
            client.set("careless", mark["address"])
            assert secret.within(everything_in(keys)) == {"address"}


@pytest.mark.parametrize("behind", [True, False])
def test_a_forwarded_address_counts_only_behind_our_own_proxy(
    behind: bool, settings: Settings
) -> None:
    settings.BEHIND_PROXY = behind

    def seen(forwarded: str) -> str | None:
        request = RequestFactory().get(
            "/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="127.0.0.1"
        )
        return throttle.client_of(request)

    first, second = seen("203.0.113.5"), seen("203.0.113.6")
    assert (first != second) is behind
    assert (seen("198.51.100.1, 203.0.113.5") == first) is True, "a claimed address counted"


def test_scheme_and_host_of_a_stranger_are_not_believed(settings: Settings) -> None:
    request = RequestFactory().get(
        "/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    )
    assert not settings.BEHIND_PROXY
    assert not request.is_secure()
    assert request.get_host() == "testserver"
