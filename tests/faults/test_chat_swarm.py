"""Everything is killed under many chats: what was acknowledged is in the thread, once and in order.

The clients are programs of their own (tests/servers/chatting.py); servers, PostgreSQL and Redis are real.
"""

import asyncio
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import pytest

from tests.servers.chatting import End, Seen, until, view
from tests.servers.folders import new_folder
from tests.servers.parts import Parts, running_parts
from tests.servers.postgresql import SETTINGS

PATIENCE = 240.0  # seconds until everything that was said must be acknowledged and seen
WITHIN, WITHOUT_REDIS = 5.0, 20.0  # seconds (source: issue "Live chat", must show)
MOST_CONNECTIONS = int(next(s for s in SETTINGS if "max_connections" in s).split("=")[1])


@dataclass(frozen=True, slots=True)
class Form:
    """How large a run is. Times in seconds."""

    chats: int
    calm: float  # between two faults
    redis_away: float
    postgresql_away: float
    stall: float
    each: float  # between two messages of one end
    rounds: int
    is_strict: bool  # on a quick machine: the figures of the issue are asserted


SHORT = Form(
    chats=8,
    calm=1.0,
    redis_away=2.0,
    postgresql_away=1.0,
    stall=2.0,
    each=2.0,
    rounds=1,
    is_strict=False,
)
LONG = Form(
    chats=200,
    calm=15.0,
    redis_away=25.0,
    postgresql_away=5.0,
    stall=60.0,
    each=10.0,
    rounds=2,
    is_strict=True,
)


@pytest.fixture
def fleet(on_postgresql: bool) -> Iterator[Parts]:
    """Servers of its own: nobody else should meet their ends."""
    if not on_postgresql:
        pytest.skip("runs on PostgreSQL only")
    with running_parts(new_folder()) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Lag:
    """How late a message came into a view, in seconds; without: without Redis; after: which fault."""

    seconds: float
    without: bool
    after: str


