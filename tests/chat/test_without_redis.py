"""Redis is away: sockets open and stay, and hear hints again once it is back."""

import asyncio

import pytest

from config.layers import FleetChannelLayer
from tests.servers.folders import new_folder
from tests.servers.redis import Redis

PATIENCE = 60.0  # seconds


async def test_who_comes_while_redis_is_away_hears_once_it_is_back(on_postgresql: bool) -> None:
    if not on_postgresql:
        pytest.skip("the embedded default has no Redis")
    folder = new_folder()
    redis = Redis.start(folder)
    layer = FleetChannelLayer(hosts=[redis.url()], prefix="test")
    there = await layer.new_channel()
    await layer.group_add("room", there)
    redis.stop()

    late = await layer.new_channel()
    await layer.group_add("room", late)
    await layer.group_add("another room", late)
    await layer.group_send("room", {"type": "lost"})
    redis = Redis.start(folder)
    try:
        heard: dict[str, set[str]] = {there: set(), late: set()}

        async def listen(channel: str) -> None:
            while True:
                heard[channel].add((await layer.receive(channel))["type"])

        listening = [asyncio.create_task(listen(channel)) for channel in heard]
        async with asyncio.timeout(PATIENCE):
            while not (heard[there] >= {"room"} and heard[late] >= {"room", "another"}):
                await layer.group_send("room", {"type": "room"})
                await layer.group_send("another room", {"type": "another"})
                await asyncio.sleep(0.1)
        for task in listening:
            task.cancel()
        assert heard[there] == {"room"}, "what was sent without Redis is lost, and only that"
        await layer.group_discard("room", late)
        await layer.flush()
    finally:
        redis.stop()
