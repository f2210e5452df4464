"""Who looks by themselves asks together with others, and misses nothing by that."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from chat import exchange, rounds
from chat.exchange import Side, Speaker
from chat.models import Chat, Companion
from chat.operations import company, seats, speaking
from chat.rounds import Mark
from chat.states import ChatState
from counselling.operations.working import set_profile
from tests.chat.house import FORENOON, Entered, chatting_house, enter
from tests.counselling.house import House
from tests.factories import holder_of

pytestmark = pytest.mark.django_db
SOON = FORENOON + timedelta(seconds=20)


@pytest.fixture
def house() -> House:
    house = chatting_house()
    set_profile(
        member=house.katrin, ceiling=9, needs_approval=False, topics=[], by=house.ada, at=FORENOON
    )
    return house


def sat(house: House) -> Entered:
    entered = enter(house)
    seats.take(case=entered.pk, by=house.katrin, at=FORENOON)
    Chat.objects.filter(case=entered.pk).update(kept_until=FORENOON + timedelta(hours=1))
    return entered


def client(entered: Entered) -> Speaker:
    return Speaker(
        Side.CLIENT, entered.pk, entered.case.organisation_id, entered.case.team_id, entered.holder
    )


def colleague(entered: Entered, member: Membership) -> Speaker:
    return Speaker(
        Side.TEAM,
        entered.pk,
        member.organisation_id,
        entered.case.team_id,
        holder_of(member),
        member,
    )


def marks(*speakers: Speaker, at: datetime = SOON) -> Sequence[Mark]:
    return rounds.marks(speakers, at=at)


def test_nothing_new_is_the_same_mark_and_her_seat_is_kept(house: House) -> None:
    entered = sat(house)
    both = (client(entered), colleague(entered, house.katrin))
    first = marks(*both)
    assert all(one.standing for one in first)
    assert marks(*both, at=SOON + timedelta(seconds=20)) == first
    assert entered.chat().seat_until == SOON + timedelta(seconds=80)


def test_whatever_a_socket_could_have_missed_is_another_mark(house: House) -> None:
    entered = sat(house)
    seen = [marks(client(entered))[0]]
    company.join(case=entered.pk, by=house.aylin, holder=holder_of(house.aylin), at=SOON)
    seen.append(marks(client(entered))[0])
    speaking.read_by_team(case=entered.pk, seq=1)
    seen.append(marks(client(entered))[0])
    Chat.objects.filter(case=entered.pk).update(quiet_seq=2, quiet_until=SOON)
    seen.append(marks(client(entered))[0])
    assert len({one.standing for one in seen}) == 4
    assert all(one.standing for one in seen)


def test_who_has_looked_finds_the_same_mark_until_something_changes(house: House) -> None:
    entered = sat(house)
    both = (client(entered), colleague(entered, house.katrin))
    for joined in (None, house.aylin):
        if joined:
            company.join(case=entered.pk, by=joined, holder=holder_of(joined), at=SOON)
        looked = [exchange.look(one, at=SOON).calm for one in both]
        assert looked == [one.standing for one in marks(*both)]
    speaking.read_by_team(case=entered.pk, seq=1)
    assert looked[0] != marks(client(entered))[0].standing


def test_who_has_looked_while_the_counsellor_was_gone_finds_another_mark_when_she_is_back(
    house: House,
) -> None:
    entered = sat(house)
    Chat.objects.update(state=ChatState.INTERRUPTED)
    looked = exchange.look(client(entered), at=SOON)
    assert looked.state["state"] == ChatState.INTERRUPTED
    Chat.objects.update(state=ChatState.ACTIVE)
    (back,) = marks(client(entered))
    assert back.standing not in ("", looked.calm)


def test_another_colleague_in_the_place_of_one_is_another_mark(house: House) -> None:
    entered = sat(house)
    company.join(case=entered.pk, by=house.aylin, holder=holder_of(house.aylin), at=SOON)
    (before,) = marks(client(entered))
    Companion.objects.update(member=house.ada)
    (after,) = marks(client(entered))
    assert before.standing != after.standing


def test_a_new_entry_has_its_number_and_changes_nothing_else(house: House) -> None:
    entered = sat(house)
    (before,) = marks(client(entered))
    text, token, holder = "Noch etwas.", uuid4(), entered.holder
    said = speaking.say(case=entered.pk, text=text, client_msg_id=token, holder=holder, at=SOON)
    (after,) = marks(client(entered))
    assert (before.newest, after.newest) == (said.seq - 1, said.seq)
    assert before.standing == after.standing


def test_who_has_to_look_by_themselves_gets_no_mark(house: House) -> None:
    waiting, held, leaving, silent = enter(house), sat(house), sat(house), sat(house)
    Chat.objects.filter(case=leaving.pk).update(kept_until=SOON + timedelta(minutes=1))
    Chat.objects.filter(case=silent.pk).update(seat_until=SOON)
    assert (
        marks(
            client(waiting),
            colleague(held, house.aylin),  # looks on
            client(leaving),
            client(silent),
        )
        == [Mark()] * 4
    )


def test_a_member_who_has_left_gets_no_mark_and_keeps_no_seat(house: House) -> None:
    entered = sat(house)
    before = entered.chat().seat_until
    Membership.objects.filter(pk=house.katrin.pk).update(ended_at=FORENOON)
    assert marks(colleague(entered, house.katrin)) == [Mark()]
    assert entered.chat().seat_until == before


def test_statements_do_not_grow_with_those_who_come_round(house: House) -> None:
    entered = [sat(house) for _number in range(4)]
    both = [who for one in entered for who in (client(one), colleague(one, house.katrin))]
    counts = []
    for some in (both[:2], both):
        with CaptureQueriesContext(connection) as queries:
            assert all(one.standing for one in marks(*some))
        counts.append(len(queries))
    assert counts[0] == counts[1]