@dataclass
class Swarm:
    """All ends of all chats, and what is done to them."""

    fleet: Parts
    form: Form
    ends: list[End]
    faults: Counter[str] = field(default_factory=Counter)
    shaken: list[tuple[float, float, str]] = field(default_factory=list)  # from, until, what
    most_connections: int = 0

    async def talk(self, end: End) -> None:
        """Say one thing after another until cancelled."""
        number = 0
        while True:
            # Who gets no answer does not go on typing for ever.
            if len(end.waiting) < 8:
                number += 1
                end.say(f"{'Frage' if end.side == 'client' else 'Antwort'} Nummer {number}.")
            wait = random.uniform(0.5, 1.5) * self.form.each
            await asyncio.sleep(wait)

    async def count_connections(self) -> None:
        """Look how many connections the database has, until cancelled."""
        while True:
            now = await asyncio.to_thread(self.fleet.connections)
            self.most_connections = max(self.most_connections, now or 0)
            await asyncio.sleep(0.5)

    async def torment(self) -> None:
        """Do everything bad, one after the other."""
        faults = (
            self.kill_daphne,
            self.cut_frames,
            self.kill_redis,
            self.stall,
            self.kill_postgresql,
            self.all_come_back,
        )
        for _round in range(self.form.rounds):
            for fault in faults:
                await asyncio.sleep(self.form.calm)
                began = time.monotonic()
                await fault()
                self.faults[fault.__name__] += 1
                self.shaken.append((began, time.monotonic(), fault.__name__))
        await asyncio.sleep(self.form.calm)

    async def kill_daphne(self) -> None:
        """Kill one of the two; it is started again as a supervisor would."""
        victim = random.choice(self.fleet.daphnes)
        await asyncio.to_thread(victim.kill)
        victim.start()
        await asyncio.to_thread(victim.wait)

    async def cut_frames(self) -> None:
        """Cut a third of all connections in the middle of a frame."""
        for end in random.sample(self.ends, len(self.ends) // 3):
            end.cut()

    async def kill_redis(self) -> None:
        """Kill Redis, and start it again, empty."""
        await asyncio.to_thread(self.fleet.kill_redis)
        await asyncio.sleep(self.form.redis_away)
        await asyncio.to_thread(self.fleet.start_redis)

    async def kill_postgresql(self) -> None:
        """Kill every process of PostgreSQL, and start it again."""
        await asyncio.to_thread(self.fleet.kill_postgresql)
        await asyncio.sleep(self.form.postgresql_away)
        await asyncio.to_thread(self.fleet.start_postgresql)

    async def stall(self) -> None:
        """Let some readers read nothing for a while."""
        until = time.monotonic() + self.form.stall
        for end in random.sample(self.ends, len(self.ends) // 6):
            end.stalled_until = until
        await asyncio.sleep(self.form.stall)

    async def all_come_back(self) -> None:
        """Cut everybody at once; each comes back as soon as the protocol says."""
        for end in self.ends:
            end.cut(in_frame=False)

    async def settled(self) -> None:
        """Wait until everything that was said is acknowledged and in both views."""
        await until(lambda: not any(end.waiting for end in self.ends), seconds=PATIENCE)
        for one, other in self.pairs():
            newest = max(seq for seq, _at in (one.acknowledged | other.acknowledged).values())
            await until(partial(_have, one, other, newest), seconds=PATIENCE)

    def pairs(self) -> list[tuple[End, End]]:
        """Return both ends of each chat."""
        return list(zip(self.ends[::2], self.ends[1::2], strict=True))

    def lags(self) -> list[Lag]:
        """Return how late each acknowledged message came into each view.

        Counted from when the view was connected and there was a database, if that was later.
        """
        found = []
        away = [span for span in self.shaken if span[2] == "kill_redis"]
        back = [ended for _began, ended, what in self.shaken if what == "kill_postgresql"]
        for ends in self.pairs():
            acknowledged = ends[0].acknowledged | ends[1].acknowledged
            for end in ends:
                for seen in end.seen:
                    _seq, at = acknowledged.get(seen.id, (0, seen.at))
                    there = [ended for ended in back if at <= ended <= seen.at]
                    since = max(at, end.there_at(seen.at), *there)
                    # Hints are lost until every process has found Redis again.
                    without = any(a - 1 <= at <= b + 5 for a, b, _what in away)
                    late = max(0.0, seen.at - since)
                    found.append(Lag(late, without, self.shaken_last(at)))
        return found

    def shaken_last(self, at: float) -> str:
        """Say what was done last before a moment, and how long before, in steps of five seconds."""
        before = [(began, ended, what) for began, ended, what in self.shaken if began <= at]
        if not before:
            return "before everything"
        _began, ended, what = max(before)
        if at <= ended:
            return f"during {what}"
        return f"{(at - ended) // 5 * 5:.0f} s after {what}"


def _have(one: End, other: End, newest: int) -> bool:
    return min(one.after, other.after) >= newest


async def run(fleet: Parts, form: Form) -> Swarm:
    """Let everybody talk while everything is killed, then wait until it is quiet."""
    rooms = await asyncio.to_thread(fleet.chats, form.chats)
    ports = [daphne.port for daphne in fleet.daphnes]
    swarm = Swarm(
        fleet, form, [End(room, side, ports) for room in rooms for side in ("client", "team")]
    )
    living = [asyncio.create_task(end.live()) for end in swarm.ends]
    counting = asyncio.create_task(swarm.count_connections())
    try:
        await until(lambda: all(end.connected for end in swarm.ends), seconds=PATIENCE)
        talking = [asyncio.create_task(swarm.talk(end)) for end in swarm.ends]
        await swarm.torment()
        for task in talking:
            task.cancel()
        await swarm.settled()
    finally:
        for task in [*living, counting]:
            task.cancel()
        await asyncio.gather(*living, counting, return_exceptions=True)
    return swarm


def check_view(seen: Sequence[Seen], ends: Sequence[End], who: str) -> None:
    """Assert that a view has everything that was acknowledged, once, in order, word for word."""
    assert all(a.seq < b.seq for a, b in pairwise(seen)), f"{who}: out of order"
    by_id = {entry.id: entry for entry in seen}
    assert len(by_id) == len(seen), f"{who}: something came twice"
    for end in ends:
        for token, (seq, _at) in end.acknowledged.items():
            assert token in by_id, f"{who}: entry {seq} was acknowledged and is missing"
            assert (by_id[token].seq, by_id[token].text) == (seq, end.texts[token])
        mine = [token for token in end.texts if token in by_id]
        assert len(mine) == len(end.acknowledged), f"{who}: something is there that nobody knows"


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(SHORT, id="short"),
        pytest.param(LONG, id="long", marks=pytest.mark.long),
    ],
)
def test_every_acknowledged_word_is_there_once_and_in_order(
    fleet: Parts, form: Form, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [daphne.memory() for daphne in fleet.daphnes]
    swarm = asyncio.run(run(fleet, form))
    after = [daphne.memory() for daphne in fleet.daphnes]
    lags = swarm.lags()
    with capsys.disabled():
        print(ledger(swarm, before, after, lags))

    assert [mistake for end in swarm.ends for mistake in end.mistakes] == []
    for end in swarm.ends:
        assert end.acknowledged.keys() == end.texts.keys(), "something was never acknowledged"
    for one, other in swarm.pairs():
        check_view(one.seen, (one, other), "the client, who was there")
        check_view(other.seen, (one, other), "the counsellor, who was there")
    asyncio.run(look_again(swarm))
    assert swarm.most_connections < MOST_CONNECTIONS
    if form.is_strict:
        assert max(lag.seconds for lag in lags if not lag.without) <= WITHIN
        assert max(lag.seconds for lag in lags if lag.without) <= WITHOUT_REDIS
        assert max(after) < 2 * max(before) + 100_000


async def look_again(swarm: Swarm) -> None:
    """Assert that who comes anew, on another server, sees the same."""
    limit = asyncio.Semaphore(20)

    async def look(ends: tuple[End, End], side: str, port: int) -> None:
        async with limit:
            upto = max(end.after for end in ends)
            seen = await view(ends[0].room, side, port, upto=upto)
            check_view(seen, ends, f"the {side}, who comes anew")
            gaps = [b.seq - a.seq for a, b in pairwise(seen) if b.seq != a.seq + 1]
            assert not gaps, "numbers have no gaps"

    ports = [daphne.port for daphne in swarm.fleet.daphnes]
    await asyncio.gather(
        *(
            look(ends, side, ports[number])
            for ends in swarm.pairs()
            for number, side in enumerate(("client", "team"))
        )
    )


def ledger(swarm: Swarm, before: Sequence[int], after: Sequence[int], lags: Sequence[Lag]) -> str:
    """Return what happened, in figures."""
    said = sum(len(end.texts) for end in swarm.ends)
    closes = Counter(code for end in swarm.ends for code in end.closes)
    with_redis = [lag.seconds for lag in lags if not lag.without]
    without = [lag.seconds for lag in lags if lag.without]
    late: dict[str, list[float]] = defaultdict(list)
    for lag in lags:
        if not lag.without and lag.seconds > WITHIN:
            late[lag.after].append(lag.seconds)
    return (
        f"\n  {swarm.form.chats} chats, {len(swarm.ends)} ends; faults: {dict(swarm.faults)}"
        f"\n  said {said}, sent {sum(end.sent for end in swarm.ends)} times, acknowledged"
        f" {sum(len(end.acknowledged) for end in swarm.ends)};"
        f" connected {sum(end.connected for end in swarm.ends)} times; closes: {dict(closes)}"
        f"\n  behind an acknowledgement: {spread(with_redis)}; without Redis: {spread(without)}"
        f"\n  later than {WITHIN:.0f} s with Redis: "
        f"{'; '.join(f'{what}: {spread(some)}' for what, some in late.items()) or 'none'}"
        f"\n  database connections at most {swarm.most_connections} of {MOST_CONNECTIONS};"
        f" memory of the servers {[kb // 1024 for kb in before]} MB before,"
        f" {[kb // 1024 for kb in after]} MB after"
    )


def spread(found: Sequence[float]) -> str:
    """Return the middle and the latest of some delays."""
    if not found:
        return "none"
    return f"median {statistics.median(found):.2f} s, latest {max(found):.2f} s ({len(found)})"
