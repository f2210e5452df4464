"""The wire: whatever was acknowledged is there once and in order, and nobody hears what is not theirs.

docs/protocol.md is the contract.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts.operations import sessions
from audit import trail
from chat import consumers, exchange, protocol, rooms
from chat.exchange import Side, Speaker
from chat.models import Chat
from chat.operations import ending, speaking
from chat.protocol import Close
from chat.rounds import Mark
from counselling.access import CASE_KEY, HOLDER_KEY
from counselling.models import Message
from counselling.operations import cases
from tests.chat.house import FORENOON, WORRY, Entered, enter
from tests.chat.wires import Wire, colleague, parent, sit, socket, with_code
from tests.counselling.house import House
from tests.factories import note

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_mother_waits_is_taken_and_both_read_every_word_once(
    house: House, entered: Entered
) -> None:
    async with parent(entered) as mother:
        assert (await mother.hello())["you"] == "client"
        assert (await mother.next("message"))["text"] == WORRY
        state = await mother.next("state")
        assert (state["state"], state["position"]) == ("waiting", 1)

        await sit(entered, house.katrin)
        state = await mother.next("state")
        assert (state["state"], state["with"]) == ("active", "Katrin Petersen")

        async with colleague(house.katrin, entered) as katrin:
            await katrin.hello()
            assert (await katrin.next("message"))["text"] == WORRY
            sent = await katrin.say("Guten Tag. **Wie alt** ist er?")
            assert (await katrin.next("ack")) == {"type": "ack", "id": sent, "seq": 2}
            heard = await mother.next("message")
            assert (heard["seq"], heard["from"], heard["name"]) == (2, "reply", "Katrin Petersen")
            assert "<strong>Wie alt</strong>" in heard["html"]

            await mother.say("Zwei.")
            answer = (await katrin.messages(2))[-1]
            assert (answer["seq"], answer["from"], answer["text"]) == (3, "client", "Zwei.")


async def test_the_same_message_again_is_the_same_and_another_text_is_refused(
    entered: Entered,
) -> None:
    async with parent(entered) as father:
        await father.hello(after=1)
        token = await father.say("Noch eine Frage.")
        first = await father.next("ack")
        await father.say("Noch eine Frage.", token)
        assert await father.next("ack") == first
        await father.say("Etwas anderes.", token)
        refused = await father.next("refused")
        assert (refused["error"], refused["seq"]) == ("different_text", first["seq"])
    assert await Message.objects.filter(case=entered.pk).acount() == 2


async def test_who_comes_back_gets_what_is_missing_and_nothing_twice(
    house: House, entered: Entered
) -> None:
    await sit(entered, house.katrin)
    async with parent(entered) as mother:
        await mother.hello(after=1)
        await mother.say("Eins.")
        await mother.next("ack")
    async with colleague(house.katrin, entered) as katrin:
        await katrin.hello()
        for number in range(3):
            await katrin.say(f"Antwort {number}")
            await katrin.next("ack")
    async with parent(entered) as mother:
        await mother.hello(after=2)
        assert [m["seq"] for m in await mother.messages(3)] == [3, 4, 5]


async def test_who_claims_to_have_more_than_there_is_misses_nothing(entered: Entered) -> None:
    async with parent(entered) as mother:
        assert (await mother.hello(after=999))["after"] == 1
        await mother.say("Hallo?")
        assert (await mother.next("message"))["seq"] == 2


async def test_a_note_is_for_the_team_only(house: House, entered: Entered) -> None:
    await sit(entered, house.katrin)
    async with parent(entered) as mother, colleague(house.katrin, entered) as katrin:
        await mother.hello(after=1)
        await katrin.hello(after=1)
        await katrin.say("Klingt nach Überlastung.", kind="note")
        assert (await katrin.next("message"))["from"] == "note"
        await katrin.say("Ich bin da.")
        heard = await mother.next("message")
        assert (heard["seq"], heard["text"]) == (3, "Ich bin da.")
        await mother.say("Nur für mich", kind="note")
        assert await mother.closed() == (Close.MALFORMED, "unknown_kind")


async def test_typing_reading_and_being_there_reach_the_other_side(
    house: House, entered: Entered
) -> None:
    await sit(entered, house.katrin)
    async with parent(entered) as mother:
        await mother.hello()
        await mother.next("state")
        async with colleague(house.katrin, entered) as katrin:
            await katrin.hello()
            assert (await mother.next("presence"))["there"] is True
            assert (await katrin.next("presence"))["who"] == "client"
            await katrin.put(type="typing")
            assert await mother.next("typing") == {"type": "typing", "by": "team"}
            await katrin.put(type="read", seq=1)
            assert (await mother.next("state"))["read"] == 1
        assert (await mother.next("presence"))["there"] is False


async def settled(wire: Wire) -> None:
    """Say hello, and wait until all that belongs to it is done."""
    await wire.hello()
    await wire.put(type="ping")
    await wire.next("pong")


async def test_who_goes_in_one_of_two_tabs_is_still_there(house: House, entered: Entered) -> None:
    await sit(entered, house.katrin)
    async with colleague(house.katrin, entered) as katrin, parent(entered) as mother:
        await settled(katrin)
        await settled(mother)
        async with parent(entered) as second:
            await settled(second)
        while (await katrin.next("presence"))["there"]:
            pass
        assert (await katrin.next("presence"))["there"] is True


async def test_a_reader_who_says_nothing_gets_a_window_full_and_the_rest_after_a_sign(
    house: House, entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "WINDOW", 4)

    def write() -> None:
        for number in range(5):
            note(entered, house.katrin, f"Notiz {number}")

    await sync_to_async(write)()
    async with colleague(house.katrin, entered) as katrin:
        await katrin.hello()
        assert [m["seq"] for m in await katrin.messages(4)] == [1, 2, 3, 4]
        await katrin.put(type="got", seq=1)
        await katrin.put(type="ping")
        await katrin.next("pong")  # and no message before it: one place alone is not worth a look
        await katrin.put(type="got", seq=2)
        assert [m["seq"] for m in await katrin.messages(2)] == [5, 6]


async def test_a_reader_who_stays_silent_is_closed(
    house: House, entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "WINDOW", 1)
    monkeypatch.setattr(consumers, "STALLED", 0.0)
    monkeypatch.setattr(consumers, "POLL_BETWEEN", (0.05, 0.1))
    async with colleague(house.katrin, entered) as katrin:
        await katrin.hello()
        assert (await katrin.closed())[0] == Close.TOO_SLOW


async def test_a_hello_that_meets_no_database_is_told_to_come_again(
    house: House, entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "welcome", _without_database)
    async with colleague(house.katrin, entered) as katrin:
        await katrin.put(type="hello", v=1)
        assert (await katrin.closed())[0] == Close.AWAY


def _without_database(*_who: object, **_when: object) -> None:
    raise OperationalError("the database is away")


async def test_a_lost_hint_loses_nothing(
    house: House, entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "POLL_BETWEEN", (0.05, 0.1))
    monkeypatch.setattr(rooms.Room, "_hint", _deaf)
    async with colleague(house.katrin, entered) as katrin:
        await katrin.hello(after=1)
        await sync_to_async(note)(entered, house.aylin, "Bitte auf Schlafmangel achten.")
        assert (await katrin.next("message"))["text"] == "Bitte auf Schlafmangel achten."


async def test_a_look_that_fails_is_not_the_last_one(
    house: House,
    entered: Entered,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(consumers, "POLL_BETWEEN", (0.05, 0.1))
    monkeypatch.setattr(rooms.Room, "_hint", _deaf)
    mark, failed = consumers.rounds.mark, asyncio.Event()

    async def fail_once(speaker: Speaker) -> Mark:
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError("Schlafmangel")
        return await mark(speaker)

    monkeypatch.setattr(consumers.rounds, "mark", fail_once)
    async with colleague(house.katrin, entered) as katrin:
        await katrin.hello(after=1)
        await failed.wait()
        await sync_to_async(note)(entered, house.aylin, "Bitte auf Schlafmangel achten.")
        assert (await katrin.next("message"))["text"] == "Bitte auf Schlafmangel achten."
    assert "a chat's look failed: ZeroDivisionError" in caplog.text
    assert "Schlafmangel" not in caplog.text


async def test_who_has_just_come_looks_only_once_something_has_changed(
    house: House, entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Side] = []
    marks: asyncio.Queue[None] = asyncio.Queue()
    mark, look = consumers.rounds.mark, exchange.look

    async def noted(speaker: Speaker) -> Mark:
        found = await mark(speaker)
        marks.put_nowait(None)
        return found

    def counted(speaker: Speaker, *, at: datetime) -> exchange.Looked:
        looks.append(speaker.side)
        return look(speaker, at=at)

    monkeypatch.setattr(consumers, "POLL_BETWEEN", (0.05, 0.1))
    monkeypatch.setattr(consumers.ChatConsumer, "moved", _deaf_to_moves)
    monkeypatch.setattr(consumers.rounds, "mark", noted)
    monkeypatch.setattr(exchange, "look", counted)
    await sit(entered, house.katrin)
    await Chat.objects.aupdate(kept_until=timezone.now() + timedelta(hours=1))
    async with parent(entered) as mother:
        await mother.hello(after=1)
        assert (await mother.next("state"))["read"] == 0
        await marks.get()
        await marks.get()
        assert looks == [Side.CLIENT]  # the one at the beginning
        await sync_to_async(speaking.read_by_team)(case=entered.pk, seq=1)
        assert (await mother.next("state"))["read"] == 1
        assert looks == [Side.CLIENT] * 2


async def test_a_line_that_moves_is_news_only_for_who_waits_in_it(
    house: House, entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[UUID] = []
    stands = exchange.stands

    def noted(speaker: Speaker, *, at: datetime) -> exchange.Looked:
        told.append(speaker.case)
        return stands(speaker, at=at)

    await sit(entered, house.katrin)
    first = await sync_to_async(enter)(house)
    second = await sync_to_async(enter)(house, at=FORENOON + timedelta(minutes=1))
    async with parent(entered) as served, parent(first) as waits, parent(second) as waits_longer:
        for one, where in ((served, "active"), (waits, "waiting"), (waits_longer, "waiting")):
            await one.hello(after=1)
            assert (await one.next("state"))["state"] == where
        monkeypatch.setattr(exchange, "stands", noted)
        await sync_to_async(ending.leave)(case=first.pk, at=timezone.now())
        assert (await waits.next("state"))["state"] == "left"
        assert (await waits_longer.next("state"))["position"] == 1
        await asyncio.sleep(2 * consumers.STATE_WITHIN[1])
    assert entered.pk not in told
    assert second.pk in told


async def _deaf_to_moves(_self: object, _event: object) -> None:
    """Hear no hint that something moved."""


def _deaf(_self: object, _event: object) -> None:
    """Hear no hint."""


# --- Who is not to hear ---------------------------------------------------------------------------
async def test_who_knows_no_code_and_who_is_not_signed_in_is_closed(entered: Entered) -> None:
    for path in ("/ws/chat/", f"/ws/chats/{entered.pk}/"):
        async with socket(path, Client()) as nobody:
            await nobody.put(type="hello", v=1)
            assert (await nobody.closed())[0] == Close.SIGNED_OUT


async def test_who_may_not_read_the_case_finds_no_chat(house: House, entered: Entered) -> None:
    for member in (*house.without_access(), house.jonas):
        async with colleague(member, entered) as stranger:
            await stranger.put(type="hello", v=1)
            assert (await stranger.closed())[0] == Close.NOT_THERE


async def test_a_session_that_is_ended_in_mid_chat_is_closed_and_hears_no_more(
    house: House, entered: Entered
) -> None:
    await sit(entered, house.katrin)
    async with colleague(house.katrin, entered) as katrin:
        await katrin.hello()
        await katrin.next("state")
        await sync_to_async(sessions.end_all)(user=house.katrin.user, at=timezone.now())
        assert (await katrin.closed())[0] == Close.SIGNED_OUT


async def test_a_client_who_left_on_this_device_is_closed_without_any_hint(
    entered: Entered,
) -> None:
    browser = await sync_to_async(with_code)(entered)
    async with socket("/ws/chat/", browser) as mother:
        await mother.hello()
        await mother.next("state")

        def leave() -> None:
            session = browser.session
            del session[CASE_KEY], session[HOLDER_KEY]
            session["other"] = "something else lives on in this browser"
            session.save()

        await sync_to_async(leave)()
        assert (await mother.closed())[0] == Close.SIGNED_OUT


async def test_a_deleted_case_ends_its_chat(entered: Entered) -> None:
    async with parent(entered) as mother:
        await mother.hello()
        await mother.next("state")
        await sync_to_async(cases.delete)(case=entered.pk, by=trail.CLIENT, at=timezone.now())
        assert (await mother.closed())[0] == Close.NOT_THERE


async def test_aylin_may_look_and_note_but_not_answer_in_katrins_chat(
    house: House, entered: Entered
) -> None:
    await sit(entered, house.katrin)
    async with colleague(house.aylin, entered) as aylin:
        await aylin.hello()
        assert (await aylin.next("state"))["yours"] is False
        await aylin.say("Hallo, ich auch.")
        assert (await aylin.next("refused"))["error"] == "not_yours"


# --- Hostile sockets --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sent", "code", "error"),
    [
        ({"text_data": "{"}, Close.MALFORMED, "no_json"),
        ({"text_data": "[" * 20_000}, Close.MALFORMED, "no_json"),
        ({"text_data": "x" * 40_000}, Close.TOO_LARGE, "too_large"),
        ({"text_data": '{"type":"drop"}'}, Close.MALFORMED, "unknown_type"),
        ({"text_data": '{"type":"hello","v":2}'}, Close.WRONG_VERSION, "wrong_version"),
        ({"text_data": '{"type":"ping"}'}, Close.MALFORMED, "hello_first"),
        ({"bytes_data": b"\x00\xff"}, Close.MALFORMED, "binary"),
    ],
)
async def test_a_wrong_frame_gets_its_name_and_its_code(
    entered: Entered, sent: dict[str, Any], code: Close, error: str
) -> None:
    async with parent(entered) as somebody:
        await somebody.communicator.send_to(**sent)
        assert await somebody.closed() == (code, error)


async def test_who_never_says_hello_is_closed(
    entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "HELLO_WITHIN", 0.05)
    async with parent(entered) as silent:
        assert (await silent.closed())[0] == Close.NO_HELLO


async def test_a_flood_of_frames_ends_only_its_own_socket(house: House, entered: Entered) -> None:
    async with colleague(house.katrin, entered) as katrin, parent(entered) as flooding:
        await katrin.hello()
        await flooding.hello()
        for _number in range(400):
            await flooding.put(type="ping")
        assert await flooding.closed() == (Close.FLOOD, "flood")
        await katrin.put(type="ping")
        await katrin.next("pong")


async def test_a_flood_of_messages_is_refused_for_a_moment_and_counted_once(
    entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "sends_bucket", lambda: protocol.Bucket(2, 0.0))
    async with parent(entered) as mother:
        await mother.hello(after=1)
        for number in range(3):
            await mother.say(f"Text {number}")
        assert (await mother.next("refused"))["error"] == "too_fast"
    assert await Message.objects.filter(case=entered.pk).acount() == 3


async def test_empty_and_endless_texts_are_refused_by_name(entered: Entered) -> None:
    async with parent(entered) as mother:
        await mother.hello()
        for text, error in ((" \n", "empty"), ("a" * 4001, "too_long"), ("\ud800", "empty")):
            await mother.say(text)
            assert (await mother.next("refused"))["error"] == error


async def test_two_who_talk_at_once_lose_nothing_and_see_one_order(
    house: House, entered: Entered
) -> None:
    await sit(entered, house.katrin)
    async with parent(entered) as mother, colleague(house.katrin, entered) as katrin:
        await mother.hello()
        await katrin.hello()

        async def talk(wire: Wire, who: str) -> None:
            for number in range(5):
                await wire.say(f"{who} {number}")

        await asyncio.gather(talk(mother, "Mutter"), talk(katrin, "Katrin"))
        seen = [[m["seq"] for m in await wire.messages(11)] for wire in (mother, katrin)]
    assert seen == [list(range(1, 12))] * 2
