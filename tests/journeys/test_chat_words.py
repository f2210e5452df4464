"""A mother's words in a chat are not lost: to a reload, a length, a dead line, or the chat's end meanwhile."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import SESSION
from tests.journeys.conftest import OpenVisitor
from tests.journeys.test_chat import (
    MEHMET,
    WORRY,
    Network,
    arrive,
    connected,
    enter,
    look,
    say,
    texts,
)
from tests.servers.lotse import Lotse, running_lotse

AFTERWARDS = "about:blank"


@pytest.fixture(scope="module")
def open_chat() -> Iterator[Lotse]:
    """A demo of our own: nobody else waits in its chat, which is open around the clock."""
    with running_lotse(SESSION.folder / "chat-words-lotse") as lotse:
        yield lotse


def cut_off(visit: OpenVisitor, lotse: Lotse, text: str = WORRY) -> tuple[Page, Network, Locator]:
    """Let a mother enter the chat and lose the network; return her page, the network and the room."""
    mother = visit("phone", base_url=lotse.url).page()
    network = Network(mother)
    room = enter(mother, text)
    network.off()
    expect(room).to_have_attribute("data-chat-connection", "lost")
    return mother, network, room


def come_back(mother: Page, network: Network) -> None:
    """Come back to the room after the browser has put the page away, with the network again."""
    mother.goto(AFTERWARDS)
    network.on()
    mother.goto("/nordhafen/gespraech/chat/")


def test_what_was_sent_without_a_network_arrives_after_a_reload(
    visit: OpenVisitor, open_chat: Lotse
) -> None:
    mother, network, room = cut_off(visit, open_chat)
    say(room, "Im Funkloch, erster Satz.")
    say(room, "Im Funkloch, zweiter Satz.")
    come_back(mother, network)
    room = connected(mother)
    expect(room.locator("[data-chat-sending]:not(:empty)")).to_have_count(0)
    assert texts(room)[1:] == ["Im Funkloch, erster Satz.", "Im Funkloch, zweiter Satz."]
    mother.reload()
    connected(mother)
    assert len(texts(room)) == 3
    assert mother.evaluate("sessionStorage.getItem('unsent')") is None


def test_what_was_not_sent_for_long_is_forgotten_by_the_next_page(
    visit: OpenVisitor, open_chat: Lotse
) -> None:
    mother, network, room = cut_off(visit, open_chat, "Der Zug fährt in den Tunnel.")
    say(room, "Das liest niemand mehr.")
    age = """(() => {
      const kept = JSON.parse(sessionStorage.unsent);
      for (const chat of Object.values(kept)) chat.at -= 11 * 60 * 1000;
      sessionStorage.unsent = JSON.stringify(kept);
    })()"""
    mother.evaluate(age)
    mother.goto(AFTERWARDS)
    network.on()
    mother.goto("/nordhafen/")
    mother.wait_for_load_state()
    assert mother.evaluate("sessionStorage.getItem('unsent')") is None


def test_what_did_not_arrive_before_the_end_is_offered_as_a_message(
    visit: OpenVisitor, open_chat: Lotse
) -> None:
    mother = visit("phone", base_url=open_chat.url).page()
    network = Network(mother)
    room = enter(mother, "Der Chat, der zu Ende geht.")
    mehmet = visit("desktop", base_url=open_chat.url).page()
    arrive(mehmet, MEHMET)
    mehmet.locator("#chat-line form button").last.click()
    panel = connected(mehmet)
    expect(room).to_have_attribute("data-chat-state", "active")
    network.off()
    say(room, "Das habe ich noch nie gesagt.")
    mother.goto(AFTERWARDS)
    panel.locator("details.chat__more").last.locator("summary").click()
    panel.locator("button[value=nachricht]").click()
    expect(mehmet.locator("#reply-text")).to_be_visible()
    come_back(mother, network)
    late = mother.locator("[data-chat-late]")
    expect(late.locator("textarea")).to_have_value("Das habe ich noch nie gesagt.")
    look(mother, "chat-late")
    late.locator("button[type=submit]").click()
    expect(late).to_be_hidden()
    assert texts(mother.locator("section.chat")).count("Das habe ich noch nie gesagt.") == 1


def test_a_text_that_is_too_long_stays_in_its_field(visit: OpenVisitor, open_chat: Lotse) -> None:
    mother = visit("phone", base_url=open_chat.url).page()
    room = enter(mother, "Ich füge etwas Langes ein.")
    pasted = "ü" * 20_000  # more than a frame may hold
    say(room, pasted)
    expect(room.locator("[data-chat-line]")).to_be_visible()
    expect(room.locator("[data-chat-form] textarea")).to_have_value(pasted)
    say(room, "Dann eben kurz.")
    expect(room.locator(".message--client").last).to_contain_text("Dann eben kurz.")
    expect(room.locator("[data-chat-line]")).to_be_hidden()


def test_times_are_those_of_the_house_wherever_the_phone_is(
    visit: OpenVisitor, open_chat: Lotse
) -> None:
    mother = visit("phone", base_url=open_chat.url, timezone_id="America/New_York").page()
    room = enter(mother, "Wo finde ich eine Hebamme?")
    say(room, "Ich bin gerade verreist.")
    written = room.locator("[data-chat-log] time").last
    expect(room.locator("[data-chat-sending]:not(:empty)")).to_have_count(0)
    drawn = written.inner_text()
    mother.reload()
    expect(connected(mother).locator("[data-chat-log] time").last).to_contain_text(drawn)


def test_help_comes_up_as_soon_as_what_she_writes_sounds_like_danger(
    visit: OpenVisitor, open_chat: Lotse
) -> None:
    mother = visit("phone", base_url=open_chat.url).page()
    room = enter(mother, "Mein Kind isst kein Gemüse.")
    help_now = mother.locator("[data-chat-danger]")
    expect(help_now).to_be_hidden()
    say(room, "Ich will mich jetzt umbringen, die Tabletten liegen vor mir.")
    expect(help_now).to_be_in_viewport()
    expect(help_now.locator("a[href='tel:112']")).to_be_visible()
    mother.reload()
    connected(mother)
    expect(help_now).to_be_visible()


def test_a_network_that_swallows_sockets_is_noticed_and_asked_over_http(
    visit: OpenVisitor, open_chat: Lotse
) -> None:
    mother = visit("phone", base_url=open_chat.url).page()
    # Opens, and never says a word.
    mother.route_web_socket("**/ws/chat/", lambda _socket: None)
    mother.goto("/nordhafen/chat/")
    mother.locator("#id_text").fill("Im Netz der Klinik.")
    mother.locator("form[data-draft-keep] button[type=submit]").first.click()
    room = mother.locator("[data-chat]")
    expect(room).to_have_attribute("data-chat-connection", "polling")
    say(room, "Kommt das an?")
    expect(room.locator("[data-chat-sending]:not(:empty)")).to_have_count(0)
    assert texts(room) == ["Im Netz der Klinik.", "Kommt das an?"]
