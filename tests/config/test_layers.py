"""Hints reach who listens, from threads and from other processes; who hears badly keeps nobody from it."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from threading import Thread
from typing import Any

import pytest

from config import layers
from config.layers import EmbeddedChannelLayer, FleetChannelLayer
from tests.servers.chatting import until
from tests.servers.folders import new_folder
from tests.servers.redis import Redis

Layer = EmbeddedChannelLayer | FleetChannelLayer


@pytest.fixture
def redis(on_postgresql: bool) -> Iterator[Redis]:
    if not on_postgresql:
        pytest.skip("the embedded default has no Redis")
    server = Redis.start(new_folder())
    yield server
    server.stop()


@pytest.fixture
async def embedded() -> EmbeddedChannelLayer:
    layer = EmbeddedChannelLayer(capacity=3)
    await layer.new_channel()  # sockets live in this loop
    return layer


@pytest.fixture
async def fleet(redis: Redis) -> AsyncIterator[FleetChannelLayer]:
    layer = FleetChannelLayer(hosts=[redis.url()], prefix="test")
    yield layer
    await layer.flush()


async def hears(layer: Layer, group: str) -> tuple[list[int], str]:
    """Listen to a group; return what will be heard, and the listener's name."""
    heard: list[int] = []
    return heard, await layer.listen(group, lambda message: heard.append(message["seq"]))


def hints(layer: Layer, *numbers: int) -> None:
    """Send hints from another thread, as a page does."""

    def send() -> None:
        for number in numbers:
            layer.hint("room", {"type": "changed", "seq": number})

    page = Thread(target=send)
    page.start()
    page.join()


async def test_every_hint_of_a_page_is_heard_once_and_in_order(
    embedded: EmbeddedChannelLayer,
) -> None:
    heard, name = await hears(embedded, "room")
    other, _name = await hears(embedded, "another room")
    hints(embedded, *range(50))
    await until(lambda: len(heard) == 50, seconds=5)
    hints(embedded, 50)
    await until(lambda: len(heard) == 51, seconds=5)
    assert heard == list(range(51))
    assert other == []
    await embedded.stop_listening("room", name)
    hints(embedded, 51)
    await embedded.group_send("room", {"type": "changed", "seq": 52})
    await asyncio.sleep(0.05)
    assert len(heard) == 51


async def test_who_hears_badly_keeps_nobody_from_hearing(embedded: EmbeddedChannelLayer) -> None:
    def badly(_message: dict[str, Any]) -> None:
        raise KeyError("a mistake")

    await embedded.listen("room", badly)
    heard, _name = await hears(embedded, "room")
    hints(embedded, 1, 2)
    await until(lambda: heard == [1, 2], seconds=5)


async def test_who_does_not_read_misses_hints_and_others_get_them(
    embedded: EmbeddedChannelLayer,
) -> None:
    idle, reading = await embedded.new_channel(), await embedded.new_channel()
    for channel in (idle, reading):
        await embedded.group_add("room", channel)
    for number in range(5):
        await embedded.group_send("room", {"type": "changed", "seq": number})
        assert (await embedded.receive(reading))["seq"] == number
    assert [(await embedded.receive(idle))["seq"] for _hint in range(3)] == [0, 1, 2]


async def test_each_member_of_a_group_gets_a_message_of_their_own(
    embedded: EmbeddedChannelLayer,
) -> None:
    channels = [await embedded.new_channel() for _member in range(2)]
    for channel in channels:
        await embedded.group_add("room", channel)
    await embedded.group_send("room", {"type": "changed", "seq": 1})
    first, second = [await embedded.receive(channel) for channel in channels]
    first["seq"] = 2
    assert second["seq"] == 1


async def test_who_listens_hears_what_another_process_says(
    fleet: FleetChannelLayer, redis: Redis
) -> None:
    elsewhere = FleetChannelLayer(hosts=[redis.url()], prefix="test")
    heard, name = await hears(fleet, "room")
    hints(elsewhere, 1)
    await until(lambda: heard == [1], seconds=10)
    await fleet.stop_listening("room", name)
    second, _name = await hears(fleet, "room")
    hints(elsewhere, 2)
    await until(lambda: second == [2], seconds=10)
    assert heard == [1]


async def test_many_hints_of_a_page_go_together_and_arrive_once_and_in_order(
    fleet: FleetChannelLayer, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    errands: list[int] = []
    publish = layers._publish

    async def noted(shard: Any, some: Sequence[tuple[str, bytes]]) -> None:
        errands.append(len(some))
        await publish(shard, some)

    monkeypatch.setattr(layers, "_publish", noted)
    elsewhere = FleetChannelLayer(hosts=[redis.url()], prefix="test")
    heard, _name = await hears(fleet, "room")
    hints(elsewhere, *range(200))
    await until(lambda: len(heard) == 200, seconds=10)
    assert heard == list(range(200))
    assert sum(errands) == 200
    assert len(errands) < 100


async def test_hints_that_find_no_redis_are_lost_and_the_next_are_heard(
    fleet: FleetChannelLayer, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    away = FleetChannelLayer(hosts=["unix:///nowhere/redis.sock"], prefix="test")
    hints(away, 1, 2)
    await until(lambda: "a hint was not sent: ConnectionError" in caplog.text, seconds=20)
    hints(away, 3)  # whoever sends is not stuck
    heard, _name = await hears(fleet, "room")
    hints(FleetChannelLayer(hosts=[redis.url()], prefix="test"), 4)
    await until(lambda: heard == [4], seconds=10)


async def test_a_channel_that_has_ended_leaves_nothing_behind(fleet: FleetChannelLayer) -> None:
    channel = await fleet.new_channel()
    await fleet.group_add("room", channel)
    layer = fleet._get_layer()
    shard = layer._get_shard(channel)
    await fleet.group_send("room", {"type": "gone"})  # arrives while nobody reads any more
    await until(lambda: not layer.channels[channel].empty(), seconds=10)
    await fleet.group_discard("room", channel)
    await fleet.forget(channel)
    await fleet.forget(channel)
    assert (layer.channels, layer.groups, shard._subscribed_to) == ({}, {}, set())
