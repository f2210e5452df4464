"""The socket of the supervisor's page: let in, and told as soon as something moves; nobody else is."""

import pytest
from asgiref.sync import sync_to_async

from accounts.sockets import NOT_THERE, SIGNED_OUT
from tests.counselling.house import House, open_house
from tests.counselling.test_sockets import close_code, socket
from tests.factories import ask, claim

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/ws/leitung/"


@pytest.fixture
async def house() -> House:
    return await sync_to_async(open_house)()


async def test_lea_who_leads_and_ada_hear_of_every_team_and_of_no_other_house(
    house: House,
) -> None:
    async with socket(PATH, house.lea) as lea, socket(PATH, house.ada) as ada:
        await sync_to_async(ask)(house.suedstadt)
        assert await lea.receive_nothing(timeout=0.5)
        asked = await sync_to_async(ask)(house.nordhafen)  # of a team that is not Lea's
        for supervisor in (lea, ada):
            hint = await supervisor.receive_json_from(timeout=10)
            assert hint == {"type": "changed", "what": "queue"}
        await sync_to_async(claim)(asked, house.katrin)
        assert (await lea.receive_json_from(timeout=10))["type"] == "changed"


async def test_lea_hears_of_an_alarm(house: House) -> None:
    async with socket(PATH, house.lea) as lea:
        await sync_to_async(ask)(house.nordhafen, in_danger=True)
        heard = {(await lea.receive_json_from(timeout=10))["what"] for _ in range(2)}
        assert heard == {"queue", "alarm"}


async def test_katrin_who_counsels_and_who_is_not_signed_in_are_not_let_in(house: House) -> None:
    for member, code in ((house.katrin, NOT_THERE), (None, SIGNED_OUT)):
        async with socket(PATH, member) as stranger:
            assert await close_code(stranger) == code
