"""A room hears hints for all who sit in it: what is new is read once, and nobody listens for who has left."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.utils import timezone

from chat import consumers, exchange
from chat.exchange import News, Reader
from chat.protocol import Close
from config.layers import EmbeddedChannelLayer
from tests.chat.house import WORRY, Entered, reply
from tests.chat.wires import PATIENCE, colleague, parent, sit
from tests.counselling.house import House
from tests.factories import note
from tests.servers.chatting import until

pytestmark = pytest.mark.django_db(transaction=True)


async def test_what_is_written_elsewhere_is_read_once_for_all_and_what_is_said_here_not_at_all(
    house: House, entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    shared = exchange.shared_news

    def counted(case: UUID, readers: Sequence[Reader]) -> tuple[list[News], bool]:
        looks.append(len(readers))
        return shared(case, readers)

    await sit(entered, house.katrin)
    async with parent(entered) as mother, colleague(house.katrin, entered) as katrin:
        for one in (mother, katrin):
            await one.hello()
            assert (await one.next("message"))["text"] == WORRY
            await one.next("state")
        monkeypatch.setattr(exchange, "shared_news", counted)
        await katrin.say("Über die Leitung.")
        assert [(await one.next("message"))["seq"] for one in (mother, katrin)] == [2, 2]
        assert looks == []
        await sync_to_async(reply)(entered, house.katrin, "Auf einer Seite.", at=timezone.now())
        assert [(await one.next("message"))["seq"] for one in (mother, katrin)] == [3, 3]
        assert looks == [2]


async def test_a_room_hears_until_its_last_has_left_and_again_for_who_comes_then(
    house: House, entered: Entered
) -> None:
    for after in (1, 2):
        async with colleague(house.katrin, entered) as katrin:
            await katrin.hello(after=after)
            async with colleague(house.aylin, entered) as aylin:
                await aylin.hello(after=after)
            await sync_to_async(note)(entered, house.aylin, "Bitte auf Schlafmangel achten.")
            assert (await katrin.next("message"))["seq"] == after + 1
        await until(lambda: not _listeners(get_channel_layer()), seconds=PATIENCE)


def _listeners(layer: Any) -> list[str]:
    if isinstance(layer, EmbeddedChannelLayer):
        return list(layer._listening)
    return [name for name in layer._get_layer().channels if "listener" in name]


async def test_one_whose_line_breaks_keeps_nobody_else_from_theirs(
    house: House, entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sit(entered, house.katrin)
    async with parent(entered) as mother, colleague(house.katrin, entered) as katrin:
        for one in (mother, katrin):
            await one.hello()
            await one.next("state")
        send = consumers.ClientChat.send

        async def broken(self: consumers.ClientChat, **frame: Any) -> None:
            if '"type":"message"' in frame.get("text_data", "").replace(" ", ""):
                raise ConnectionResetError
            await send(self, **frame)

        monkeypatch.setattr(consumers.ClientChat, "send", broken)
        await katrin.say("Über die Leitung.")
        assert (await katrin.next("message"))["seq"] == 2
        assert (await mother.closed())[0] == Close.AWAY
        await sync_to_async(reply)(entered, house.katrin, "Auf einer Seite.", at=timezone.now())
        assert (await katrin.next("message"))["seq"] == 3
        monkeypatch.undo()
        async with parent(entered) as again:
            await again.hello(after=1)
            assert [(await again.next("message"))["seq"] for _one in range(2)] == [2, 3]
