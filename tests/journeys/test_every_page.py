"""Every page of the product at both widths: a picture, and nothing for axe in light or dark."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from playwright.sync_api import expect

from tests.journeys import team_pages
from tests.journeys.actors import Colleague, Parent
from tests.journeys.conftest import OpenVisitor
from tests.journeys.tour import Tour
from tests.journeys.visited import NO_PAGE, Visited, all_names
from tests.servers.lotse import Lotse


def parents_chapter(tour: Tour, lotse: Lotse) -> None:
    code = json.loads((lotse.data / "demo-codes.json").read_text())["nordhafen"]
    parents_pages(tour, code)
    tour.go("/demo/", "demo")
    tour.go("/demo/bausteine/", "demo-components")
    tour.go("/team/anmelden/", "login")
    tour.send("login-error")
    # The second step of signing in shows itself only between the two steps.
    Colleague(tour.page, "de", None, "katrin.voss@nordhafen.example.org").sign_in()


def cases_chapter(tour: Tour, _lotse: Lotse) -> None:
    team_pages.cases_pages(tour)
    team_pages.triage_pages(tour)
    team_pages.roster_pages(tour)


def house_chapter(tour: Tour, _lotse: Lotse) -> None:
    team_pages.staff_pages(tour)
    team_pages.security_pages(tour)
    team_pages.settings_pages(tour)
    team_pages.alarm_pages(tour)


def help_chapter(tour: Tour, _lotse: Lotse) -> None:
    team_pages.directory_pages(tour)
    team_pages.handoff_pages(tour)
    team_pages.planner_page(tour)


# Several tests, so that workers share them; whichever ends last knows what none of them has seen.
CHAPTERS: dict[str, Callable[[Tour, Lotse], None]] = {
    "parents": parents_chapter,
    "cases": cases_chapter,
    "house": house_chapter,
    "help": help_chapter,
}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_page_looks_right(
    chapter: str, visit: OpenVisitor, live_lotse: Lotse, figures: list[str]
) -> None:
    visited = Visited()
    visitor = visit("phone", reduced_motion="reduce")
    visited.watch(visitor.context)

    CHAPTERS[chapter](Tour(visitor.page()), live_lotse)

    # That no request went to anybody else is checked of every visitor (conftest.Visitor).
    figures.append(
        f"requests: {visitor.requests} on {len(visited.names)} pages of the {chapter}, all to ourselves"
    )
    wrong = sorted(set(NO_PAGE) & visited.shown)
    assert not wrong, f"NO_PAGE names what does show a page: {wrong}"
    assert set(NO_PAGE) <= all_names(), "NO_PAGE names what is no address any more"
    seen = visited.with_others(chapter, of=CHAPTERS)
    if seen is not None:
        not_seen = all_names() - seen - set(NO_PAGE)
        assert not not_seen, f"nobody has looked at {sorted(not_seen)}"
        figures.append(f"pages: {len(seen)} looked at by the {len(CHAPTERS)} chapters together")


def parents_pages(tour: Tour, code: str) -> None:
    page = tour.page
    tour.go("/nordhafen/", "landing")
    page.locator(".crisis-bar summary").click()
    tour.look("landing-help-open")
    tour.go("/lindental/", "landing-lindental")
    tour.go("/en/nordhafen/", "landing-en")
    tour.go("/nordhafen/hilfe/", "directory")
    tour.go("/nordhafen/hilfe/?q=baby+schreit&ort=Bremerhaven", "directory-results")
    tour.follow(".result__name a", "directory-entry")
    tour.go("/nordhafen/hilfe/?q=xyzzy&alter=alt", "directory-nothing")
    tour.go("/nordhafen/hilfe/eingebettet/?q=schulden", "directory-widget")
    tour.go("/nordhafen/chat/", "chat-door")
    tour.go("/lindental/chat/", "chat-closed")
    tour.go("/nordhafen/frage/", "ask")
    page.locator("details.more > summary").click()
    page.locator("input[name=postcode]").fill("123")
    tour.send("ask-errors", "form[data-draft-keep]")
    parent = Parent(page, "de-du", None)
    parent.ask("Für ein Bild geschrieben.")
    tour.look("code")
    tour.go("/nordhafen/gespraech/", "thread-code-not-noted")
    tour.go("/nordhafen/zurueck/", "return")
    page.locator("#id_code").fill("7KQ4M XW2PA")
    tour.send("return-error", "form[action$='/zurueck/']")
    parent.come_back(code)
    expect(parent.replies.first).to_be_visible()
    page.locator("#bewerten > summary").click()
    tour.look("thread")
    tour.send("thread-errors", "form[action$='/schreiben/']")
    tour.go("/nordhafen/gespraech/loeschen/", "delete")
    page.goto("/nordhafen/gespraech/")
    parent.button("Gespräch auf diesem Gerät beenden").click()
    tour.look("landing-left")


@contextmanager
def broken(lotse: Lotse, table: str) -> Iterator[None]:
    """Take a table away, so that pages which need it break."""
    with closing(sqlite3.connect(lotse.data / "lotse.sqlite3", timeout=20)) as database:
        database.execute("PRAGMA legacy_alter_table=ON")
        database.execute(f"ALTER TABLE {table} RENAME TO gone_for_a_test")
        try:
            yield
        finally:
            database.execute(f"ALTER TABLE gone_for_a_test RENAME TO {table}")


def test_error_pages_say_what_to_do(visit: OpenVisitor, live_lotse: Lotse) -> None:
    visitor = visit("phone", reduced_motion="reduce")
    tour = Tour(visitor.page())
    page = tour.page
    tour.go("/nordhafen/gibt-es-nicht/", "error-404")
    page.goto("/nordhafen/frage/")
    page.context.clear_cookies()
    page.locator("#id_text").fill("Der Text bleibt im Browser.")
    tour.send("error-form-expired", "form[data-draft-keep]")
    page.goto("/nordhafen/frage/")
    page.evaluate("document.querySelector('#id_text').value = 'ä'.repeat(1_100_000)")
    tour.send("error-too-large", "form[data-draft-keep]")
    page.goto("/nordhafen/frage/")
    page.evaluate(
        """() => {
            const field = document.createElement("input");
            field.name = "x";
            const form = document.querySelector("form[data-draft-keep]");
            for (let i = 0; i < 300; i++) form.append(field.cloneNode());
        }"""
    )
    tour.send("error-bad-request", "form[data-draft-keep]")
    with broken(live_lotse, "counselling_topic"):
        answer = page.goto("/nordhafen/frage/")
        assert answer is not None
        assert answer.status == 500
        tour.look("error-500")
    visitor.problems[:] = [p for p in visitor.problems if "status 500" not in p]
    answer = page.goto("/nordhafen/frage/")
    assert answer is not None
    assert answer.ok
