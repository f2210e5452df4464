"""Katrin's colleagues chat by keyboard alone: signals until looked at, help found, company, silence."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import SESSION
from tests.journeys.conftest import OpenVisitor
from tests.journeys.test_chat import (
    JONNA,
    MEHMET,
    Network,
    arrive,
    connected,
    enter,
    look,
    say,
    texts,
)
from tests.servers.lotse import Lotse, running_lotse

# Notes each tone and each message of the browser on the page, and hears and shows them as before.
NOTED = """
const noted = () => document.documentElement.dataset;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) {
  noted().tones = Number(noted().tones ?? 0) + 1;
  return start.apply(this, at);
};
// The browser without a window says "denied" until it is asked, whatever it was allowed.
window.Notification = class extends window.Notification {
  static get permission() { return sessionStorage.getItem("allowed") ?? "default"; }
  static async requestPermission() {
    const said = await super.requestPermission();
    sessionStorage.setItem("allowed", said);
    return said;
  }
  constructor(title, options) {
    super(title, options);
    noted().called = [noted().called, title, options?.body].filter(Boolean).join("|");
  }
};
"""
# As if the chat had been still for an hour, and the worker looked.
STILL = """
from datetime import timedelta
from django.utils import timezone
from chat.models import Chat
from chat.operations import ending
from counselling.models import Message
ago = timezone.now() - timedelta(hours=1)
for chat in Chat.objects.filter(over_at__isnull=True):
    Message.objects.filter(case=chat.case_id).update(created_at=ago)
    Chat.objects.filter(pk=chat.pk).update(taken_at=ago)
