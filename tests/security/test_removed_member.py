"""Somebody is removed: their sockets close within two seconds, also when every hint is lost."""

import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse
from django.utils import timezone

from accounts import events
from accounts.operations import staff
from accounts.sockets import SIGNED_OUT
from counselling import queries
from tests.counselling.house import House, open_house
from tests.counselling.test_sockets import case_path, socket
from tests.factories import ask, holder_of
from tests.factories.sessions import signed_in
from vault.keyring import KeyUnavailable

pytestmark = pytest.mark.django_db(transaction=True)
WITHIN = 2.0  # seconds; issue 3


@pytest.fixture
async def house() -> House:
    return await sync_to_async(open_house)()


def end(house: House) -> None:
    staff.end_membership(member=house.aylin, by=house.ada, at=timezone.now())


async def seconds_until_closed(connected: Any, began: float) -> float:
    """Return how long a socket lived on. Raises AssertionError when it was closed for another reason."""
    event = await connected.receive_output(timeout=10)
    while event["type"] == "websocket.send":
        event = await connected.receive_output(timeout=10)
    assert (event["type"], event["code"]) == ("websocket.close", SIGNED_OUT)
    return time.monotonic() - began


async def closes(house: House) -> list[float]:
    asked = await sync_to_async(ask)(house.nordhafen)
    async with (
        socket("/ws/queue/", house.aylin) as queue,
        socket(case_path(asked.pk), house.aylin) as case,
        socket("/ws/queue/", house.katrin) as katrin,
    ):
        began = time.monotonic()
        await sync_to_async(end)(house)
        took = [
            await seconds_until_closed(queue, began),
            await seconds_until_closed(case, began),
        ]
        # Katrin stays, and still hears.
        await sync_to_async(ask)(house.nordhafen)
        assert (await katrin.receive_json_from(timeout=10))["what"] == "queue"
    return took


async def test_by_a_hint(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    took = await closes(house)
    with capsys.disabled():
        print(f"\n  a removed member's 2 sockets closed after {max(took):.2f} s (hint)")
    assert max(took) < WITHIN


async def test_without_any_hint(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(events, "membership_ended", lambda _member: None)
    took = await closes(house)
    with capsys.disabled():
        print(f"\n  a removed member's 2 sockets closed after {max(took):.2f} s (hint lost)")
    assert max(took) < WITHIN


@pytest.mark.parametrize("name", ["queue", "case"])
def test_their_open_browser_shows_nothing_more_and_their_keys_open_nothing(name: str) -> None:
    house = open_house()
    asked = ask(house.nordhafen)
    browser, kept = signed_in(house.aylin), holder_of(house.aylin)
    address = reverse(name, args=[asked.pk] if name == "case" else [])
    assert browser.get(address).status_code == 200
    end(house)
    assert browser.get(address).headers["Location"].startswith(reverse("login"))
    after = ask(house.nordhafen)
    for case in (asked, after):
        with pytest.raises(KeyUnavailable):
            queries.thread(case.now(), holder=kept)
