"""A chat that falls silent: first a warning, then it goes on by mail. Who learns sits in no chat."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from audit.models import TrailEntry
from chat import exchange
from chat.models import Chat
from chat.operations import ending, seats, speaking
from chat.states import ChatState
from counselling.models import WorkProfile
from counselling.operations import cases, claims
from counselling.sla import Channel
from counselling.states import CaseState
from tests.chat.house import FORENOON, Entered, chatting_house, enter, reply
from tests.counselling.house import House
from tests.factories import holder_of
from tests.factories.sessions import signed_in
from vault.keyring import Holder

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
WARNED, OVER = FORENOON + 15 * MINUTE, FORENOON + 20 * MINUTE
ROOM = "/nordhafen/gespraech/chat/"


@pytest.fixture
def house() -> House:
    return chatting_house()


def answered(house: House) -> Entered:
    """Return a chat in which Katrin has asked back, and both stay connected."""
    entered = enter(house)
    seats.take(case=entered.pk, by=house.katrin, at=FORENOON)
    reply(entered, house.katrin, "Wie alt ist Ihr Sohn?")
    Chat.objects.update(kept_until=OVER + 60 * MINUTE, seat_until=OVER + 60 * MINUTE)
    return entered


def say(entered: Entered, minutes: int) -> None:
    holder: Holder = entered.holder
    speaking.say(
        case=entered.pk,
        text="Er ist zwei.",
        client_msg_id=uuid4(),
        holder=holder,
        at=FORENOON + minutes * MINUTE,
    )


def test_silence_brings_a_warning_to_both_sides_and_then_goes_on_by_mail(house: House) -> None:
    entered = answered(house)
    ending.sweep(at=WARNED - MINUTE)
    assert entered.chat().ends_by_itself_at is None
    ending.sweep(at=WARNED)
    ending.sweep(at=WARNED)  # another worker; the warning is given once
    chat = entered.chat()
    assert chat.ends_by_itself_at == OVER
    client = exchange.Speaker(
        exchange.Side.CLIENT,
        entered.pk,
        house.nordhafen.pk,
        entered.case.team_id,
        entered.holder,
    )
    katrin = exchange.Speaker(
        exchange.Side.TEAM,
        entered.pk,
        house.nordhafen.pk,
        entered.case.team_id,
        holder_of(house.katrin),
        house.katrin,
    )
    said = exchange.stands(client, at=WARNED).state
    assert (said["title"], said["ends"]) == ("Sind Sie noch da?", OVER.isoformat())
    assert "10:20 Uhr" in said["text"]
    assert exchange.stands(katrin, at=WARNED).state["ends"] == OVER.isoformat()
    ending.sweep(at=OVER - MINUTE)
    assert entered.chat().state == ChatState.ACTIVE
    ending.sweep(at=OVER)
    chat, case = entered.chat(), entered.now()
    assert (chat.state, chat.why) == (ChatState.MAIL, Chat.Why.QUIET)
    assert (case.channel, case.state, case.last_seq) == (Channel.MAIL, CaseState.ANSWERED, 2)
    assert cases.holder_of(entered.pk) == house.katrin
    said = exchange.stands(client, at=OVER).state
    assert (said["title"], said["why"]) == (
        "Der Chat ist zu Ende, weil es lange still war.",
        "quiet",
    )
    noted = TrailEntry.objects.filter(case=entered.pk, action="chat.quiet_warned")
    assert noted.count() == 1


def test_who_writes_after_the_warning_chats_on(house: House) -> None:
    entered = answered(house)
    ending.sweep(at=WARNED)
    say(entered, 17)
    assert entered.chat().ends_by_itself_at is None
    ending.sweep(at=OVER)
    assert entered.chat().state == ChatState.ACTIVE


def test_nobody_is_sent_away_who_waits_for_an_answer(house: House) -> None:
    entered = answered(house)
    say(entered, 1)
    ending.sweep(at=OVER + 30 * MINUTE)
    chat = entered.chat()
    assert (chat.state, chat.quiet_until) == (ChatState.ACTIVE, None)


def test_one_click_says_that_one_is_still_there(house: House) -> None:
    entered = answered(house)
    ending.sweep(at=WARNED)
    with time_machine.travel(WARNED + MINUTE, tick=False):
        browser = Client()
        browser.post(reverse("return", args=["nordhafen"]), {"code": entered.code.display()})
        assert 'value="da"' in browser.get(ROOM).content.decode()
        assert "10:20" in signed_in(house.katrin).get(reverse("chat-desk")).content.decode()
        browser.post(f"{ROOM}weiter/", {"als": "da"})
        assert "Sind Sie noch da?" not in browser.get(ROOM).content.decode()
    Chat.objects.update(seat_until=OVER + 60 * MINUTE)  # Katrin stays, too
    ending.sweep(at=OVER + 10 * MINUTE)
    chat = entered.chat()
    assert (chat.state, chat.quiet_until) == (ChatState.ACTIVE, None)
    ending.sweep(at=WARNED + 16 * MINUTE)
    assert entered.chat().quiet_until is not None


def test_jonas_in_training_takes_no_chat_out_of_the_queue_and_reads_why(house: House) -> None:
    entered = enter(house)
    with time_machine.travel(FORENOON, tick=False):
        browser = signed_in(house.jonas)
        shown = browser.post(reverse("case-claim", args=[entered.pk]), follow=True)
    assert "Nicht übernommen: Hier wartet jemand im Chat" in shown.content.decode()
    assert entered.chat().state == ChatState.WAITING
    assert cases.holder_of(entered.pk) is None
    assert entered.now().state == CaseState.WAITING


def test_nor_does_anybody_whose_answers_are_read_first(house: House) -> None:
    entered = answered(house)
    WorkProfile.objects.create(member=house.lea, needs_approval=True)
    with pytest.raises(claims.SecondPersonReads):
        cases.hand_to_colleague(
            case=entered.pk,
            to=house.lea,
            by=house.katrin,
            holder=holder_of(house.katrin),
            at=FORENOON,
        )
    assert cases.holder_of(entered.pk) == house.katrin
