"""The pages of chats, by plain forms and by polling: what a parent sees and can do."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from chat.models import Chat
from chat.operations import seats
from chat.states import ChatState
from counselling.models import Case, Channel, WorkProfile
from counselling.sla import Urgency
from tests.accounts.test_proof import solved
from tests.chat.house import FORENOON, WORRY, chatting_house, enter, offer
from tests.chat.pages import DOOR, ROOM, inside, words
from tests.counselling.house import House
from tests.counselling.pages import hidden
from tests.factories import roster
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return chatting_house()


def sent_form(browser: Client, text: str = WORRY, **more: str) -> dict[str, str]:
    """Return what a browser sends from the door, its proof solved."""
    page = browser.get(DOOR)
    assert page.context is not None
    done = solved(page.context["gate"].challenge)
    return {"text": text, "danger": "nein", "ticket": page.context["ticket"], "altcha": done} | more


def test_an_open_chat_says_until_when_and_how_long_one_waits(house: House, clock: object) -> None:
    shown = words(Client().get(DOOR))
    assert "Der Chat ist offen." in shown  # all week
    assert "Es dauert höchstens etwa 5 Minuten." in shown
    for member in (house.katrin, house.aylin):
        roster.shift(member, FORENOON.date(), "08:00", "12:30", at=FORENOON)
    assert "Der Chat ist offen bis 12:30 Uhr." in words(Client().get(DOOR))


def test_a_shift_for_questions_alone_opens_no_chat(house: House, clock: object) -> None:
    roster.shift(house.katrin, FORENOON.date(), "08:00", "12:30", at=FORENOON, channel=Channel.MAIL)
    shown = words(Client().get(DOOR))
    assert "Der Chat ist gerade geschlossen." in shown
    tomorrow = FORENOON.date() + timedelta(days=1)
    roster.shift(house.katrin, tomorrow, "09:00", "12:00", at=FORENOON, channel=Channel.CHAT)
    assert "Er öffnet wieder: Mittwoch, 25. November, 9 Uhr." in words(Client().get(DOOR))


def test_a_closed_chat_says_when_it_opens_and_what_there_is_instead(
    house: House, clock: time_machine.Traveller
) -> None:
    clock.move_to(FORENOON + timedelta(days=4))
    shown = words(Client().get(DOOR))
    assert "Er öffnet wieder: " in shown
    assert "Dann haben Sie eine Antwort bis" in shown
    assert 'name="text"' not in shown


def test_a_house_that_offers_no_chat_says_so(house: House, clock: object) -> None:
    shown = words(Client().get("/suedstadt/chat/"))
    assert "Der Chat ist gerade geschlossen." in shown


def test_a_mother_enters_sees_her_place_and_her_code_and_comes_back_with_it(
    house: House, clock: object
) -> None:
    browser = Client()
    response = browser.post(DOOR, sent_form(browser))
    assert response.headers["Location"] == ROOM
    shown = words(browser.get(ROOM))
    assert "Sie sind als Nächstes dran." in shown
    assert WORRY in shown
    case = Case.objects.get()
    assert case.reference not in shown
    code = browser.get(ROOM).context["code"]
    other = Client()
    other.post(reverse("return", args=["nordhafen"]), {"code": code})
    assert ROOM in words(other.get(reverse("thread", args=["nordhafen"])))
    assert WORRY in words(other.get(ROOM))
    assert other.get(DOOR).headers["Location"] == ROOM


@pytest.mark.parametrize(
    ("level", "waiting", "seated"),
    [("SOFORT", True, True), ("DRINGEND", True, False), ("NORMAL", False, False)],
)
def test_help_for_a_crisis_is_shown_to_who_is_in_danger_or_waits_with_something_urgent(
    house: House, clock: object, *, level: str, waiting: bool, seated: bool
) -> None:
    entered = enter(house)
    Case.objects.filter(pk=entered.pk).update(urgency=Urgency[level])
    browser = inside(entered)

    def is_shown() -> tuple[bool, bool]:
        page = browser.get(ROOM).content.decode()
        told = json.loads(poll(browser, f"{ROOM}leitung/", after=0).content)["frames"][-1]
        return "data-chat-danger hidden" not in page, told["danger"]

    assert is_shown() == (waiting, waiting)
    seats.take(case=entered.pk, by=house.katrin, at=FORENOON)
    assert is_shown() == (seated, seated)


def test_the_same_form_twice_is_one_chat(house: House, clock: object) -> None:
    browser = Client()
    form = sent_form(browser)
    for _time in range(2):
        assert browser.post(DOOR, form).headers["Location"] == ROOM
    assert Chat.objects.count() == 1


def test_a_chat_that_shuts_meanwhile_keeps_the_text_and_takes_it_as_a_question(
    house: House, clock: object
) -> None:
    browser = Client()
    form = sent_form(browser)
    offer(house.nordhafen.pk, by=house.ada, offered=False)
    shown = words(browser.post(DOOR, form))
    assert "steht noch hier" in shown
    assert WORRY in shown
    assert f'action="{reverse("ask", args=["nordhafen"])}"' in shown
    asked = browser.post(reverse("ask", args=["nordhafen"]), form)
    assert asked.status_code == 302
    assert Case.objects.get().channel == "mail"


def test_an_empty_text_gets_a_sentence(house: House, clock: object) -> None:
    browser = Client()
    assert "Hier steht noch nichts" in words(browser.post(DOOR, sent_form(browser, " ")))


def test_without_javascript_one_writes_by_a_form_and_the_same_form_counts_once(
    house: House, clock: object
) -> None:
    entered = enter(house)
    browser = inside(entered)
    form = {"text": "Er ist zwei.", "message": str(uuid4())}
    for _time in range(2):
        assert browser.post(f"{ROOM}sagen/", form).headers["Location"] == ROOM
    assert words(browser.get(ROOM)).count("Er ist zwei.") == 1
    again = words(browser.post(f"{ROOM}sagen/", form | {"text": "Er ist drei."}))
    assert "Er ist drei." in again
    assert entered.now().last_seq == 2


def test_one_click_makes_it_a_question_with_a_due_time(house: House, clock: object) -> None:
    entered = enter(house)
    browser = inside(entered)
    browser.post(f"{ROOM}weiter/", {"als": "nachricht"})
    shown = words(browser.get(ROOM))
    assert "Ihre Frage ist jetzt eine Nachricht." in shown
    assert "Sie haben eine Antwort bis" in shown
    assert entered.chat().state == ChatState.MAIL


def test_who_leaves_reads_what_becomes_of_their_words(house: House, clock: object) -> None:
    entered = enter(house)
    browser = inside(entered)
    browser.post(f"{ROOM}weiter/", {"als": "gehen"})
    browser.post(f"{ROOM}weiter/", {"als": "gehen"})  # again changes nothing
    shown = words(browser.get(ROOM))
    assert "Sie haben den Chat verlassen." in shown
    assert reverse("delete", args=["nordhafen"]) in shown


def test_a_chat_that_is_over_promises_no_time_that_has_passed(
    house: House, clock: time_machine.Traveller
) -> None:
    entered = enter(house)
    browser = inside(entered)
    browser.post(f"{ROOM}weiter/", {"als": "nachricht"})
    assert "Sie haben eine Antwort bis" in words(browser.get(ROOM))
    clock.shift(timedelta(days=7))
    shown = words(inside(entered).get(ROOM))
    assert "Sie haben eine Antwort bis" not in shown
    assert "Wir sind zu spät. Das tut uns leid." in shown


def test_a_chat_that_is_over_promises_no_answer_where_only_a_look_is_due(
    house: House, clock: object
) -> None:
    browser = inside(enter(house, "Jemand ist in Gefahr.", in_danger=True))
    browser.post(f"{ROOM}weiter/", {"als": "nachricht"})
    shown = words(browser.get(ROOM))
    assert "Sie haben eine Antwort bis" not in shown
    assert "Ihre Frage ist jetzt eine Nachricht." in shown
    assert "Ihre Nachricht steht bei uns ganz vorn." in shown


def test_who_may_not_be_reached_before_the_end_is_told_early(house: House, clock: object) -> None:
    for member in (house.katrin, house.aylin):
        WorkProfile.objects.create(member=member, ceiling=1)
    first = enter(house)
    seats.take(case=first.pk, by=house.katrin, at=FORENOON)
    second, third = enter(house), enter(house)
    seats.take(case=second.pk, by=house.aylin, at=FORENOON)
    # Friday, ten minutes before midnight in Berlin.
    late = FORENOON.replace(hour=22, minute=50) + timedelta(days=3)
    Chat.objects.update(kept_until=late + timedelta(hours=1))
    with time_machine.travel(late, tick=False):
        shown = words(inside(third).get(ROOM))
    assert "Vielleicht schaffen wir es bis dahin nicht." in shown


# --- Polling -----------------------------------------------------------------------------------------
def poll(browser: Client, url: str, **body: Any) -> Any:
    return browser.post(url, json.dumps({"v": 1, **body}), content_type="application/json")


def test_polling_is_the_same_contract_as_the_socket(house: House, clock: object) -> None:
    entered = enter(house)
    seats.take(case=entered.pk, by=house.katrin, at=FORENOON)
    mother, katrin = inside(entered), signed_in(house.katrin)
    ours, theirs = f"{ROOM}leitung/", reverse("chat-team-poll", args=[entered.pk])
    token = str(uuid4())
    send = {"type": "send", "id": token, "text": "Hallo?"}
    for _time in range(2):
        found = json.loads(poll(mother, ours, after=1, frames=[send]).content)["frames"]
        kinds = [frame["type"] for frame in found]
        assert kinds == ["welcome", "ack", "message", "state"]
        assert found[1] == {"type": "ack", "id": token, "seq": 2}
    heard = json.loads(poll(katrin, theirs, after=0, frames=[{"type": "read", "seq": 2}]).content)
    assert [f["seq"] for f in heard["frames"] if f["type"] == "message"] == [1, 2]
    state = json.loads(poll(mother, ours, after=2).content)["frames"][-1]
    assert (state["state"], state["with"], state["read"]) == ("active", "Katrin Petersen", 2)


def test_polling_from_a_page_of_another_conversation_is_led_away(
    house: House, clock: object
) -> None:
    hers, his = enter(house, "Sabine wartet."), enter(house, "Emil wartet auch.")
    browser = inside(hers)
    mark = hidden(browser.get(ROOM), "conversation")
    body = {"v": 1, "frames": [{"type": "send", "id": str(uuid4()), "text": "Nur für hier."}]}
    url = f"{ROOM}leitung/"
    browser.post("/nordhafen/zurueck/", {"code": his.code.display()})  # on another tab
    led = browser.post(url, body, "application/json", headers={"X-Conversation": mark})
    assert led.status_code == 302
    assert his.case.messages.count() == 1
    assert poll(browser, url, v=1, frames=body["frames"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ("{", 400, "no_json"),
        ("[" * 60_000, 400, "no_json"),
        ("x" * 70_000, 413, "too_large"),
        ("[]", 400, "no_object"),
        ('{"v": 9}', 426, "wrong_version"),
        ('{"v": 1, "frames": 7}', 400, "no_frames"),
        ('{"v": 1, "frames": [{"type": "drop"}]}', 400, "unknown_type"),
        ('{"v": 1, "frames": [{"type": "hello", "v": 1}]}', 400, "unexpected"),
    ],
)
def test_wrong_requests_are_refused_by_name(
    house: House, clock: object, body: str, status: int, error: str
) -> None:
    browser = inside(enter(house))
    response = browser.post(f"{ROOM}leitung/", body, content_type="application/json")
    assert response.status_code == status
    assert response.json()["frames"][0]["error"] == error
