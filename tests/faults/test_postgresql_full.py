"""PostgreSQL's disk is full, for tables first and then for its own log: nothing acknowledged is lost.

Without room for its log PostgreSQL ends, and does not start as long as there is none. Its service has to
try again (docs/operating.md); here a thread does what that would.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg
import pytest

from tests.faults.mixed_work import Work, unclear
from tests.servers.disk import NotPermitted, SmallDisk, small_disk
from tests.servers.folders import new_folder
from tests.servers.ground import Ground, demo_on
from tests.servers.lotse import Lotse, environment_of
from tests.servers.plain_http import PlainBrowser
from tests.servers.postgresql import DURABLE, PostgreSQL
from tests.servers.redis import Redis

PATIENCE = 120.0  # seconds until a full disk must be felt
FULL = 3.0  # seconds that it stays full after that
DISK = 400  # megabytes
# So that its log needs new room soon.
SMALL = (*DURABLE, "max_wal_size=48MB", "min_wal_size=32MB")


@dataclass
class House:
    """A server on a PostgreSQL whose disk is small, and a Redis that has another one."""

    lotse: Lotse
    ground: Ground
    disk: SmallDisk

    def browser(self) -> PlainBrowser:
        """Return the browser of somebody new."""
        return PlainBrowser(self.lotse.url)

    def use_up_log(self) -> bool:
        """Let PostgreSQL begin another file of its log; say whether it has ended over that."""
        try:
            with psycopg.connect(
                self.ground.postgresql.url("lotse"), autocommit=True, connect_timeout=5
            ) as connection:
                connection.execute("SELECT pg_logical_emit_message(false, 'probe', 'x')")
                connection.execute("SELECT pg_switch_wal()")
        except psycopg.Error:
            return not self.ground.postgresql_runs()
        return False


@pytest.fixture
def house(on_postgresql: bool) -> Iterator[House]:
    if not on_postgresql:
        pytest.skip("on SQLite: test_disk_full.py")
    folder = new_folder()
    data = folder / "data"
    with ExitStack() as stack:
        try:
            disk = stack.enter_context(small_disk(folder / "disk", megabytes=DISK))
        except NotPermitted as reason:
            pytest.skip(str(reason))
        ground = Ground(folder, PostgreSQL.start(disk.folder, settings=SMALL), Redis.start(folder))
        stack.callback(ground.stop)
        environment = environment_of(data, demo_on(ground.postgresql, data))
        lotse = Lotse(data, environment | {"LOTSE_REDIS_URL": ground.redis.url()})
        lotse.start()
        stack.callback(lotse.stop)
        yield House(lotse, ground, disk)


def test_on_a_full_disk_of_postgresql_a_page_says_so_and_it_goes_on(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    work = Work(house.browser)
    pages, again = [], []
    try:
        with house.ground.looked_after() as tried:
            work.everybody_works()
            for is_felt in (lambda: bool(work.ledger.errors["503"]), house.use_up_log):
                house.disk.fill_until(is_felt, patience=PATIENCE)
                house.disk.fill_for(FULL)
                pages.append(house.browser().get("/nordhafen/"))
                house.disk.make_room()
                again.append(work.everybody_works())
    finally:
        work.dismiss()
    ledger = work.stop()
    found = work.found()
    with capsys.disabled():
        print(
            f"\n  disk of PostgreSQL full: people saw {dict(ledger.errors)}; all worked again {again[0]:.1f} s "
            f"after there was room for tables, {again[1]:.1f} s after there was room for its log, "
            f"for which it was started {len(tried)} times; {ledger.words} acknowledged, found {dict(found)}"
        )
    assert all(page.status == 200 or not unclear(page) for page in pages)
    assert tried, "PostgreSQL has not ended"
    assert found.keys() == {"once"}
    assert not ledger.unclear
    assert "Zeichen " not in house.lotse.log.read_text(errors="replace")
