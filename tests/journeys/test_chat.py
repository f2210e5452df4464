"""A mother waits and chats, her network goes and comes, a colleague takes over, and it goes on by mail."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.conftest import SESSION
from tests.journeys.actors import Colleague
from tests.journeys.conftest import OpenVisitor
from tests.journeys.evidence import no_serious_axe, screenshot
from tests.journeys.keyboard import tab_to
from tests.servers.lotse import Lotse, running_lotse

WORRY = "Mein Kind schreit jede Nacht, und ich weiß nicht mehr weiter."
MEHMET, JONNA = "mehmet.aydin@nordhafen.example.org", "jonna.petersen@nordhafen.example.org"


@pytest.fixture(scope="module")
def open_chat() -> Iterator[Lotse]:
    """A demo of our own: nobody else waits in its chat, which is open around the clock."""
    with running_lotse(SESSION.folder / "chat-lotse") as lotse:
        yield lotse


class Network:
    """A page's way to the server, which can be cut: sockets in the middle, everything else as well."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.is_down = False
        self._open: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/ws/chat"), self._through)

    def _through(self, socket: WebSocketRoute) -> None:
        if self.is_down:
            socket.close()
            return
        socket.connect_to_server()
        self._open.append(socket)

    def off(self) -> None:
        """Cut it."""
        self.is_down = True
        self.page.context.set_offline(True)
        for socket in self._open:
            socket.close()
        self._open.clear()

    def on(self) -> None:
        """Mend it."""
        self.is_down = False
        self.page.context.set_offline(False)


def enter(page: Page, text: str = WORRY) -> Locator:
    """Enter the chat, and return its box on the page, connected."""
    page.goto("/nordhafen/chat/")
    look(page, "chat-open")
    page.locator("#id_text").fill(text)
    page.locator("input[name=danger][value=nein]").check()
    page.locator("form[data-draft-keep] button[type=submit]").first.click()
    return connected(page)


def connected(page: Page) -> Locator:
    """Return the one chat on a page as soon as it is connected."""
    expect(page.locator("[data-chat][data-chat-connection=open]")).to_be_visible()
    return page.locator("[data-chat]")


def say(box: Locator, text: str) -> None:
    """Type something and send it, with the keyboard alone."""
    field = box.locator("[data-chat-form] textarea")
    field.fill(text)
    field.press("Control+Enter")


def look(page: Page, name: str) -> None:
    """Look at a page: nothing serious for axe, and a picture."""
    no_serious_axe(page)
    page.evaluate("window.scrollTo(0, 0)")  # bars that stay in sight belong on top
    screenshot(page, f"page-{name}")


def texts(box: Locator) -> list[str]:
    """Return what stands in a chat's log, from the top."""
    return [" ".join(text.split()) for text in box.locator(".message__body").all_inner_texts()]


def arrive(page: Page, email: str) -> None:
    """Sign in to the demo and go to the desk."""
    Colleague(page, "de", None, email).enter()
    page.goto("/team/chats/")


def test_wait_chat_network_off_and_on_transfer_and_on_by_mail(
    visit: OpenVisitor, open_chat: Lotse
) -> None:
    mother = visit("phone", base_url=open_chat.url).page()
    network = Network(mother)
    room = enter(mother)
    expect(room).to_have_attribute("data-chat-state", "waiting")
    expect(mother.locator("#access-code")).to_be_visible()
    expect(mother.locator("a[data-quick-exit]")).to_be_in_viewport()
    look(mother, "chat-waiting")
    mother.reload()  # the place is kept
    room = connected(mother)
    assert texts(room) == [WORRY]

    mehmet = visit("desktop", base_url=open_chat.url).page()
    arrive(mehmet, MEHMET)
    look(mehmet, "chat-desk-line")
    mehmet.locator("#chat-line form button").first.click()
    panel = connected(mehmet)
    assert texts(panel) == [WORRY]
    expect(room).to_have_attribute("data-chat-state", "active")
    expect(room.locator("[data-chat-title]")).to_contain_text("Mehmet")

    say(panel, "Guten Abend. **Wie alt** ist dein Kind?")
    expect(room.locator(".message--reply")).to_contain_text("Wie alt ist dein Kind?")
    assert room.locator("[role=log] .message--reply").count() == 1
    say(room, "Acht Monate.")
    expect(panel.locator(".message--client").last).to_contain_text("Acht Monate.")

    network.off()
    expect(room).to_have_attribute("data-chat-connection", "lost")
    say(room, "Geschrieben im Funkloch.")
    say(panel, "Ich bin noch da.")
    expect(panel.locator(".message--reply").last).to_contain_text("Ich bin noch da.")
    network.on()
    expect(room).to_have_attribute("data-chat-connection", "open")
    expect(panel.locator(".message--client").last).to_contain_text("Funkloch")
    expect(room.locator("[data-chat-log]")).to_contain_text("Ich bin noch da.")
    expect(room.locator("[data-chat-sending]:not(:empty)")).to_have_count(0)
    assert sorted(texts(room)) == sorted(texts(panel))
    assert len(texts(room)) == 5
    look(mother, "chat-active")
    look(mehmet, "chat-desk-panel")

    more = panel.locator("details.chat__more", has_text="Weitergeben")
    more.locator("summary").click()
    target = more.locator("select option", has_text="Jonna")
    more.locator("select").select_option(value=target.get_attribute("value"))
    more.locator("textarea").fill("Meine Kollegin Jonna übernimmt, sie hat heute Nacht Zeit.")
    more.locator("button[type=submit]").click()
    expect(mehmet.locator(".notice--success")).to_be_visible()
    expect(room.locator("[data-chat-title]")).to_contain_text("Jonna")
    expect(room.locator(".message--reply").last).to_contain_text("Meine Kollegin Jonna")

    jonna = visit("desktop", base_url=open_chat.url).page()
    arrive(jonna, JONNA)
    panel = connected(jonna)
    say(panel, "Hallo, ich bin Jonna.")
    expect(room.locator(".message--reply").last).to_contain_text("Hallo, ich bin Jonna.")

    panel.locator("details.chat__more").last.locator("summary").click()
    panel.locator("button[value=nachricht]").click()
    expect(jonna.locator("#reply-text")).to_be_visible()
    expect(mother.locator("[data-chat-form]")).to_have_count(0)
    look(mother, "chat-over")
    mother.goto("/nordhafen/gespraech/")
    thread = mother.locator("ol.thread")
    expect(thread.locator(".message--client")).to_have_count(3)
    expect(thread.locator(".message--reply")).to_have_count(4)
    mother.locator("#id_text").fill("Danke, ich schlafe jetzt.")
    mother.locator("form[action$='/schreiben/'] button[type=submit]").first.click()
    expect(thread.locator(".message--client").last).to_contain_text("Danke, ich schlafe jetzt.")


