"""Which of the house's addresses a browser has shown."""

import json
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit

from django.urls import Resolver404, get_resolver
from django.utils import translation
from playwright.sync_api import BrowserContext, Response

from config.demo.urls import urlpatterns as demo_patterns
from tests.architecture.addresses import page_addresses
from tests.servers.prepared import one_at_a_time

# Addresses that show no page, and why.
NO_PAGE = {
    "home": "leads on",
    "desk": "leads on",
    "keep": "POST, leads on; with the notice on the page `thread`",
    "health": "JSON for whoever watches the server",
    "ready": "JSON for whoever watches the server",
    "metrics": "text for Prometheus",
    "supervision-export": "a file to save; see tests/reporting",
    "organisation-colours": "a style sheet",
    "quick-exit": "leads out of the house",
    "download": "a file to save; looked at in test_main_job",
    "attachment": "a file to save; see test_attachments",
    "case-attachment": "a file to save; see test_attachments",
    "entry-leaflet": "a file to save; looked at in test_directory",
    "demo-enter": "POST, leads on",
    "logout": "POST, leads on",
    "login-passkey": "POST, leads on",
    "login-device": "only for who waits on a new device; looked at in test_access",
    "leave": "POST, leads on",
    "write": "POST, leads on; with errors it shows the page `thread`",
    "rate": "POST, leads on; with errors it shows the page `thread`",
    "invitation-revoke": "POST, leads on",
    "case-claim": "POST, leads on",
    "case-release": "POST, leads on",
    "case-hand-over": "POST, leads on",
    "case-urgency": "POST, leads on",
    "case-close": "POST, leads on",
    "case-reopen": "POST, leads on",
    "case-reply": "POST, leads on; with errors it shows the page `case`",
    "case-note": "POST, leads on; with errors it shows the page `case`",
    "case-draft": "POST, 204 or leads on",
    "case-preview": "POST, a part of the page `case`",
    "alarm-board": "a part of every page of the team",
    "alarm-link": "its secret is only in a mail; looked at in test_alarm",
    "alarm-acknowledge": "POST, leads on",
    "delivery-try-again": "POST, leads on",
    "push-device": "POST, 204",
    "push-worker": "a script",
    "referral-box": "a part of the page `case`",
    "referral-letter": "a file to save; looked at in tests/referrals/handoff",
    "help-calendar": "a file to save; looked at in tests/referrals/handoff",
    "partner-fhir": "JSON for programs",
    "fhir-tasks": "JSON for programs",
    "fhir-referral": "JSON for programs",
    "handoff-link": "its secret is only in a mail; looked at in test_handoff",
    "handoff-open": "opens with a link only; looked at in test_handoff",
    "case-stay": "POST, leads on",
    "case-consultation-end": "POST, leads on",
    "case-submit": "POST, leads on; with errors it shows the page `case`",
    "case-decide": "POST, leads on; with errors it shows the page `case`",
    "case-withdraw": "POST, leads on",
    "chat-room": "only while one chats; looked at in test_chat",
    "chat-begin": "only in a conversation while the chat is open; looked at in test_chat_desk",
    "chat-say": "POST, leads on; with errors it shows the page `chat-room`",
    "chat-go": "POST, leads on",
    "chat-poll": "JSON for who has no socket",
    "chat-call": "a part of every page of the team",
    "chat-take": "POST, leads on",
    "chat-write": "POST, leads on; with errors it shows the page `chat-desk`",
    "chat-pass-on": "POST, leads on; with errors it shows the page `chat-desk`",
    "chat-finish": "POST, leads on; with errors it shows the page `chat-desk`",
    "chat-beside": "only while a colleague chats; looked at in test_chat_desk",
    "chat-join": "POST, leads on",
    "chat-team-poll": "JSON for who has no socket",
    "shift-take": "POST, leads on",
    "swap": "POST, leads on",
    "absence-drop": "POST, leads on",
    "pattern-end": "POST, leads on",
    "roster-feed": "a file for calendar programs; see tests/counselling/test_roster_pages.py",
    "directory-capacity": "POST, leads on",
    "directory-entry-confirm": "POST, leads on",
    "directory-undo": "POST, leads on",
    "directory-planning-table": "a file to save",
    "directory-confirm": "its secret is only in a mail; looked at in tests/referrals/test_upkeep.py",
    "hsds-base": "JSON for programs",
    "hsds-locations": "JSON for programs",
    "hsds-locations-one": "JSON for programs",
    "hsds-openapi": "JSON for programs",
    "hsds-organizations": "JSON for programs",
    "hsds-organizations-one": "JSON for programs",
    "hsds-profile": "JSON for programs",
    "hsds-service-at-locations": "JSON for programs",
    "hsds-service-at-locations-one": "JSON for programs",
    "hsds-services": "JSON for programs",
    "hsds-services-one": "JSON for programs",
    "hsds-taxonomies": "JSON for programs",
    "hsds-taxonomies-one": "JSON for programs",
    "hsds-taxonomy-terms": "JSON for programs",
    "hsds-taxonomy-terms-one": "JSON for programs",
}


def all_names() -> set[str]:
    """Return the names of all addresses, those of the demo too."""
    return {address.name for address in page_addresses()} | {
        pattern.name for pattern in demo_patterns if pattern.name
    }


def name_of(url: str) -> str:
    """Return the name of an address, or nothing."""
    path = urlsplit(url).path
    with suppress(Resolver404):
        if path.startswith("/demo/"):  # only there with LOTSE_DEMO, which the tests do not set
            match = get_resolver("config.demo.urls").resolve(path.removeprefix("/demo"))
        else:
            with translation.override("en" if path.startswith("/en/") else "de"):
                match = get_resolver().resolve(path)
        return match.url_name or ""
    return ""


class Visited:
    """The names of the addresses that a browser has opened, and of those that showed a page."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.shown: set[str] = set()

    def watch(self, context: BrowserContext) -> None:
        """Note every page that opens in a browser context from now on."""
        context.on("response", self._note)

    def with_others(self, chapter: str, *, of: Collection[str]) -> set[str] | None:
        """Write down a chapter's names, and return those of all chapters; None as long as one is missing.

        The workers of a test session share what they write.
        """
        with one_at_a_time("visited") as folder:
            (folder / f"visited-{chapter}.json").write_text(json.dumps(sorted(self.names)))
            files = [folder / f"visited-{one}.json" for one in of]
            if not all(file.exists() for file in files):
                return None
            return {name for file in files for name in json.loads(file.read_text())}

    def _note(self, response: Response) -> None:
        request = response.request
        opened = request.is_navigation_request() and request.method == "GET"
        if (
            opened
            and response.status < 400
            and "text/html" in response.headers.get("content-type", "")
        ):
            self.names.add(name_of(response.url))
            if response.ok:  # one that leads on shows nothing
                self.shown.add(name_of(response.url))
