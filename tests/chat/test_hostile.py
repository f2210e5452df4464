"""Sockets that mean harm, at a real server: each gets its documented answer, and all others go on talking."""

import asyncio
import itertools
import json
import os
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from chat.protocol import Close
from tests.conftest import LONG
from tests.servers.chats import Room, make
from tests.servers.chatting import End, until
from tests.servers.lotse import Lotse, running_lotse
from tests.servers.websocket import BINARY, DROPPED, Closed, Refused, WebSocket, frame, handshake
from vault.sessions import row_id

CALM = 20.0 if LONG else 5.0  # seconds of talk before the attack, and under it
ATTACKERS = 6
PAUSE = 0.2  # seconds between two attacks of one attacker
PATIENCE = 120.0
MOST_MORE = 1.5  # others' p95 under attack, as a multiple of theirs before it
REVOKED_WITHIN = 2.0  # seconds


@dataclass
class Place:
    """A server, and the chats in it."""

    lotse: Lotse
    rooms: list[Room]


@pytest.fixture(scope="module")
def place(on_postgresql: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server of its own: who else is on it would be measured too."""
    data = tmp_path_factory.mktemp("hostile") / "lotse"
    url = ""
    if on_postgresql:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        url = f"{os.environ['LOTSE_DATABASE_URL'].rsplit('/', 1)[0]}/lotse_hostile_{worker}"
    with running_lotse(data, database_url=url) as lotse:
        yield Place(lotse, make(6, lotse.environment))


async def opened(
    place: Place, cookie: str = "", *, path: str = "/ws/chat/", origin: str | None = ""
) -> WebSocket:
    return await WebSocket.open(
        place.lotse.port, path, cookie=cookie and f"lotse={cookie}", origin=origin
    )


async def end_of(socket: WebSocket) -> int:
    """Return how the server closes a socket."""
    async with asyncio.timeout(PATIENCE):
        try:
            while True:
                await socket.get()
        except Closed as closed:
            return closed.code


# --- What attackers do; each returns how it ended ------------------------------------------------------
async def _sends(place: Place, *frames: bytes) -> int:
    socket = await opened(place)
    for one in frames:
        socket.put_raw(one)
    return await end_of(socket)


async def oversize(place: Place) -> int:
    return await _sends(place, frame(b"x" * 40_000))


async def huge(place: Place) -> int:
    return await _sends(place, frame(b"x" * 70_000))


async def in_pieces_without_end(place: Place) -> int:
    pieces = [frame(b"y" * 1000, kind=0, is_final=False) for _piece in range(80)]
    return await _sends(place, frame(b"x", is_final=False), *pieces)


async def unmasked(place: Place) -> int:
    return await _sends(place, frame(b'{"type":"ping"}', is_masked=False))


async def no_utf8(place: Place) -> int:
    return await _sends(place, frame(b"\xff\xfe"))


async def deep(place: Place) -> int:
    return await _sends(place, frame(b"[" * 30_000))


async def unknown(place: Place) -> int:
    return await _sends(place, frame(b'{"type":"drop"}'))


async def binary(place: Place) -> int:
    return await _sends(place, frame(b"\x00", kind=BINARY))


async def flood(place: Place) -> int:
    socket = await opened(place, place.rooms[-1].client)
    socket.put(json.dumps({"type": "hello", "v": 1}))
    ping = frame(b'{"type":"ping"}')
    socket.put_raw(ping * 1000)
    return await end_of(socket)


async def foreign_origin(place: Place) -> int:
    try:
        await opened(place, origin="https://evil.example")
    except Refused as refused:
        return refused.status
    return 0


async def foreign_session(place: Place) -> int:
    """Come with a client's cookie to a member's socket."""
    room = place.rooms[-1]
    socket = await opened(place, room.client, path=f"/ws/chats/{room.case}/")
    socket.put(json.dumps({"type": "hello", "v": 1}))
    return await end_of(socket)


async def no_session(place: Place) -> int:
    socket = await opened(place, "there-is-no-such-session")
    socket.put(json.dumps({"type": "hello", "v": 1}))
    return await end_of(socket)


async def cut(place: Place) -> int:
    (await opened(place)).cut_in_frame()
    return 0


ATTACKS: dict[Callable[[Place], Awaitable[int]], int] = {
    oversize: Close.TOO_LARGE,
    huge: DROPPED,
    in_pieces_without_end: DROPPED,
    unmasked: DROPPED,
    no_utf8: DROPPED,
    deep: Close.MALFORMED,
    unknown: Close.MALFORMED,
    binary: Close.MALFORMED,
    flood: Close.FLOOD,
    foreign_origin: 403,
    foreign_session: Close.SIGNED_OUT,
    no_session: Close.SIGNED_OUT,
    cut: 0,
}


@dataclass
class Talk:
    """Rooms in which two talk, and how long each word took to the other."""

    ends: list[End]
    said_at: dict[str, float] = field(default_factory=dict)

    async def go_on(self, seconds: float) -> list[float]:
        """Say something in each room every second; return how long each took, in seconds."""
        begun = {token for end in self.ends for token in end.texts}
        stop = time.monotonic() + seconds
        for number in itertools.count():
            if time.monotonic() >= stop:
                break
            for end in self.ends[number % 2 :: 2]:
                end.say(f"Wort Nummer {number}.")
                self.said_at[list(end.texts)[-1]] = time.monotonic()
                await asyncio.sleep(1.2 / len(self.ends))
        await until(lambda: not any(end.waiting for end in self.ends), seconds=PATIENCE)
        await until(lambda: not self._missing(), seconds=PATIENCE)
        return [
            seen.at - self.said_at[seen.id]
            for end in self.ends
            for seen in end.seen
            if seen.id in self.said_at and seen.id not in end.texts and seen.id not in begun
        ]

    def _missing(self) -> bool:
        pairs = zip(self.ends[::2], self.ends[1::2], strict=True)
        return any(
            not one.texts.keys() | other.texts.keys() <= {seen.id for seen in end.seen}
            for one, other in pairs
            for end in (one, other)
        )


async def test_whoever_means_harm_gets_their_answer_and_everybody_else_goes_on(
    place: Place, figures: list[str]
) -> None:
    ends = [
        End(room, side, [place.lotse.port])
        for room in place.rooms[:-1]
        for side in ("client", "team")
    ]
    living = [asyncio.create_task(end.live()) for end in ends]
    slow: list[WebSocket] = []
    answers: dict[str, Counter[int]] = {attack.__name__: Counter() for attack in ATTACKS}

    async def attack_for_ever(first: int) -> None:
        for attack in itertools.islice(itertools.cycle(ATTACKS), first, None):
            # A handshake that a busy server drops is no answer to the attack.
            with suppress(OSError):
                answers[attack.__name__][await attack(place)] += 1
            await asyncio.sleep(PAUSE)

    try:
        await until(lambda: all(end.connected for end in ends), seconds=PATIENCE)
        talk = Talk(ends)
        await talk.go_on(2.0)  # what is loaded with the first words
        before = await talk.go_on(CALM)
        # Handshakes and frames that never end stay open all the time.
        slow += [await begun_handshake(place) for _number in range(20)]
        slow += [await begun_frame(place) for _number in range(20)]
        attacking = [
            asyncio.create_task(attack_for_ever(number * 2)) for number in range(ATTACKERS)
        ]
        under = await talk.go_on(CALM)
        # Until each attack was answered, on a slow machine too.
        await until(lambda: all(answers.values()), seconds=PATIENCE)
        for task in attacking:
            task.cancel()
        await asyncio.gather(*attacking, return_exceptions=True)
    finally:
        for task in living:
            task.cancel()
        for socket in slow:
            socket.drop()
        await asyncio.gather(*living, return_exceptions=True)
    assert all(not task.exception() for task in attacking if not task.cancelled())
    expected = {attack.__name__: {int(code)} for attack, code in ATTACKS.items()}
    assert {name: set(codes) for name, codes in answers.items()} == expected
    assert not any(end.mistakes for end in ends)
    assert not any(end.closes for end in ends), "nobody else lost their connection"
    was, became = (statistics.quantiles(found, n=20)[-1] for found in (before, under))
    figures.append(
        f"hostile sockets: {sum(sum(codes.values()) for codes in answers.values())} attacks; p95 of"
        f" others {was * 1000:.0f} ms before, {became * 1000:.0f} ms under them"
        f" (ratio {became / was:.2f}, aim {MOST_MORE}; {len(before)} and {len(under)} words)"
    )
    if LONG:
        assert became <= was * MOST_MORE


async def begun_handshake(place: Place) -> WebSocket:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.lotse.port)
    writer.write(handshake(place.lotse.port, "/ws/chat/")[:60])
    return WebSocket(reader, writer)


async def begun_frame(place: Place) -> WebSocket:
    socket = await opened(place)
    socket.put_raw(frame(b'{"type":"hello","v":1}')[:9])
    return socket


async def test_a_frame_that_never_ends_is_no_hello(place: Place) -> None:
    assert await end_of(await begun_frame(place)) == Close.NO_HELLO


@pytest.mark.long
async def test_a_handshake_that_never_ends_is_dropped(place: Place, figures: list[str]) -> None:
    began = time.monotonic()
    assert await end_of(await begun_handshake(place)) == DROPPED
    figures.append(f"a handshake that never ends: dropped after {time.monotonic() - began:.0f} s")


@pytest.mark.parametrize("side", ["client", "team"])
async def test_whose_session_ends_in_mid_chat_is_out(
    place: Place, side: str, on_postgresql: bool, figures: list[str], tmp_path: Path
) -> None:
    if not on_postgresql:
        pytest.skip("runs on PostgreSQL only")
    room = place.rooms[-1]
    end = End(room, side, [place.lotse.port])
    living = asyncio.create_task(end.live())
    await until(lambda: bool(end.seen), seconds=PATIENCE)
    cookie = room.client if side == "client" else room.team
    url = place.lotse.environment["LOTSE_DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        # As when the session's time is over: no page says so, and no hint.
        past = "UPDATE django_session SET expire_date = now() - interval '1 second'"
        connection.execute(f"{past} WHERE session_key = %s", [row_id(cookie)])
        ended = time.monotonic()
        await until(lambda: bool(end.closes), seconds=PATIENCE)
        took = time.monotonic() - ended
        future = "UPDATE django_session SET expire_date = now() + interval '1 hour'"
        connection.execute(f"{future} WHERE session_key = %s", [row_id(cookie)])
    living.cancel()
    assert end.closes[0] == Close.SIGNED_OUT
    figures.append(f"a session that ended in mid-chat ({side}): closed after {took:.1f} s")
    if LONG:
        assert took <= REVOKED_WITHIN


async def test_who_is_closed_while_something_is_said_to_them_is_told_of_as_gone(
    place: Place,
) -> None:
    """What comes after the close went to a socket that takes nothing: its end was then never told."""
    room = place.rooms[-1]
    katrin = await hello(place, room.team, f"/ws/chats/{room.case}/")
    mother = await hello(place, room.client, "/ws/chat/")
    await presence_of(katrin, there=True)
    mother.put("{")  # it is closed, and does not answer that
    again = await hello(place, room.team, f"/ws/chats/{room.case}/")  # all there are asked who is
    await presence_of(katrin, there=False)
    for one in (katrin, mother, again):
        one.drop()


async def hello(place: Place, cookie: str, path: str) -> WebSocket:
    one = await opened(place, cookie, path=path)
    one.put(json.dumps({"type": "hello", "v": 1}))
    while json.loads(await one.get())["type"] != "welcome":
        pass
    return one


async def presence_of(hearer: WebSocket, *, there: bool) -> None:
    """Wait until somebody hears that the client is there, or has gone."""
    wanted = {"type": "presence", "who": "client", "there": there}
    async with asyncio.timeout(60):
        while json.loads(await hearer.get()) != wanted:
            pass
