"""A push message in a real browser: our worker says what we sent, and something even when it was garbled."""

import json
import re
from typing import Any

from playwright.sync_api import CDPSession, Page, Worker, expect

from tests.journeys.actors import Colleague
from tests.journeys.conftest import OpenVisitor

# The headless shell has no push service and refuses every notification whatever is granted, so that
# `showNotification` always fails there. It stands still at that one door; all before it is real.
LISTEN = """() => {
  self.shown = [];
  self.registration.showNotification = async (title, options) => {
    self.shown.push({ title, ...options });
  };
}"""
REGISTER = """async () => {
  const form = document.querySelector("form[data-push]");
  await navigator.serviceWorker.register(form.dataset.pushWorker);
  await navigator.serviceWorker.ready;
}"""
SHOWN = """async (count) => {
  while (self.shown.length < count) await new Promise((done) => setTimeout(done, 20));
  return self.shown;
}"""


def push_to(page: Page, session: CDPSession, registrations: list[Any], data: str) -> None:
    """Hand a message to the page's worker as the browser's push service does, opened already."""
    session.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": page.evaluate("location.origin"),
            "registrationId": registrations[-1]["registrationId"],
            "data": data,
        },
    )


def worker_of(page: Page) -> tuple[Worker, CDPSession, list[Any]]:
    """Register our worker as the page does when messages are switched on, and listen to what it shows."""
    session = page.context.new_cdp_session(page)
    registrations: list[Any] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: registrations.extend(told["registrations"]),
    )
    session.send("ServiceWorker.enable")
    with page.context.expect_event("serviceworker") as began:
        page.evaluate(REGISTER)
    began.value.evaluate(LISTEN)
    return began.value, session, registrations


def test_a_push_message_says_what_was_sent_and_a_garbled_one_says_that_something_waits(
    visit: OpenVisitor,
) -> None:
    jonna = Colleague(visit("desktop").page(), "de-du", "")
    jonna.enter()
    page = jonna.page
    page.goto("/team/alarme/meine/")
    expect(page.locator("form[data-push]")).to_be_attached()
    worker, session, registrations = worker_of(page)
    assert re.search(r"/team/meldungen\.js$", worker.url)

    # As outbox/push.py writes it.
    sent = {"title": "Bitte jetzt bei Lotse nachsehen", "body": "Nordhafen", "tag": "a1b2"}
    push_to(page, session, registrations, json.dumps(sent))
    push_to(page, session, registrations, "{kein JSON")
    push_to(page, session, registrations, "")

    told, *others = worker.evaluate(SHOWN, 3)
    assert {name: told[name] for name in sent} == sent
    assert told["requireInteraction"] is True
    # Said all the same, without a word of what it was.
    assert [(one["title"], one["body"], one["tag"]) for one in others] == [
        ("Lotse", "", "lotse")
    ] * 2
    icon = page.request.get(told["icon"])
    assert icon.ok
