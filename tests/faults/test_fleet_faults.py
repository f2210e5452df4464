"""Whatever a fleet stands on goes, in turn, while people work: nothing acknowledged is lost or doubled.

One fleet behind nginx, one load, all faults one after the other. After
each fault everybody must be able to work again without anybody's hands.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from uuid import UUID

import psycopg
import pytest

from tests.faults.mixed_work import Work
from tests.faults.test_restored import Key
from tests.servers.clock import NoCompiler, WrongClock
from tests.servers.fleet import Fleet, fleet_on
from tests.servers.folders import new_folder
from tests.servers.ground import Ground, demo_on
from tests.servers.lotse import Lotse
from tests.servers.post_office import PostOffice, open_post_office
from tests.servers.postgresql import DURABLE, PostgreSQL, create_database
from tests.servers.proxy import Marked, Nginx
from tests.servers.redis import Redis

SWEEP = """
from counselling import tasks
tasks.sweep_overdue.call_local()
tasks.sweep_alarms.call_local()
"""
# What a killed worker had claimed is free again after minutes.
SEND_LATER = """
from datetime import timedelta
from django.utils import timezone
from outbox.models import Channel
from outbox.operations import sending
sending.sweep(channel=Channel.MAIL, now=lambda: timezone.now() + timedelta(minutes=5))
"""
# That a human looks is promised in minutes, which a slow machine may miss; every answer in an hour at least.
BREACHES = """
SELECT id FROM counselling_breach WHERE "case" <> ALL(%s) AND kind <> 'ack'
"""
LADDERS = """
SELECT e.id FROM counselling_escalation e
LEFT JOIN counselling_escalationstep s ON s.escalation_id = e.id
GROUP BY e.id, e.taken HAVING e.taken <> count(s.id) OR e.taken <> coalesce(max(s.number), 0)
"""


@dataclass(frozen=True, slots=True)
class Form:
    """How long each fault lasts, in seconds, and how often all of them come.

    everything: also what takes minutes, a restored backup and a clock that is set.
    """

    away: float
    locked: float
    frozen: float
    clock: float
    rounds: int
    parents: int
    counsellors: int
    everything: bool = True


WHOLE = Form(away=1.0, locked=4.0, frozen=4.0, clock=0.0, rounds=1, parents=2, counsellors=1)
SHORT = replace(WHOLE, everything=False)
LONG = Form(away=30.0, locked=30.0, frozen=30.0, clock=65.0, rounds=2, parents=4, counsellors=2)


@dataclass
class House:
    """The fleet, what it stands on, and who works with it."""

    fleet: Fleet
    ground: Ground
    clock: WrongClock | None
    office: PostOffice
    work: Work
    form: Form

    def run(self, fault: Callable[[], None]) -> str:
        """Let a fault happen, wait until everybody works again, and say what it cost."""
        before = Counter(self.work.ledger.errors)
        began = time.monotonic()
        fault()
        lasted = time.monotonic() - began
        again = self.work.everybody_works()
        seen = self.work.ledger.errors - before
        said = ", ".join(f"{count} × {what}" for what, count in sorted(seen.items())) or "nothing"
        return (
            f"{fault.__name__.replace('_', ' '):22} {lasted:5.1f} s, people saw: {said}; "
            f"everybody had begun and ended something {again:.1f} s after it"
        )

    # --- Faults ---------------------------------------------------------------------------------
    def web_killed(self) -> None:
        """Kill one process of the pages, then the one that looks after them."""
        web = sorted(self.fleet.pids("web"))
        for pid in (web[-1], web[0]):
            os.kill(pid, signal.SIGKILL)
            time.sleep(self.form.away)

    def worker_killed(self) -> None:
        """Kill both workers."""
        for pid in self.fleet.pids("worker"):
            os.kill(pid, signal.SIGKILL)

    def redis_killed(self) -> None:
        """Kill Redis, and start it again, empty."""
        self.ground.kill_redis()
        time.sleep(self.form.away)
        self.ground.start_redis()

    def postgresql_killed(self) -> None:
        """Kill every process of PostgreSQL, and start it again."""
        self.ground.kill_postgresql()
        time.sleep(self.form.away)
        self.ground.start_postgresql()

    def database_locked(self) -> None:
        """Hold a lock that everybody needs."""
        with psycopg.connect(self.ground.postgresql.url("lotse")) as connection:
            connection.execute("LOCK TABLE counselling_case IN ACCESS EXCLUSIVE MODE")
            time.sleep(self.form.locked)

    def database_frozen(self) -> None:
        """Let PostgreSQL stand still."""
        with self.ground.frozen():
            time.sleep(self.form.frozen)

    def replaced_by_a_backup(self) -> None:
        """Lose PostgreSQL for good; a restored backup comes to its address while the servers run.

        Nobody writes between backup and loss here: what is written then is lost, as documented.
        """
        self.work.pause()
        key = Key.make(self.fleet.data / f"key-{time.monotonic_ns()}")
        backups = str(self.fleet.data / "backups")
        made = self.fleet.manage("backup", "--to", backups, "--recipient", key.public)
        self.ground.kill_postgresql()
        self.work.go_on()
        fresh = self.ground.new_postgresql()
        url = create_database(fresh.url("postgres"), "lotse")
        listed = self.fleet.data / "deletions.jsonl"
        listed.touch()
        arguments = ("--identity", str(key.file), "--list", str(listed))
        elsewhere = Lotse(self.fleet.data, {**self.fleet.environment, "LOTSE_DATABASE_URL": url})
        elsewhere.manage("restore", made.splitlines()[-1], *arguments)
        self.ground.move_in(fresh)

    def clock_set(self) -> None:
        """Set the servers' clock two hours ahead, then two hours back, then right."""
        assert self.clock is not None
        self.work.codes_fit.clear()
        for hours in (2, -2, 0):
            self.clock.set(hours * 3600)
            self.work.parents_work()
            self.fleet.manage("shell", "-v", "0", "-c", SWEEP)
            time.sleep(self.form.clock)
        self.work.codes_fit.set()


