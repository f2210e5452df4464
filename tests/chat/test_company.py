"""A colleague comes into a chat, openly or silently; and a mail case goes on in the chat."""

from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from audit.models import TrailEntry
from chat import queries
from chat.models import Chat, ChatRules, Companion
from chat.operations import company, entering, seats
from chat.states import ChatState
from counselling.models import WorkProfile
from counselling.operations import cases, claims
from counselling.operations.cases import NotHolder
from counselling.sla import Channel, Urgency
from counselling.states import CaseState
from tests.chat.house import FORENOON, WORRY, Entered, chatting_house, enter, offer, reply
from tests.counselling.house import House
from tests.factories import ask, claim, close, holder_of
from tests.factories.cases import Asked
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
ROOM, THREAD = "/nordhafen/gespraech/chat/", "/nordhafen/gespraech/"


@pytest.fixture(autouse=True)
def clock() -> object:
    with time_machine.travel(FORENOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house() -> House:
    return chatting_house()


@pytest.fixture
def entered(house: House) -> Entered:
    """A chat in which Katrin sits."""
    entered = enter(house)
    seats.take(case=entered.pk, by=house.katrin, at=FORENOON)
    return entered


def words(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def inside(asked: Asked) -> Client:
    browser = Client()
    browser.post(reverse("return", args=["nordhafen"]), {"code": asked.code.display()})
    return browser


def page(entered: Entered) -> str:
    return reverse("chat-beside", args=[entered.pk])


def join(entered: Entered, browser: Client, **more: str) -> object:
    return browser.post(reverse("chat-join", args=[entered.pk]), more, follow=True)


def test_aylin_joins_openly_writes_and_goes_and_the_mother_reads_all_of_it(
    house: House, entered: Entered
) -> None:
    aylin, mother = signed_in(house.aylin), inside(entered)
    desk = words(aylin.get(reverse("chat-desk")))
    assert page(entered) in desk
    assert "Katrin Petersen" in desk
    join(entered, aylin)
    join(entered, aylin)  # again changes nothing
    aylin.post(
        reverse("chat-write", args=[entered.pk]),
        {"text": "Ich kenne mich mit Schlaf aus.", "message": str(uuid4())},
    )
    shown = words(mother.get(ROOM))
    assert shown.count("Aylin Demir ist dazugekommen") == 1
    assert "Katrin Petersen und Aylin Demir sind für Sie da." in shown
    assert "Ich kenne mich mit Schlaf aus." in shown
    assert "Ich kenne mich mit Schlaf aus." in words(aylin.get(page(entered)))
    assert cases.holder_of(entered.pk) == house.katrin
    join(entered, aylin, als="gehen")
    shown = words(mother.get(ROOM))
    assert "Aylin Demir ist wieder gegangen." in shown
    assert "Katrin Petersen ist für Sie da." in shown
    with pytest.raises(NotHolder):
        reply(entered, house.aylin, "Noch etwas.")


def test_silent_reading_wants_the_houses_leave_and_is_in_the_trail(
    house: House, entered: Entered
) -> None:
    aylin = signed_in(house.aylin)
    shown = words(aylin.get(page(entered)))
    assert WORRY not in shown
    assert "ausgeschaltet" in shown
    offer(house.nordhafen.pk, by=house.ada, silent_reading=True)
    shown = words(aylin.get(page(entered)))
    assert WORRY in shown
    assert "Sie lesen still mit." in shown
    assert "chat-write" not in shown
    assert reverse("chat-write", args=[entered.pk]) not in shown
    noted = TrailEntry.objects.filter(case=entered.pk, action="chat.read_along")
    assert noted.get().actor == house.aylin.pk
    assert "Aylin" not in words(inside(entered).get(ROOM))


def test_nobody_else_comes_in(house: House, entered: Entered) -> None:
    offer(house.nordhafen.pk, by=house.ada, silent_reading=True)
    for stranger in (house.boris, house.jonas, house.ada):
        browser = signed_in(stranger)
        assert browser.get(page(entered)).status_code == 404
        assert browser.post(reverse("chat-join", args=[entered.pk])).status_code == 404
    WorkProfile.objects.create(member=house.aylin, needs_approval=True)
    with pytest.raises(claims.SecondPersonReads):
        company.join(case=entered.pk, by=house.aylin, holder=holder_of(house.aylin), at=FORENOON)
    assert not Companion.objects.exists()


def test_whoever_has_the_chat_is_led_to_the_desk_and_nobody_joins_a_waiting_one(
    house: House, entered: Entered
) -> None:
    katrin = signed_in(house.katrin)
    assert katrin.get(page(entered)).headers["Location"] == reverse("chat-desk")
    waiting = enter(house)
    with pytest.raises(company.NotSeated):
        company.join(case=waiting.pk, by=house.aylin, holder=holder_of(house.aylin), at=FORENOON)
    shown = words(join(waiting, signed_in(house.aylin)))
    assert "Gerade sitzt niemand in diesem Chat." in shown


def test_chats_of_colleagues_cost_the_same_for_one_and_for_many(
    house: House, entered: Entered, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        assert [name for _chat, name in queries.of_colleagues(house.aylin)] == ["Katrin Petersen"]
    for _number in range(3):
        seats.take(case=enter(house).pk, by=house.katrin, at=FORENOON)
    with django_assert_num_queries(2):
        assert len(queries.of_colleagues(house.aylin)) == 4
    assert queries.of_colleagues(house.katrin) == []


def test_a_question_by_mail_goes_on_in_the_chat_and_whoever_held_it_lets_go(house: House) -> None:
    asked = ask(house.nordhafen, at=FORENOON)
    claim(asked, house.katrin, at=FORENOON)
    mother = inside(asked)
    begin = reverse("chat-begin", args=["nordhafen"])
    assert begin in words(mother.get(THREAD))
    assert "Worum geht es jetzt?" in words(mother.get(begin))
    form = {"text": "Es ist wieder so eine Nacht.", "danger": "ja", "message": str(uuid4())}
    for _time in range(2):  # pressed twice
        assert mother.post(begin, form).headers["Location"] == ROOM
    chat, case = Chat.objects.get(case=asked.pk), asked.now()
    assert (chat.state, case.channel, case.state) == (
        ChatState.WAITING,
        Channel.CHAT,
        CaseState.WAITING,
    )
    assert (case.last_seq, case.urgency) == (2, Urgency.SOFORT)
    assert begin not in words(mother.get(THREAD))
    assert mother.get(begin).headers["Location"] == ROOM
    seats.take(case=asked.pk, by=house.katrin, at=FORENOON)
    assert "Es ist wieder so eine Nacht." in words(
        signed_in(house.katrin).get(reverse("chat-desk"))
    )


def test_a_closed_case_opens_again_in_the_chat(house: House) -> None:
    asked = ask(house.nordhafen, at=FORENOON)
    claim(asked, house.katrin, at=FORENOON)
    close(asked, house.katrin, at=FORENOON)
    entering.begin(
        case=asked.pk,
        text="Es geht wieder los.",
        in_danger=False,
        client_msg_id=uuid4(),
        holder=asked.holder,
        at=FORENOON,
    )
    assert Chat.objects.get(case=asked.pk).state == ChatState.WAITING
    assert asked.now().state == CaseState.WAITING


def test_a_chat_that_is_shut_takes_nothing_and_keeps_the_text(house: House) -> None:
    asked = ask(house.nordhafen, at=FORENOON)
    mother = inside(asked)
    begin = reverse("chat-begin", args=["nordhafen"])
    ChatRules.objects.update(offered=False)
    assert begin not in words(mother.get(THREAD))
    shown = words(
        mother.post(begin, {"text": "Ist da jemand?", "danger": "nein", "message": str(uuid4())})
    )
    assert "Der Chat hat gerade zugemacht." in shown
    assert "Ist da jemand?" in shown
    assert asked.now().last_seq == 1
    assert "geschlossen" in words(mother.get(begin))
    assert "Hier steht noch nichts" in words(mother.post(begin, {"text": " "}))


def test_help_in_a_crisis_names_the_chat_only_while_it_is_open(house: House) -> None:
    link = 'href="/nordhafen/chat/">Jetzt chatten'
    assert link in words(Client().get("/nordhafen/"))
    ChatRules.objects.update(offered=False)
    assert link not in words(Client().get("/nordhafen/"))


def test_katrin_finds_help_beside_a_chat_as_a_text_that_can_be_sent(house: House) -> None:
    browser = signed_in(house.katrin)
    url = reverse("staff-directory")
    shown = words(browser.get(url, {"q": ""}, headers={"HX-Request": "true"}))
    assert "Bitte schreiben Sie, was gebraucht wird." in shown
    shown = words(browser.get(url, {"q": "xyzzy"}, headers={"HX-Request": "true"}))
    assert "Dazu haben wir noch nichts im Verzeichnis." in shown
    assert "<html" not in shown
