"""Sockets: a hint reaches who may know, and nobody else; it never carries a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.sessions import CookieMiddleware
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from accounts.operations import sessions, staff
from accounts.sockets import NOT_THERE, NOTHING_TO_SAY, SIGNED_OUT
from config.routing import websocket_urlpatterns
from counselling.operations import cases
from tests.counselling.house import House, open_house
from tests.factories import advise, ask, claim, client_writes, consult, holder_of
from tests.factories.sessions import signed_in
from vault.keyring import KeyUnavailable

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "Kanarienvogel im Schlafzimmer"


@pytest.fixture
async def house() -> House:
    return await sync_to_async(open_house)()


@asynccontextmanager
async def socket(path: str, member: Membership | None) -> AsyncIterator[WebsocketCommunicator]:
    """Open a socket as a member's browser does; None: as somebody who is not signed in."""
    headers = []
    if member is not None:
        browser = await sync_to_async(signed_in)(member)
        value = browser.cookies[settings.SESSION_COOKIE_NAME].value
        headers = [(b"cookie", f"{settings.SESSION_COOKIE_NAME}={value}".encode())]
    communicator = WebsocketCommunicator(
        CookieMiddleware(URLRouter(websocket_urlpatterns)), path, headers=headers
    )
    connected, _protocol = await communicator.connect(timeout=10)
    assert connected
    try:
        yield communicator
    finally:
        await communicator.disconnect()


async def close_code(communicator: WebsocketCommunicator) -> Any:
    event = await communicator.receive_output(timeout=10)
    assert event["type"] == "websocket.close"
    return event["code"]


def case_path(case: UUID) -> str:
    return f"/ws/cases/{case}/"


async def test_katrin_is_told_of_a_new_case_of_her_team_and_lea_is_not(house: House) -> None:
    async with (
        socket("/ws/queue/", house.katrin) as katrin,
        socket("/ws/queue/", house.lea) as lea,
        socket("/ws/queue/", house.boris) as boris,
    ):
        await sync_to_async(ask)(house.nordhafen, CANARY)

        assert await katrin.receive_json_from(timeout=10) == {"type": "changed", "what": "queue"}
        assert await lea.receive_nothing(timeout=0.5)
        assert await boris.receive_nothing(timeout=0.1)


async def test_aylin_is_told_when_katrin_claims(house: House) -> None:
    asked = await sync_to_async(ask)(house.nordhafen)
    async with socket("/ws/queue/", house.aylin) as aylin:
        await sync_to_async(claim)(asked, house.katrin)

        assert (await aylin.receive_json_from(timeout=10))["what"] == "queue"


async def test_who_reads_a_case_is_told_of_a_new_message_by_its_number_only(house: House) -> None:
    asked = await sync_to_async(ask)(house.nordhafen)
    async with socket(case_path(asked.pk), house.aylin) as aylin:
        await sync_to_async(client_writes)(asked, CANARY)

        hint = await aylin.receive_json_from(timeout=10)

    assert hint == {"type": "changed", "what": "case", "seq": 2}


async def test_who_is_not_signed_in_is_closed_with_4401(house: House) -> None:
    asked = await sync_to_async(ask)(house.nordhafen)
    for path in ("/ws/queue/", case_path(asked.pk)):
        async with socket(path, None) as nobody:
            assert await close_code(nobody) == SIGNED_OUT


async def test_a_foreign_case_and_one_that_there_is_not_are_closed_with_4404(
    house: House,
) -> None:
    asked = await sync_to_async(ask)(house.nordhafen)
    for member in house.without_access():
        for case in (asked.pk, uuid4()):
            async with socket(case_path(case), member) as stranger:
                assert await close_code(stranger) == NOT_THERE


async def test_ada_of_the_administration_hears_no_queue(house: House) -> None:
    async with socket("/ws/queue/", house.ada) as ada:
        assert await close_code(ada) == NOT_THERE


async def test_who_speaks_on_a_socket_that_only_listens_is_closed(house: House) -> None:
    async with socket("/ws/queue/", house.katrin) as katrin:
        await katrin.send_to(text_data="x" * 10_000)

        assert await close_code(katrin) == NOTHING_TO_SAY


async def test_katrin_hears_nothing_of_a_case_that_went_to_another_team(house: House) -> None:
    asked = await sync_to_async(ask)(house.nordhafen)

    def hand_over() -> None:
        crisis = house.nordhafen.teams.get(name="Krise")
        claim(asked, house.katrin)
        cases.hand_to_team(
            case=asked.pk,
            to=crisis,
            by=house.katrin,
            holder=holder_of(house.katrin),
            at=timezone.now(),
        )

    async with socket(case_path(asked.pk), house.aylin) as aylin:
        await sync_to_async(hand_over)()
        event = await aylin.receive_output(timeout=10)
        while event["type"] == "websocket.send":  # the claim, which was still hers to see
            event = await aylin.receive_output(timeout=10)

    assert (event["type"], event["code"]) == ("websocket.close", NOT_THERE)


async def test_a_membership_that_ends_ends_its_sockets_at_the_next_hint(house: House) -> None:
    async with socket("/ws/queue/", house.aylin) as aylin:
        await sync_to_async(staff.end_membership)(
            member=house.aylin, by=house.ada, at=timezone.now()
        )
        await sync_to_async(ask)(house.nordhafen)

        assert await close_code(aylin) == SIGNED_OUT


async def test_a_session_that_is_ended_closes_its_sockets_and_no_others(house: House) -> None:
    async with (
        socket("/ws/queue/", house.aylin) as office,
        socket("/ws/queue/", house.katrin) as katrin,
    ):
        await sync_to_async(sessions.end_all)(user=house.aylin.user, at=timezone.now())

        assert await asyncio.wait_for(close_code(office), 2) == SIGNED_OUT
        assert await katrin.receive_nothing(timeout=0.5)


async def test_who_is_removed_is_off_within_two_seconds_and_reads_no_new_case(
    house: House,
) -> None:
    browser = await sync_to_async(signed_in)(house.aylin)
    held = await sync_to_async(holder_of)(house.aylin)
    async with socket("/ws/queue/", house.aylin) as aylin:
        await sync_to_async(staff.end_membership)(
            member=house.aylin, by=house.ada, at=timezone.now()
        )
        assert await asyncio.wait_for(close_code(aylin), 2) == SIGNED_OUT

    asked = await sync_to_async(ask)(house.nordhafen, CANARY)
    page = await sync_to_async(browser.get)(reverse("case", args=[asked.pk]))
    assert CANARY not in page.content.decode()
    with pytest.raises(KeyUnavailable):
        await sync_to_async(held.case_key)(asked.pk)


async def test_lea_is_told_that_somebody_asks_her_and_the_hint_names_no_case(house: House) -> None:
    asked = await sync_to_async(ask)(house.nordhafen)
    async with (
        socket("/ws/queue/", house.lea) as lea,
        socket("/ws/queue/", house.boris) as boris,
    ):
        made = await sync_to_async(consult)(asked, house.katrin, house.lea, CANARY)
        hint = await lea.receive_json_from(timeout=10)
        assert hint == {"type": "changed", "what": "consultation"}
        assert await boris.receive_nothing(timeout=0.1)
        async with socket(case_path(asked.pk), house.katrin) as katrin:
            await sync_to_async(advise)(made, house.lea, CANARY)
            assert (await katrin.receive_json_from(timeout=10))["what"] == "case"