@pytest.fixture
def house(on_postgresql: bool, request: pytest.FixtureRequest) -> Iterator[House]:
    """A fleet of its own on servers of its own."""
    if not on_postgresql:
        pytest.skip("a fleet runs on PostgreSQL only")
    form: Form = request.param
    folder = new_folder()
    data = folder / "data"
    with ExitStack() as stack:
        clock = None
        if form.everything:
            with suppress(NoCompiler):
                clock = WrongClock.make(folder)
        postgresql = PostgreSQL.start(folder, settings=DURABLE)
        ground = Ground(folder, postgresql, Redis.start(folder))
        stack.callback(ground.stop)
        url = demo_on(postgresql, data)
        office = stack.enter_context(open_post_office())
        more = {
            "LOTSE_EMAIL_HOST": "127.0.0.1",
            "LOTSE_EMAIL_PORT": str(office.port),
            "LOTSE_EMAIL_TLS": "0",
            **(clock.variables if clock else {}),
        }
        at = {"database_url": url, "redis_url": ground.redis.url()}
        fleet = stack.enter_context(fleet_on(data, **at, sockets=1, more=more))
        nginx = Nginx.start(folder / "nginx", fleet)
        stack.callback(nginx.stop)

        def browser() -> Marked:
            return Marked(nginx.port, address="127.0.0.1", headers={"User-Agent": "Probe"})

        work = Work(browser, parents=form.parents, counsellors=form.counsellors)
        work.everybody_works()
        stack.callback(work.dismiss)
        yield House(fleet, ground, clock, office, work, form)


@pytest.mark.parametrize(
    "house",
    [
        pytest.param(SHORT, id="short"),
        pytest.param(WHOLE, id="whole", marks=pytest.mark.long),
        pytest.param(LONG, id="long", marks=pytest.mark.long),
    ],
    indirect=True,
)
def test_nothing_acknowledged_is_lost_whatever_goes(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="", flush=True)

    faults = [
        house.web_killed,
        house.worker_killed,
        house.redis_killed,
        house.postgresql_killed,
        house.database_locked,
        house.database_frozen,
    ]
    if house.form.everything:
        faults.append(house.replaced_by_a_backup)
        if house.clock:
            faults.append(house.clock_set)
        else:
            say("clock set: left out, there is no C compiler")
    for _round in range(house.form.rounds):
        known = cases(house)
        for fault in faults:
            say(house.run(fault))
    ledger = house.work.stop()
    found = house.work.found()
    house.fleet.manage("shell", "-v", "0", "-c", SEND_LATER)
    letters = Counter(letter["Message-ID"] for letter in house.office.letters)
    wrong = false_alarms(house, known)
    say(
        f"acknowledged: {ledger.words}; found "
        f"{dict(found)}; mails: {len(letters)}, again under the same name: {sum(letters.values()) - len(letters)}; "
        f"false breaches and half steps: {len(wrong)}"
    )
    assert found.keys() == {"once"}
    assert not ledger.unclear
    assert not wrong
    assert letters, "nobody was alarmed"
    # In flight at a kill of two workers and of PostgreSQL, and what left after the backup was made.
    in_flight = 4 * house.form.rounds
    assert sum(letters.values()) - len(letters) <= in_flight
    log = house.fleet.log.read_text()
    assert "Zeichen " not in log
    assert "Niemand" not in log


def cases(house: House) -> list[UUID]:
    """Return the cases that there are."""
    with psycopg.connect(house.ground.postgresql.url("lotse")) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM counselling_case").fetchall()]


def false_alarms(house: House, known: list[UUID]) -> list[tuple[object, ...]]:
    """Return breaches of questions that nobody can have missed yet, and ladders with a step too few or many.

    known: cases that may be older than the shortest promise of an answer.
    """
    with psycopg.connect(house.ground.postgresql.url("lotse")) as connection:
        breaches = connection.execute(BREACHES, [known]).fetchall()
        return breaches + connection.execute(LADDERS).fetchall()
