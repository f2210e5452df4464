"""The desk of chats, by plain forms: what a counsellor sees and can do."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from chat.models import ChatRules
from chat.operations import seats
from chat.states import ChatState
from counselling.models import WorkProfile
from counselling.operations import drafts
from counselling.states import CaseState
from tests.chat.house import FORENOON, WORRY, Entered, chatting_house, enter, reply
from tests.chat.pages import DOOR, ROOM, inside, words
from tests.counselling.house import House
from tests.factories import holder_of
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return chatting_house()


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