ending.sweep(at=timezone.now())
"""
TITLE = re.compile(r"^\(\d+\) ")


@pytest.fixture(scope="module")
def open_chat() -> Iterator[Lotse]:
    """A demo of our own: nobody else waits in its chat, which is open around the clock."""
    with running_lotse(SESSION.folder / "chat-desk-lotse") as lotse:
        yield lotse


def tones(page: Page) -> str:
    """Return how many tones a page has made."""
    return page.locator("html").get_attribute("data-tones") or "0"


def expect_tone(page: Page, before: str) -> None:
    """Wait for one more tone."""
    expect(page.locator("html")).to_have_attribute("data-tones", re.compile(r"\d"))
    expect(page.locator("html")).not_to_have_attribute("data-tones", before)


def test_a_desk_with_the_keyboard_alone(visit: OpenVisitor, open_chat: Lotse) -> None:
    """Two mothers, two chats: taken, told apart, answered, and passed between, without a mouse."""
    first = visit("phone", base_url=open_chat.url).page()
    enter(first, "Mein Sohn schläft nicht.")
    visitor = visit("desktop", base_url=open_chat.url)
    visitor.context.grant_permissions(["notifications"])
    second = visitor.page()
    second.add_init_script(NOTED)
    waiting = enter(second, "Meine Tochter isst nicht.")
    call_me = second.locator("[data-chat-notify]")
    expect(call_me).to_be_visible()
    call_me.press("Enter")
    expect(call_me).to_be_hidden()
    look(second, "chat-waiting")
    second.reload()  # and still wanted afterwards
    waiting = connected(second)
    expect(call_me).to_be_hidden()

    desk = visit("desktop", base_url=open_chat.url).page()
    desk.add_init_script(NOTED)
    arrive(desk, MEHMET)
    desk.keyboard.press("Alt+KeyU")  # nobody is with us yet: to who waits
    expect(desk.locator("#chat-line form button").first).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-chat][data-chat-connection=open]")).to_have_count(1)
    second.evaluate("Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'})")
    desk.keyboard.press("Alt+KeyU")
    desk.locator("#chat-line form button").first.press("Enter")
    expect(desk.locator("[data-chat][data-chat-connection=open]")).to_have_count(2)
    expect(waiting).to_have_attribute("data-chat-state", "active")
    expect(second).to_have_title(re.compile("^● "))
    # Neutral words, and nothing else: whoever sees the screen learns nothing.
    called = re.compile(r"^(Du bist gleich dran\|)?Du bist dran$")
    expect(second.locator("html")).to_have_attribute("data-called", called)

    desk.keyboard.press("Alt+KeyJ")
    panels = desk.locator("[data-chat=team]")
    expect(panels.nth(0).locator("textarea").first).to_be_focused()
    desk.keyboard.type("Guten Abend.")
    desk.keyboard.press("Control+Enter")
    expect(connected(first).locator(".message--reply")).to_contain_text("Guten Abend.")
    desk.keyboard.press("Alt+KeyJ")
    expect(panels.nth(1).locator("textarea").first).to_be_focused()
    desk.keyboard.press("Alt+KeyK")
    expect(panels.nth(0).locator("textarea").first).to_be_focused()

    # A module by the palette: typed, found, put in.
    desk.keyboard.press("Alt+KeyM")
    palette = desk.locator("[data-chat-palette]")
    expect(palette).to_be_visible()
    title = palette.locator("li strong").first.inner_text()
    desk.keyboard.type(title)
    desk.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    expect(panels.nth(0).locator("textarea").first).to_be_focused()
    assert panels.nth(0).locator("textarea").first.input_value().strip()
    desk.keyboard.press("Control+Enter")

    # Help: by "?" outside of fields, and never inside one.
    desk.keyboard.type("?")
    expect(panels.nth(0).locator("textarea").first).to_have_value("?")
    panels.nth(0).locator("textarea").first.fill("")
    desk.locator("[data-chat-help]").focus()
    desk.keyboard.press("?")
    keys = desk.locator("[data-chat-keys]")
    expect(keys).to_be_visible()
    look(desk, "chat-keys")
    keys.locator("[data-chat-plain-keys]").press("Space")
    desk.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    desk.keyboard.press("?")
    expect(keys).to_be_hidden()  # switched off

    # A word in the other chat: title, mark and tone, and the tone again until somebody looks.
    desk.keyboard.press("Alt+KeyS")
    desk.clock.install()
    before = tones(desk)
    say(waiting, "Sind Sie da?")
    expect(desk).to_have_title(TITLE)
    expect(panels.nth(1).locator("[data-chat-count]")).to_be_visible()
    expect_tone(desk, before)
    look(desk, "chat-desk-two")
    for _time in range(2):
        before = tones(desk)
        desk.clock.run_for(16_000)
        expect_tone(desk, before)
    desk.keyboard.press("Alt+KeyU")
    expect(panels.nth(1).locator("textarea").first).to_be_focused()
    expect(desk).not_to_have_title(TITLE)
    before = tones(desk)
    desk.clock.run_for(16_000)
    assert tones(desk) == before

    # The directory beside the chat: found, put into the box, sent as a card with a link.
    desk.keyboard.press("Alt+KeyO")
    desk.keyboard.type("Baby schreit")
    desk.keyboard.press("Enter")
    pick = panels.nth(1).locator("[data-insert-card]").first
    expect(pick).to_be_visible()
    look(desk, "chat-desk-find")
    pick.press("Enter")
    box = panels.nth(1).locator("textarea").first
    expect(box).to_have_value(re.compile(r"\*\*.+\*\*[\s\S]*/nordhafen/"))
    expect(box).to_be_focused()
    desk.keyboard.press("Control+Enter")
    card = waiting.locator(".message--reply a[href*='/nordhafen/']").last
    expect(card).to_have_attribute("target", "_blank")
    # What is said reaches who listens: an area that speaks each new entry, with a name.
    log = waiting.get_by_role("log")
    expect(log).to_have_attribute("aria-label", re.compile("Gespräch"))
    expect(log).to_contain_text("Sind Sie da?")
    assert log.evaluate("log => getComputedStyle(log).visibility") == "visible"
    assert log.get_attribute("aria-live") in (None, "polite")  # a log is polite by its role
    with second.expect_popup() as opened:
        card.click()
    expect(opened.value.locator("h1")).to_be_visible()


def pass_on(panel: Locator, name: str) -> None:
    """Give a chat to a colleague."""
    more = panel.locator("details.chat__more", has_text="Weitergeben")
    if more.get_attribute("open") is None:
        more.locator("summary").click()
    target = more.locator("select option", has_text=name)
    more.locator("select").select_option(value=target.get_attribute("value"))
    more.locator("textarea").fill(f"{name} macht weiter.")
    more.locator("button[type=submit]").click()


def test_a_chat_that_is_passed_on_comes_to_an_open_desk_and_nothing_written_is_lost(
    visit: OpenVisitor, open_chat: Lotse
) -> None:
    room = enter(visit("phone", base_url=open_chat.url).page(), "Er beißt in der Kita.")
    mehmet = visit("desktop", base_url=open_chat.url).page()
    arrive(mehmet, MEHMET)
    jonna = visit("desktop", base_url=open_chat.url).page()
    network = Network(jonna)
    jonna.add_init_script(NOTED)
    arrive(jonna, JONNA)
    mehmet.locator("#chat-line form button").last.click()
    his = mehmet.locator("[data-chat=team]", has_text="beißt")
    expect(his).to_have_attribute("data-chat-connection", "open")

    # What is not sent holds the chat back once.
    his.locator("[data-chat-form] textarea").fill("Noch nicht")
    pass_on(his, "Jonna")
    expect(his.locator("[data-chat-line]")).to_contain_text("nicht gesendet")
    his.locator("[data-chat-form] textarea").fill("")
    before = tones(jonna)
    pass_on(his, "Jonna")
    hers = jonna.locator("[data-chat=team]", has_text="beißt")
    expect(hers).to_have_attribute("data-chat-connection", "open")
    expect(jonna).to_have_title(TITLE)
    expect_tone(jonna, before)
    look(jonna, "chat-desk-arrived")
    say(hers, "Hallo, ich bin Jonna.")
    expect(room.locator(".message--reply").last).to_contain_text("Hallo, ich bin Jonna.")

    # The page loads anew in the middle: words on their way, a line begun, a summary begun.
    network.off()
    expect(hers).to_have_attribute("data-chat-connection", "lost")
    say(hers, "Gesagt im Funkloch.")
    hers.locator("[data-chat-form] textarea").fill("Und noch")
    hers.locator("summary", has_text="Beenden").click()
    hers.locator("form[action$='/beenden/'] textarea").fill("Drei Dinge.")
    jonna.context.set_offline(False)  # pages come through again, sockets not yet
    jonna.reload()
    expect(hers.locator("[data-chat-form] textarea")).to_have_value("Und noch")
    expect(hers.locator("form[action$='/beenden/'] textarea")).to_have_value("Drei Dinge.")
    network.on()
    expect(room.locator(".message--reply").last).to_contain_text("Gesagt im Funkloch.")
    assert sum("Funkloch" in one for one in texts(room)) == 1
    expect(hers.locator("[data-chat-sending]:not(:empty)")).to_have_count(0)

    hers.locator("[data-chat-form] textarea").fill("")
    hers.locator("button[value=nachricht]").click()
    expect(jonna.locator("#reply-text")).to_have_value("Drei Dinge.")


def test_silence_is_warned_of_and_ends_in_mail_and_everything_is_kept(
    visit: OpenVisitor, open_chat: Lotse
) -> None:
    mother = visit("phone", base_url=open_chat.url).page()
    room = enter(mother, "Ich brauche nur einen Rat.")
    desk = visit("desktop", base_url=open_chat.url).page()
    arrive(desk, JONNA)
    desk.locator("#chat-line form button").last.click()
    panel = connected(desk)
    say(panel, "Erzähl mir gern mehr.")
    expect(room.locator(".message--reply")).to_contain_text("Erzähl mir gern mehr.")
    open_chat.manage("shell", "-c", STILL)
    stay = room.locator("[data-chat-stay]")
    expect(stay).to_be_visible()
    expect(room.locator("[data-chat-title]")).to_contain_text("noch da")
    expect(panel.locator("[data-chat-quiet]")).to_be_visible()
    look(mother, "chat-quiet")
    look(desk, "chat-desk-quiet")
    stay.locator("button").press("Enter")
    expect(stay).to_be_hidden()
    expect(room.locator("[data-chat-title]")).to_contain_text("Jonna")
    expect(panel.locator("[data-chat-quiet]")).to_be_hidden()

    # A colleague comes in, openly, on a phone.
    colleague = visit("phone", base_url=open_chat.url).page()
    arrive(colleague, MEHMET)
    look(colleague, "chat-desk-line")
    colleague.locator("a[href$='/dabei/']").last.click()
    look(colleague, "chat-beside-ask")
    colleague.locator("form[action$='/dazukommen/'] button").click()
    beside = connected(colleague)
    say(beside, "Ich bin Mehmet und höre zu.")
    expect(room.locator(".message--system").last).to_contain_text("Mehmet")
    expect(room.locator(".message--reply").last).to_contain_text("Ich bin Mehmet")
    expect(room.locator("[data-chat-title]")).to_contain_text("Jonna")
    expect(room.locator("[data-chat-title]")).to_contain_text("Mehmet")
    look(colleague, "chat-beside")
    assert texts(room) == texts(panel)

    panel.locator("summary", has_text="Beenden").click()
    look(desk, "chat-desk-end")
    panel.locator("details[open] textarea").fill("Drei Schritte für heute Nacht.")
    panel.locator("button[value=ende]").click()
    expect(mother.locator("[data-chat-form]")).to_have_count(0)
    look(mother, "chat-over")
    mother.goto("/nordhafen/gespraech/")
    mother.locator("#bewerten > summary").click()
    mother.locator("#bewerten input[name=stars][value='5']").check(force=True)
    mother.locator("#bewerten button[type=submit]").click()
    expect(mother.locator("#messages .notice--success")).to_be_visible()
    with mother.expect_download() as started:
        mother.locator("a[href$='/mitnehmen/']").click()
    saved = started.value.path().read_text()
    for words in ("nur einen Rat", "Ich bin Mehmet", "Drei Schritte", "ist dazugekommen"):
        assert words in saved

    # And once more, out of the conversation that was closed.
    mother.locator("a[href$='/chat/beginnen/']").first.click()
    look(mother, "chat-begin")
    mother.locator("#id_text").fill("Heute Nacht war es besser.")
    mother.locator("input[name=danger][value=nein]").check()
    mother.locator("form[data-draft-keep] button[type=submit]").first.press("Enter")
    expect(connected(mother).locator("[data-chat-log]")).to_contain_text("Drei Schritte")