def test_by_keyboard_alone_with_the_sizes_swapped(visit: OpenVisitor, open_chat: Lotse) -> None:
    mother = visit("desktop", base_url=open_chat.url).page()
    mother.goto("/nordhafen/")
    tab_to(mother, mother.locator(".hero a[href$='/chat/']"))
    mother.keyboard.press("Enter")
    tab_to(mother, mother.locator("#id_text"))
    mother.keyboard.type(WORRY)
    tab_to(mother, mother.locator("input[name=danger]").first)
    mother.keyboard.press("ArrowDown")
    tab_to(mother, mother.locator("form[data-draft-keep] button[type=submit]").first)
    mother.keyboard.press("Enter")
    room = connected(mother)
    log = room.locator("[role=log]")  # which screen readers read out as it grows

    mehmet = visit("phone", base_url=open_chat.url).page()
    arrive(mehmet, MEHMET)
    tab_to(mehmet, mehmet.locator("#chat-line form button").first)
    mehmet.keyboard.press("Enter")
    panel = connected(mehmet)
    tab_to(mehmet, panel.locator("[data-chat-form] textarea"))
    mehmet.keyboard.type("Guten Abend, ich bin Mehmet.")
    mehmet.keyboard.press("Control+Enter")
    expect(log).to_contain_text("ich bin Mehmet")

    tab_to(mother, room.locator("[data-chat-form] textarea"))
    mother.keyboard.type("Danke, dass Sie da sind.")
    tab_to(mother, room.locator("[data-chat-form] button[type=submit]"))
    mother.keyboard.press("Enter")
    expect(panel.locator(".message--client").last).to_contain_text("Danke, dass Sie da sind.")

    more = panel.locator("details.chat__more", has_text="Weitergeben")
    tab_to(mehmet, more.locator("summary"))
    mehmet.keyboard.press("Enter")
    tab_to(mehmet, more.locator("select"))
    mehmet.keyboard.type("Jonna")
    tab_to(mehmet, more.locator("textarea"))
    mehmet.keyboard.type("Meine Kollegin Jonna hat heute Nacht Zeit.")
    tab_to(mehmet, more.locator("button[type=submit]"))
    mehmet.keyboard.press("Enter")
    expect(room.locator("[data-chat-title]")).to_contain_text("Jonna")

    tab_to(mother, mother.locator("button[value=nachricht]"))
    mother.keyboard.press("Enter")
    expect(mother.locator("[data-chat-form]")).to_have_count(0)


def test_without_sockets_and_without_javascript(visit: OpenVisitor, open_chat: Lotse) -> None:
    blocked = visit("phone", base_url=open_chat.url).page()
    network = Network(blocked)
    network.is_down = True  # sockets only: HTTP goes through
    blocked.goto("/nordhafen/chat/")
    blocked.locator("#id_text").fill("Hinter einer Firmenwand.")
    blocked.locator("form[data-draft-keep] button[type=submit]").first.click()
    room = blocked.locator("[data-chat]")
    expect(room).to_have_attribute("data-chat-connection", "polling")
    say(room, "Kommt das an?")
    expect(room.locator("[data-chat-sending]:not(:empty)")).to_have_count(0)
    assert texts(room) == ["Hinter einer Firmenwand.", "Kommt das an?"]

    plain = visit("phone", js=False, base_url=open_chat.url).page()
    plain.goto("/nordhafen/chat/")
    plain.locator("#id_text").fill("Ohne Skripte.")
    plain.wait_for_timeout(3200)  # as long as a form without a proof must have been open
    plain.locator("form[data-draft-keep] button[type=submit]").first.click()
    plain.locator("[data-chat-form] textarea").fill("Noch ein Satz.")
    plain.locator("[data-chat-form] button[type=submit]").click()
    assert texts(plain.locator("section.chat")) == ["Ohne Skripte.", "Noch ein Satz."]
    plain.locator("button[value=nachricht]").click()
    expect(plain.locator("[data-chat-form]")).to_have_count(0)
