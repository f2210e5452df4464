"""The pages of chats, by plain forms and by polling: what a parent and a counsellor see and can do."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from chat.models import Chat, ChatRules
from chat.operations import seats
from chat.states import ChatState
from counselling.models import Case, Channel, WorkProfile
from counselling.operations import drafts
from counselling.sla import Urgency
from counselling.states import CaseState
from tests.accounts.test_proof import solved
from tests.chat.house import FORENOON, WORRY, Entered, chatting_house, enter, offer, reply
from tests.counselling.house import House
from tests.counselling.pages import hidden
from tests.factories import holder_of, roster
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
DOOR, ROOM = "/nordhafen/chat/", "/nordhafen/gespraech/chat/"


@pytest.fixture
def house() -> House:
    return chatting_house()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FORENOON, tick=False) as traveller:
        yield traveller


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def sent_form(browser: Client, text: str = WORRY, **more: str) -> dict[str, str]:
    """Return what a browser sends from the door, its proof solved."""
    page = browser.get(DOOR)
    assert page.context is not None
    done = solved(page.context["gate"].challenge)
    return {"text": text, "danger": "nein", "ticket": page.context["ticket"], "altcha": done} | more


def inside(entered: Entered) -> Client:
    """Return a browser that came back with the code."""
    browser = Client()
    browser.post(reverse("return", args=["nordhafen"]), {"code": entered.code.display()})
    return browser


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


# --- The desk ----------------------------------------------------------------------------------------
def test_the_desk_shows_who_waits_and_katrin_takes_them(house: House, clock: object) -> None:
    entered = enter(house)
    browser = signed_in(house.katrin)
    shown = words(browser.get(reverse("chat-desk")))
    assert entered.case.reference in shown
    assert WORRY not in shown  # nobody's words before somebody takes them
    browser.post(reverse("chat-take", args=[entered.pk]))
    assert WORRY in words(browser.get(reverse("chat-desk")))
    assert "Katrin Petersen ist für Sie da." in words(inside(entered).get(ROOM))
    refused = signed_in(house.aylin)
    refused.post(reverse("chat-take", args=[entered.pk]))
    assert "Katrin" in words(refused.get(reverse("chat-desk")))


def test_every_page_of_the_team_says_that_somebody_waits_in_the_chat(
    house: House, clock: object
) -> None:
    browser = signed_in(house.katrin)
    assert "im Chat" not in words(browser.get(reverse("my-cases")))
    page = words(browser.get(reverse("chat-call"), headers={"HX-Request": "true"}))
    brought = {"HX-Request": "true", "Lotse-Mark": page.split('"Lotse-Mark": "')[1].split('"')[0]}
    assert browser.get(reverse("chat-call"), headers=brought).status_code == 204
    entered = enter(house)
    assert "1 Mensch wartet jetzt im Chat." in words(
        browser.get(reverse("chat-call"), headers=brought)
    )
    for name in ("queue", "my-cases", "shifts"):
        assert "1 Mensch wartet jetzt im Chat." in words(browser.get(reverse(name))), name
    assert "Wartet jetzt im Chat." in words(browser.get(reverse("queue")))  # and who it is
    assert "wartet jetzt im Chat" not in words(browser.get(reverse("chat-desk")))
    for nobody_there in (house.jonas, house.ada, house.boris):
        assert "wartet jetzt im Chat" not in words(signed_in(nobody_there).get(reverse("shifts")))
    browser.post(reverse("chat-take", args=[entered.pk]))
    assert "im Chat." not in words(browser.get(reverse("queue")))


def test_a_full_desk_takes_no_more_and_says_why(house: House, clock: object) -> None:
    WorkProfile.objects.create(member=house.katrin, ceiling=1)
    first, second = enter(house), enter(house)
    browser = signed_in(house.katrin)
    for entered in (first, second):
        browser.post(reverse("chat-take", args=[entered.pk]))
    assert "Voll: Es sind schon 1" in words(browser.get(reverse("chat-desk")))
    assert second.chat().state == ChatState.WAITING


def test_several_chats_stand_side_by_side(house: House, clock: object) -> None:
    browser = signed_in(house.katrin)
    chats = [enter(house, f"Frage {number}") for number in range(3)]
    for entered in chats:
        browser.post(reverse("chat-take", args=[entered.pk]))
    shown = words(browser.get(reverse("chat-desk")))
    assert shown.count('role="log"') == 3
    assert all(f"Frage {number}" in shown for number in range(3))


def test_reply_and_note_by_forms(house: House, clock: object) -> None:
    entered = taken(house)
    browser = signed_in(house.katrin)
    url = reverse("chat-write", args=[entered.pk])
    browser.post(url, {"text": "Wie alt ist er?", "message": str(uuid4())})
    browser.post(url, {"text": "Wirkt müde.", "message": str(uuid4()), "notiz": "1"})
    shown = words(inside(entered).get(ROOM))
    assert "Wie alt ist er?" in shown
    assert "Wirkt müde." not in shown
    assert "Hier steht noch nichts" in words(browser.post(url, {"text": ""}))


def test_a_transfer_shows_the_introduction_to_the_client(house: House, clock: object) -> None:
    entered = taken(house)
    browser = signed_in(house.katrin)
    url = reverse("chat-pass-on", args=[entered.pk])
    missing = browser.post(url, {"to": "", "text": "Aylin macht weiter."})
    assert "Bitte wählen Sie" in words(missing)
    assert "Aylin macht weiter." in words(missing)
    browser.post(
        url,
        {"to": str(house.aylin.pk), "text": "Aylin macht weiter.", "message": str(uuid4())},
    )
    shown = words(inside(entered).get(ROOM))
    assert "Aylin macht weiter." in shown
    assert "Aylin Demir ist für Sie da." in shown
    assert WORRY in words(signed_in(house.aylin).get(reverse("chat-desk")))


def test_the_end_with_a_summary(house: House, clock: object) -> None:
    entered = taken(house)
    url = reverse("chat-finish", args=[entered.pk])
    signed_in(house.katrin).post(
        url, {"text": "Drei Schritte.", "message": str(uuid4()), "als": "ende"}
    )
    shown = words(inside(entered).get(ROOM))
    assert "Der Chat ist zu Ende." in shown
    assert "Drei Schritte." in shown
    assert entered.now().state == CaseState.CLOSED


def test_going_on_by_message_leads_to_the_case(house: House, clock: object) -> None:
    entered = taken(house)
    response = signed_in(house.katrin).post(
        reverse("chat-finish", args=[entered.pk]), {"als": "nachricht"}
    )
    assert response.headers["Location"] == reverse("case", args=[entered.pk])
    assert "Es geht als Nachricht weiter." in words(inside(entered).get(ROOM))


def test_a_summary_that_goes_on_by_message_waits_in_the_draft(house: House, clock: object) -> None:
    entered = taken(house)
    browser = signed_in(house.katrin)
    drafts.save(
        case=entered.pk,
        text="Von vorher.",
        by=house.katrin,
        holder=holder_of(house.katrin),
        at=FORENOON,
    )
    url = reverse("chat-finish", args=[entered.pk])
    case = browser.post(url, {"als": "nachricht", "text": "Drei Schritte."}, follow=True)
    assert case.context["reply_form"]["text"].value() == "Von vorher.\n\nDrei Schritte."
    assert "Drei Schritte." not in words(inside(entered).get("/nordhafen/gespraech/"))


def test_a_chat_that_is_passed_on_comes_to_an_open_desk(house: House, clock: object) -> None:
    entered, mine = taken(house), enter(house, "Noch eine Frage.")
    aylin = signed_in(house.aylin)
    aylin.post(reverse("chat-take", args=[mine.pk]))
    shown = {"hier": [str(mine.pk)]}
    hint = {"HX-Request": "true"}
    assert 'role="log"' not in words(aylin.get(reverse("chat-desk"), shown, headers=hint))
    signed_in(house.katrin).post(
        reverse("chat-pass-on", args=[entered.pk]),
        {"to": str(house.aylin.pk), "text": "Aylin macht weiter.", "message": str(uuid4())},
    )
    came = words(aylin.get(reverse("chat-desk"), shown, headers=hint))
    assert "Aylin macht weiter." in came
    assert came.count('role="log"') == 1  # what stands there already is not brought again
    shown["hier"].append(str(entered.pk))
    assert 'role="log"' not in words(aylin.get(reverse("chat-desk"), shown, headers=hint))


def test_a_reply_to_a_chat_that_went_to_somebody_else_is_not_lost(
    house: House, clock: object
) -> None:
    entered = taken(house)
    browser = signed_in(house.aylin)
    response = browser.post(
        reverse("chat-write", args=[entered.pk]), {"text": "Zu spät.", "message": str(uuid4())}
    )
    assert response.status_code == 409
    assert "Zu spät." in words(response)


def test_the_case_page_leads_to_the_desk(house: House, clock: object) -> None:
    entered = taken(house)
    shown = words(signed_in(house.katrin).get(reverse("case", args=[entered.pk])))
    assert reverse("chat-desk") in shown


def test_jonas_in_training_has_no_desk(house: House, clock: object) -> None:
    assert signed_in(house.jonas).get(reverse("chat-desk")).status_code == 404


def test_ada_opens_the_chat_and_a_senseless_time_is_refused(house: House, clock: object) -> None:
    browser = signed_in(house.ada)
    fields = {
        "most_waiting": "3",
        "keep_minutes": "0",
        "last_entry_minutes": "15",
        "quiet_minutes": "10",
        "quiet_end_minutes": "5",
    }
    assert browser.post(reverse("chat-rules"), fields).status_code == 200
    browser.post(reverse("chat-rules"), fields | {"keep_minutes": "10", "offered": "on"})
    assert ChatRules.objects.get(pk=house.nordhafen.pk).keep_minutes == 10


def taken(house: House) -> Entered:
    """Return a chat in which Katrin sits and has said good day."""
    entered = enter(house)
    seats.take(case=entered.pk, by=house.katrin, at=FORENOON)
    reply(entered, house.katrin)
    return entered


def test_nothing_leads_to_a_chat_that_is_not_offered(house: House, clock: object) -> None:
    desk = reverse("chat-desk")
    assert DOOR in words(Client().get("/nordhafen/"))
    assert desk in words(signed_in(house.katrin).get(reverse("queue")))
    assert desk not in words(signed_in(house.jonas).get(reverse("queue")))
    assert "/suedstadt/chat/" not in words(Client().get("/suedstadt/"))
    assert desk not in words(signed_in(house.boris).get(reverse("queue")))
